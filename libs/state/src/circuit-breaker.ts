import { randomUUID } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { type Admission, admit, type BreakerState, CLOSED, forceClosed, forceOpen, record, reset, type Verdict } from './breaker-rule.ts'
import { keys } from './keys.ts'
import { changeVersioned, readVersioned } from './versioned.ts'
import { hasEnd, WITHOUT_END } from './without-end.ts'

const DAY_MS = 86_400_000

/** The breaker of a platform, shared by all workers: the rule is breaker-rule.ts, this is its place in Redis. Kept a day after its last change, and as long as it is open. */
const options = {
  initial: CLOSED,
  ttlMs: (breaker: BreakerState, now: EpochMs) => (breaker.state === 'open' ? Math.max(0, breaker.until - now) + DAY_MS : DAY_MS),
}

export interface BreakerView {
  readonly state: BreakerState['state']
  /** When an open breaker will probe; absent where it stays open until an operator closes it. */
  readonly recoveryAt?: EpochMs
  readonly failureCount: number
  /** While it is open or half-open. */
  readonly openedAt?: EpochMs
  /** While it is open. */
  readonly openedBy?: 'platform' | 'operator'
  /** Until when nothing is sent; absent while probes may go. WITHOUT_END where only an operator ends it. */
  readonly holdsUntil?: EpochMs
  readonly probesOut: number
  readonly probeSuccesses: number
}

function viewOf(breaker: BreakerState, now: EpochMs): BreakerView {
  const { state, failures: failureCount } = breaker
  switch (breaker.state) {
    case 'closed':
      return { state, failureCount, probesOut: 0, probeSuccesses: 0 }
    case 'open':
      return {
        state,
        failureCount,
        openedAt: breaker.openedAt,
        openedBy: breaker.openedBy ?? 'platform',
        ...(hasEnd(breaker.until) ? { recoveryAt: breaker.until } : {}),
        ...(breaker.until > now ? { holdsUntil: breaker.until } : {}),
        probesOut: 0,
        probeSuccesses: 0,
      }
    case 'half-open': {
      const probesOut = breaker.probes.filter(({ until }) => until > now).length
      return { state, failureCount, openedAt: breaker.openedAt, probesOut, probeSuccesses: breaker.successes }
    }
  }
}

export async function readBreaker(redis: Redis, platform: PlatformId): Promise<BreakerView> {
  const { state, now } = await readVersioned(redis, keys.breaker(platform), options.initial)
  return viewOf(state, now)
}

/** May a request leave now, as a probe or freely? */
export async function askBreaker(redis: Redis, platform: PlatformId): Promise<Admission> {
  const probeId = randomUUID()
  const { result } = await changeVersioned(redis, keys.breaker(platform), options, (state, now) => admit(state, now, probeId))
  return result
}

export interface BreakerChange {
  readonly before: BreakerView
  readonly after: BreakerView
  /** This very report made the change, so this process tells of it. */
  readonly changed: boolean
}

export const tellBreaker = (
  redis: Redis,
  platform: PlatformId,
  verdict: Verdict,
  probeId: string | undefined,
  openMs: number,
): Promise<BreakerChange> => change(redis, platform, (state, now) => record(state, now, verdict, probeId, openMs))

/** An operator opens it for so long, and it probes afterwards; without a time until it is closed. */
export const openBreaker = (redis: Redis, platform: PlatformId, forMs: number | undefined): Promise<BreakerChange> =>
  change(redis, platform, (state, now) => forceOpen(state, now, forMs === undefined ? WITHOUT_END : now + forMs))

/** An operator closes it, without probes. */
export const closeBreaker = (redis: Redis, platform: PlatformId): Promise<BreakerChange> => change(redis, platform, forceClosed)

/** An operator closes it and sets its count of failures back. */
export const resetBreaker = (redis: Redis, platform: PlatformId): Promise<BreakerChange> => change(redis, platform, reset)

async function change(
  redis: Redis,
  platform: PlatformId,
  decide: (breaker: BreakerState, now: EpochMs) => BreakerState,
): Promise<BreakerChange> {
  const { before, after, result } = await changeVersioned(redis, keys.breaker(platform), options, (state, now) => ({
    state: decide(state, now),
    result: now,
  }))
  return { before: viewOf(before, result), after: viewOf(after, result), changed: before.state !== after.state }
}
