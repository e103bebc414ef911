import { bucketOf, quantumOf } from '@relay/state/rate-limit'

/** What the limit lets out in this time is fetched ahead at most, in ms. */
const AHEAD_MS = 2_000

/**
 * How many jobs a pool may hold at once: what is in flight, what the limit lets out in 2 s, and one grant; never more than the memory setting allows.
 * Pure.
 */
export function jobsAtOnce(eventsPerMinute: number, inFlight: number, mostJobs: number): number {
  const bucket = bucketOf(eventsPerMinute)
  const ahead = Math.ceil(AHEAD_MS / bucket.intervalMs) + quantumOf(bucket)
  return Math.max(1, Math.min(mostJobs, ahead + inFlight))
}
