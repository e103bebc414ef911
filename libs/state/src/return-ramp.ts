import type { EpochMs } from '@relay/core/clock'

/** How long the return from a maintenance takes, in ms. */
export const RAMP_MS = 60_000

/** Of the limit, right after the end: a platform that has just come back is not met by all that waited for it. */
const FIRST_SHARE = 0.25

/**
 * The share of a platform's limit that is in force: from a quarter at the end of a maintenance evenly up to 1 after `rampMs`. An end in the future is that of a
 * clock which was set back, and says nothing. Pure.
 */
export function rampShare(endedAt: EpochMs | undefined, now: EpochMs, rampMs: number = RAMP_MS): number {
  if (endedAt === undefined || endedAt > now || now - endedAt >= rampMs) return 1
  return FIRST_SHARE + ((1 - FIRST_SHARE) * (now - endedAt)) / rampMs
}
