import type { EpochMs } from '@relay/core/clock'
import { hasEnd } from '@relay/state/without-end'
import type { ErrorCode } from '@relay/core/errors'
import type { Wait } from '@relay/queue/waits'
import { isFailed, type TracedAttempt } from './attempts.ts'
import type { QueueWait } from './queue-waits.ts'

/** One wait and its cause, as `relay trace --json` shows it. */
export interface TracedWait {
  /** Null where only the cause is still known. */
  readonly from: string | null
  /** Null where only an operator ends it, or where it is no longer known. */
  readonly until: string | null
  /** Whom it held: this delivery alone, or the whole queue of its platform. */
  readonly scope: 'delivery' | 'queue'
  /** A code, or for the queue its reason. */
  readonly code: string
  readonly cause: string
  /** Holds in a row for the same cause. */
  readonly times: number
}

const CAUSES: Partial<Record<ErrorCode, string>> = {
  RATE_LIMITED: 'a rate limit: of its connection, or one that the platform told',
  QUOTA_EXHAUSTED: 'a quota of the platform was used up',
  POOL_EXHAUSTED: 'no HTTP connection to the platform was free',
  PLATFORM_MAINTENANCE: 'the platform was in maintenance, or asked to come back later',
  PLATFORM_MISCONFIGURED: 'our application or URL was refused; an operator has to put it right',
  ACCESS_TOKEN_EXPIRED: 'the access token had run out and could not be refreshed',
  CREDENTIALS_PENDING: 'the platform did not know the new token yet',
  CREDENTIALS_UNREADABLE: 'the vault could not open the credentials',
  DEFERRED_BY_PLATFORM: 'the platform wanted it later',
}

const REASONS: Readonly<Record<string, string>> = {
  breaker: 'the circuit was open',
  maintenance: 'the platform was in maintenance',
  limit: 'the limit of the whole platform was reached',
  configuration: 'our application or URL was refused',
  operator: 'an operator had paused the queue',
}

const instant = (ms: EpochMs): string => new Date(ms).toISOString()

export interface WaitsKnown {
  readonly receivedAt: EpochMs | undefined
  /** When it had its end; absent while it waits. */
  readonly endedAt: EpochMs | undefined
  /** Holds of the delivery itself, with their times. */
  readonly own: readonly Wait[]
  /** Causes of holds whose times are not known any more. */
  readonly heldBy: readonly ErrorCode[]
  readonly attempts: readonly TracedAttempt[]
  /** When the pause after the last failed attempt ends, where it lasts. */
  readonly retryAt: EpochMs | undefined
  /** From dead to queued. */
  readonly replayedAt: EpochMs | undefined
  readonly queue: readonly QueueWait[]
}

/** Every wait of a delivery, oldest first; those without times come last. Pure. */
export function waitsOf(known: WaitsKnown, now: EpochMs): TracedWait[] {
  const own = known.own.map(({ code, from, until, times }): TracedWait => {
    return { from: instant(from), until: instant(until), scope: 'delivery', code, cause: causeOf(code), times }
  })
  const named = new Set(known.own.map(({ code }) => code))
  const vague = [...new Set(known.heldBy)]
    .filter((code) => !named.has(code))
    .map((code): TracedWait => ({ from: null, until: null, scope: 'delivery', code, cause: causeOf(code), times: 1 }))
  const queue = known.receivedAt === undefined ? [] : known.queue.filter((wait) => overlaps(wait, known, now)).map(queueWait)
  return [...own, ...backoffs(known), ...queue].toSorted((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1)).concat(vague)
}

const causeOf = (code: ErrorCode): string => CAUSES[code] ?? code

/** The time between a failed attempt and the next one. */
function backoffs({ attempts, retryAt, replayedAt }: WaitsKnown): TracedWait[] {
  return attempts.flatMap((attempt, index): TracedWait[] => {
    if (!isFailed(attempt)) return []
    const next = attempts[index + 1]?.at ?? (retryAt === undefined ? undefined : instant(retryAt))
    if (next === undefined) return []
    // It was dead in between.
    if (replayedAt !== undefined && attempt.at < instant(replayedAt) && next > instant(replayedAt)) return []
    const from = instant(Date.parse(attempt.at) + (attempt.duration_ms ?? 0))
    return [{ from, until: next, scope: 'delivery', code: attempt.code ?? 'INTERNAL', cause: 'the pause after a failed attempt', times: 1 }]
  })
}

const overlaps = ({ from, until }: QueueWait, { receivedAt, endedAt }: WaitsKnown, now: EpochMs): boolean =>
  // What began at an unknown time is in force.
  (Number.isNaN(from) || from < (endedAt ?? now)) && until > receivedAt! && (endedAt === undefined || !Number.isNaN(from))

const queueWait = ({ reason, from, until, message }: QueueWait): TracedWait => ({
  from: Number.isNaN(from) ? null : instant(from),
  until: hasEnd(until) ? instant(until) : null,
  scope: 'queue',
  code: reason,
  cause: `${REASONS[reason] ?? reason}: ${message}`,
  times: 1,
})
