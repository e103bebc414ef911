import type { EpochMs } from '@relay/core/clock'
import { type ErrorCode, POLICY } from '@relay/core/errors'
import type { DeliveryRecord } from '@relay/observe/delivery-log'
import { PLATFORMS } from '@relay/platforms/registry'
import type { LocatedLetter } from '@relay/queue/locate'
import type { Wait } from '@relay/queue/waits'
import type { FoundRow } from '@relay/state/trace-entry'
import { attemptsOf, isFailed, type TracedAttempt } from './attempts.ts'
import type { Candidate } from './candidates.ts'
import type { Found } from './find-deliveries.ts'
import { type DeliveryState, type NextStep, nextStep } from './next-step.ts'
import type { QueueWaits } from './queue-waits.ts'
import { type TracedWait, waitsOf } from './waits.ts'

/** Everything that is known of one delivery: one object of `relay trace --json`. */
export interface Story {
  readonly delivery_id: string
  readonly event_id: string
  readonly event_name: string
  readonly test_event_code: string | null
  readonly tenant_id: string
  readonly connection_id: string
  /** Null for a connection that was removed. */
  readonly connection_name: string | null
  readonly platform: string
  readonly state: DeliveryState
  readonly received_at: string | null
  readonly batch_id: string | null
  readonly deadline_at: string | null
  /** By the connection's settings of now; `name` is null, with the code, where the platform has none for it. */
  readonly mapped_to: { readonly name: string | null; readonly unmapped: boolean; readonly code: string | null } | null
  /** When the same event came again, and what it was a duplicate of. */
  readonly repeats: readonly { readonly at: string; readonly batch_id: string | null; readonly duplicate_of: string }[]
  readonly attempts: readonly TracedAttempt[]
  readonly waits: readonly TracedWait[]
  /** What the platform said afterwards, where it judges later. */
  readonly verdicts: readonly {
    readonly at: string
    readonly outcome: string
    readonly code: string | null
    readonly message: string | null
  }[]
  /** Why it was not sent, or given up; null while it waits and when it has arrived. */
  readonly end: {
    readonly at: string | null
    readonly code: string
    readonly message: string | null
    readonly exhausted: boolean
    readonly ambiguous: boolean
  } | null
  readonly replays: number
  readonly replayed_at: string | null
  readonly delivered_at: string | null
  /** Of a waiting one: jobs of the platform that are served before it. */
  readonly ahead: number | null
  /** Of a held one: when it comes back into line. */
  readonly due_at: string | null
  readonly next: NextStep
}

export interface Known extends Found {
  readonly queue: QueueWaits
  readonly verdictAt: EpochMs | undefined
}

const instant = (ms: EpochMs | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())

/** Pure: from all that was found to what an operator is told. */
export function tellStory(eventId: string, known: Known, now: EpochMs): Story {
  const { candidate, located, rows, records, queue } = known
  const { platform, connection } = candidate
  const { job, letter, delivery } = located ?? {}
  const attempts = attemptsOf(located?.attempts ?? [], rows, records)
  const end = endOf(known)
  const deliveredAt = end.state === 'delivered' ? (letter?.deliveredAt ?? arrivalOf(attempts) ?? end.at) : undefined
  const deadlineAt = delivery?.deadlineAt
  return {
    ...namesOf(eventId, candidate),
    state: end.state,
    received_at: instant(receivedOf(known)),
    batch_id: batchOf(known),
    deadline_at: instant(deadlineAt),
    mapped_to: mapping(candidate),
    repeats: repeatsOf(candidate, rows),
    attempts,
    waits: allWaits(known, attempts, deliveredAt ?? end.at, now),
    verdicts: verdictsOf(rows),
    end: endJson(end, letter),
    replays: letter?.replay_count ?? 0,
    replayed_at: instant(letter?.replayedAt),
    delivered_at: instant(deliveredAt),
    ahead: job?.ahead ?? null,
    due_at: instant(job?.dueAt),
    next: nextStep(
      { platform, connection, state: end.state, job, letter, deadlineAt, holds: queue.inForce, verdictAt: known.verdictAt },
      now,
    ),
  }
}

const namesOf = (eventId: string, { id, eventName, testEventCode, tenantId, connectionId, connection, platform }: Candidate) => ({
  delivery_id: id,
  event_id: eventId,
  event_name: eventName,
  test_event_code: testEventCode ?? null,
  tenant_id: tenantId,
  connection_id: connectionId,
  connection_name: connection?.name ?? null,
  platform,
})

function allWaits(known: Known, attempts: readonly TracedAttempt[], endedAt: EpochMs | undefined, now: EpochMs): TracedWait[] {
  const { located, rows, queue } = known
  const last = attempts.at(-1)
  return waitsOf(
    {
      receivedAt: receivedOf(known),
      endedAt,
      own: ownWaits(known),
      heldBy: rows.flatMap(({ heldBy = [] }) => heldBy),
      attempts,
      // A hold after a failed attempt is told as the pause that follows it.
      retryAt: last !== undefined && isFailed(last) ? located?.job?.dueAt : undefined,
      replayedAt: located?.letter?.replayedAt,
      // What ended at acceptance was in no queue.
      queue: doorRow(known) !== undefined && (located?.letter?.replay_count ?? 0) === 0 ? [] : queue.all,
    },
    now,
  )
}

function endJson({ code, at, message }: End, letter: LocatedLetter | undefined): Story['end'] {
  if (code === undefined) return null
  const { exhausted = false, ambiguous = false } = letter ?? {}
  return { at: instant(at), code, message: message ?? null, exhausted, ambiguous }
}

const batchOf = (known: Known): string | null =>
  known.located?.delivery?.batchId ??
  doorRow(known)?.entry.batchId ??
  known.records.find(({ batch_id }) => batch_id !== null)?.batch_id ??
  null

interface End {
  readonly state: DeliveryState
  readonly at?: EpochMs
  readonly code?: string
  readonly message?: string
}

/** Where it is: its job, else its letter, else the last thing that is known of it. */
function endOf({ located, rows, records }: Known): End {
  const { job, letter } = located ?? {}
  if (job !== undefined) return { state: job.state }
  if (letter?.state === 'dead') return { state: 'dead', at: Date.parse(letter.died_at), code: letter.code, message: letter.message }
  if (letter?.state === 'delivered') return { state: 'delivered' }
  // Between the letter's turn and its job's there is no instant, but between our two looks.
  if (letter?.state === 'queued') return { state: 'waiting' }
  return lastOf(rows, records)
}

const ENDS: Readonly<Record<string, DeliveryState>> = { delivered: 'delivered', skip: 'skipped', reject: 'dead', dead: 'dead' }

function lastOf(rows: readonly FoundRow[], records: readonly DeliveryRecord[]): End {
  const told = [
    ...rows.map(({ fate, entry }) => ({ at: entry.at, as: fate.outcome as string, code: fate.code, message: fate.message })),
    ...records.map(({ at, outcome, code }) => ({ at: Date.parse(at), as: outcome as string, code: code ?? undefined, message: undefined })),
  ]
  const ends = told.filter(({ as }) => ENDS[as] !== undefined).toSorted((a, b) => a.at - b.at)
  const last = ends.at(-1)
  if (last === undefined) return { state: 'ended' }
  const state = ENDS[last.as]!
  if (state === 'delivered' || last.code === undefined) return { state, at: last.at }
  const message = last.message ?? ends.find(({ code, message }) => code === last.code && message !== undefined)?.message
  return { state, at: last.at, code: last.code, ...(message === undefined ? {} : { message }) }
}

/** At the door, where it was new there. */
const doorRow = ({ rows }: Pick<Known, 'rows'>): FoundRow | undefined =>
  rows.find(({ entry, fate }) => entry.kind === 'door' && fate.outcome !== 'duplicate')

function receivedOf({ located, rows, records }: Known): EpochMs | undefined {
  const fromRows = rows.filter(({ fate }) => fate.outcome !== 'duplicate').map(({ receivedAt }) => receivedAt)
  const fromRecords = records.map(({ received_at }) => Date.parse(received_at))
  return located?.delivery?.receivedAt ?? fromRows[0] ?? fromRecords[0]
}

const arrivalOf = (attempts: readonly TracedAttempt[]): EpochMs | undefined => {
  const taken = attempts.findLast(({ outcome }) => outcome === 'delivered')
  return taken === undefined ? undefined : Date.parse(taken.at) + (taken.duration_ms ?? 0)
}

function ownWaits({ located, records }: Known): readonly Wait[] {
  if (located?.job !== undefined && located.job.waits.length > 0) return located.job.waits
  if (located?.letter !== undefined && located.letter.waits.length > 0) return located.letter.waits
  const last = records.findLast(({ waits }) => waits.length > 0)
  return (last?.waits ?? []).flatMap(([code, from, until, times]) =>
    Object.hasOwn(POLICY, code) ? [{ code: code as ErrorCode, from, until, times }] : [],
  )
}

function mapping({ platform, connection, eventName }: Candidate): Story['mapped_to'] {
  if (connection === undefined) return null
  const mapped = PLATFORMS[platform].mapEvent(eventName, connection.settings)
  if (mapped.kind === 'name') return { name: mapped.name, unmapped: mapped.unmapped, code: null }
  return { name: null, unmapped: true, code: mapped.refusal.error.code }
}

const repeatsOf = ({ id }: Candidate, rows: readonly FoundRow[]): Story['repeats'] =>
  rows
    .filter(({ fate }) => fate.outcome === 'duplicate')
    .map(({ entry }) => ({ at: new Date(entry.at).toISOString(), batch_id: entry.batchId ?? null, duplicate_of: id }))

const verdictsOf = (rows: readonly FoundRow[]): Story['verdicts'] =>
  rows
    .filter(({ entry }) => entry.kind === 'verdict')
    .map(({ entry, fate }) => ({
      at: new Date(entry.at).toISOString(),
      outcome: fate.outcome,
      code: fate.code ?? null,
      message: fate.message ?? null,
    }))
