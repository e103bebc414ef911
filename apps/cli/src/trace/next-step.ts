import type { EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import type { LocatedJob, LocatedLetter } from '@relay/queue/locate'
import type { Hold } from '@relay/state/holds'
import { hasEnd } from '@relay/state/without-end'

export type DeliveryState = 'waiting' | 'held' | 'active' | 'dead' | 'delivered' | 'skipped' | 'ended'

/** What happens next, and what an operator may do about it. */
export interface NextStep {
  readonly what: string
  /** When, as far as that is known. */
  readonly at: string | null
  /** The command that moves it on, where one does. */
  readonly command: string | null
}

export interface NextKnown {
  readonly state: DeliveryState
  readonly platform: PlatformId
  readonly job: LocatedJob | undefined
  readonly letter: LocatedLetter | undefined
  readonly connection: Connection | undefined
  readonly deadlineAt: EpochMs | undefined
  /** Why the platform's queue waits now, the one that ends last first. */
  readonly holds: readonly Hold[]
  /** When the platform is asked for its later verdict. */
  readonly verdictAt: EpochMs | undefined
}

const step = (what: string, at?: EpochMs, command?: string): NextStep => ({
  what,
  at: at === undefined || !hasEnd(at) ? null : new Date(at).toISOString(),
  command: command ?? null,
})

/** Pure. */
export function nextStep(known: NextKnown, now: EpochMs): NextStep {
  switch (known.state) {
    case 'waiting':
      return afterQueue(known, 'It is sent when its turn comes')
    case 'held':
      return afterHold(known)
    case 'active':
      return step('A worker has it: in a request, or in line for one')
    case 'dead':
      return afterDeath(known, now)
    case 'delivered':
      return known.verdictAt === undefined
        ? step('Nothing: it has arrived')
        : step('The platform has taken it and judges it later; it is asked for its verdict', known.verdictAt)
    case 'skipped':
      return step('Nothing: by rule or consent it is not sent')
    case 'ended':
      return step('Nothing: it has ended, and what became of it is known no longer')
  }
}

/** A closed queue comes before everything else; a connection that is not active parks what is fetched. */
function afterQueue({ holds, platform, connection }: NextKnown, otherwise: string, at?: EpochMs): NextStep {
  const [longest] = holds
  if (longest !== undefined) {
    return step(
      `The queue of ${platform} waits (${longest.reason}: ${longest.message}); then it is sent in its turn`,
      longest.until,
      endsHold(longest, platform),
    )
  }
  if (connection === undefined) return step('Its connection is gone: it becomes a dead letter CONNECTION_DISABLED', at)
  if (connection.status.state !== 'active') return step(`Its connection is ${statusOf(connection)}: it is parked as a dead letter`, at)
  return step(otherwise, at)
}

/** Ends by itself where it has an end. */
function endsHold({ reason, until }: Hold, platform: PlatformId): string | undefined {
  if (reason === 'operator') return `relay queues resume ${platform}`
  if (hasEnd(until)) return undefined
  return reason === 'breaker' ? `relay breakers close ${platform}` : undefined
}

function afterHold(known: NextKnown): NextStep {
  const { job, deadlineAt } = known
  const dueAt = job?.dueAt
  if (dueAt !== undefined && deadlineAt !== undefined && dueAt >= deadlineAt) {
    return step('Its deadline comes before the end of its hold: it becomes a dead letter EVENT_TOO_OLD', dueAt)
  }
  return afterQueue(known, 'It goes back into line and is sent in its turn', dueAt)
}

function afterDeath({ letter, connection, deadlineAt }: NextKnown, now: EpochMs): NextStep {
  if (letter === undefined) return step('Nothing: its letter was purged or is past its retention')
  if (deadlineAt !== undefined && deadlineAt <= now) return step('Nothing: its deadline is over, and it is never sent again')
  if (connection === undefined) return step('Nothing by itself: its connection is gone')
  const status = connection.status.state
  if (status === 'error') {
    const command = `relay connections update ${connection.id} --replay`
    return step('It waits until its connection has new credentials', undefined, command)
  }
  if (status === 'disabled')
    return step('It is replayed by itself when its connection is enabled', undefined, `relay connections enable ${connection.id}`)
  const command = `relay dlq replay ${letter.id}${letter.ambiguous ? ' --include-ambiguous' : ''}${letter.replay_count >= 2 ? ' --again' : ''}`
  return letter.ambiguous
    ? step('Nothing by itself: the platform may have it already, so a person has to decide', undefined, command)
    : step('Nothing by itself: a replay sends it again', undefined, command)
}

const statusOf = ({ status }: Connection): string => (status.state === 'error' ? `in error (${status.code})` : status.state)
