import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import {
  circuitOpenBody,
  maintenanceBody,
  misconfiguredBody,
  pausedBody,
  type PlatformBody,
  rateLimitedBody,
} from '@relay/core/platform-bodies'
import { type Books, readBooks } from '@relay/state/books'
import { type BreakerView, readBreaker } from '@relay/state/circuit-breaker'
import { readLearnedRates } from '@relay/state/learned-rates'
import { readLimits, shareOf } from '@relay/state/limits'
import { activePauses, type Pause } from '@relay/state/pause-reasons'
import { hasEnd } from '@relay/state/without-end'
import type { Redis } from 'ioredis'

/** How a platform is, as far as it matters to those whose events wait for it. */
export interface PlatformCondition {
  readonly breaker: BreakerView
  readonly pauses: readonly Pause[]
  readonly books: Books
  /** In force: set or configured, its share after a maintenance, and below it what was learned. */
  readonly eventsPerMinute: number
}

/** A handful of small reads. `configured`: events a minute where no operator has set a limit. */
export async function readCondition(redis: Redis, platform: PlatformId, configured: number): Promise<PlatformCondition> {
  const [breaker, pauses, books, limits] = await Promise.all([
    readBreaker(redis, platform),
    activePauses(redis, platform),
    readBooks(redis, platform),
    readLimits(redis, platform),
  ])
  const limit = shareOf(limits.platform ?? configured, limits.share)
  const learned = await readLearnedRates(redis, platform, limit)
  return { breaker, pauses, books, eventsPerMinute: learned.get('platform') ?? limit }
}

/** A wait for a limit that is shorter than this is nothing to tell, in ms. */
export const WORTH_TELLING_MS = 10_000

/**
 * What is to be told of a platform: nothing where all is well. The reasons for which its queue waits come first. Where there is none, it is a limit that makes
 * events wait as soon as what is queued takes 10 s or more at the rate in force; `retry_after_seconds` then is how long that takes. What single connections
 * wait for (held deliveries) is not counted: it says nothing about the others. Pure.
 */
export function bodiesOf(platform: PlatformId, condition: PlatformCondition, eventsQueued: number, now: EpochMs): PlatformBody[] {
  const { breaker, pauses } = condition
  const bodies = pauses.map((pause) => pauseBody(platform, pause, eventsQueued, now))
  if (breaker.holdsUntil !== undefined) bodies.unshift(circuitOpenBody(platform, breaker))
  if (bodies.length > 0) return bodies
  const waitMs = drainMs(condition)
  return waitMs >= WORTH_TELLING_MS ? [rateLimitedBody(platform, waitMs, eventsQueued)] : []
}

/** How long what is queued now takes at the rate in force, in ms. Pure. */
export const drainMs = ({ books: { waiting, active }, eventsPerMinute }: PlatformCondition): number =>
  ((waiting + active) / eventsPerMinute) * 60_000

function pauseBody(platform: PlatformId, { reason, until }: Pause, eventsQueued: number, now: EpochMs): PlatformBody {
  switch (reason) {
    case 'maintenance':
      return maintenanceBody(platform, until, eventsQueued)
    case 'operator':
      return pausedBody(platform, hasEnd(until) ? until : undefined, eventsQueued)
    case 'configuration':
      return misconfiguredBody(platform, eventsQueued)
    case 'limit':
      return rateLimitedBody(platform, until - now, eventsQueued)
  }
}
