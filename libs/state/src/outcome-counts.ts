import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/*
 * How deliveries of a platform ended lately, over all workers, in a bucket a minute: for the success rate. A bucket lives 30 min. Written together with what
 * else is noted of deliveries that ended; a lost call loses a few counts, which no book needs.
 */

export interface OutcomeCounts {
  readonly delivered: number
  readonly dead: number
}

const MINUTE_MS = 60_000
const KEPT_MS = 30 * MINUTE_MS
const WINDOW_MINUTES = 15

const minuteOf = (at: EpochMs): number => Math.floor(at / MINUTE_MS)

export async function noteOutcomes(redis: Redis, platform: PlatformId, { delivered, dead }: OutcomeCounts, now: EpochMs): Promise<void> {
  if (delivered + dead === 0) return
  const key = keys.outcomes(platform, minuteOf(now))
  const multi = redis.multi()
  if (delivered > 0) multi.hincrby(key, 'delivered', delivered)
  if (dead > 0) multi.hincrby(key, 'dead', dead)
  await multi.pexpire(key, KEPT_MS).exec()
}

/** Of this minute and the 14 before it. */
export async function readOutcomes(redis: Redis, platform: PlatformId, now: EpochMs): Promise<OutcomeCounts> {
  const pipeline = redis.pipeline()
  for (let back = 0; back < WINDOW_MINUTES; back++) pipeline.hmget(keys.outcomes(platform, minuteOf(now) - back), 'delivered', 'dead')
  let [delivered, dead] = [0, 0]
  for (const [error, row] of (await pipeline.exec()) ?? []) {
    if (error !== null) throw error
    const [ofMinute, deadOfMinute] = row as readonly (string | null)[]
    delivered += Number(ofMinute ?? 0)
    dead += Number(deadOfMinute ?? 0)
  }
  return { delivered, dead }
}

/** Delivered over delivered and dead-lettered, 0 to 1; null where nothing ended. Pure. */
export const successRate = ({ delivered, dead }: OutcomeCounts): number | null =>
  delivered + dead === 0 ? null : Math.round((delivered / (delivered + dead)) * 10_000) / 10_000
