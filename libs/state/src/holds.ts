import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { readBreaker } from './circuit-breaker.ts'
import { activePauses, type PauseReason } from './pause-reasons.ts'

/** One reason why a platform's queue waits. */
export interface Hold {
  readonly reason: PauseReason | 'breaker'
  /** WITHOUT_END where only an operator ends it. */
  readonly until: EpochMs
  /** Fit to be shown. */
  readonly message: string
}

/** The whole set: the pauses in force and the breaker while it is open; the one that ends last first. The queue runs when it is empty. */
export async function readHolds(redis: Redis, platform: PlatformId): Promise<Hold[]> {
  const [pauses, breaker] = await Promise.all([activePauses(redis, platform), readBreaker(redis, platform)])
  const holds: Hold[] = [...pauses]
  if (breaker.holdsUntil !== undefined) {
    const message = breaker.openedBy === 'operator' ? 'The circuit was opened by an operator' : `${breaker.failureCount} failures in a row`
    holds.push({ reason: 'breaker', until: breaker.holdsUntil, message })
  }
  return holds.toSorted((a, b) => b.until - a.until)
}
