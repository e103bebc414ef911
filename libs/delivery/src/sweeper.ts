import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Logger } from '@relay/observe/logger'
import { purgeLetters, selectLetters } from '@relay/queue/dead-letters'
import { keys } from '@relay/state/keys'
import type { Redis } from 'ioredis'

/*
 * Keeps the dead letters within their bounds: past their age, and past their number the oldest first. What it removes is counted in the books; it warns
 * before the number bites. Safe to run in every worker at once, since a letter is removed once.
 */

export interface SweepOptions {
  readonly retentionMs: number
  readonly maxLetters: number
}

const CHUNK = 500
const WARN_AT = 0.8

/** One pass; how many letters it removed. */
export async function sweepLetters(
  redis: Redis,
  platform: PlatformId,
  options: SweepOptions,
  now: EpochMs,
  logger: Logger,
): Promise<number> {
  const index = keys.letters(platform, 'dead')
  let removed = 0
  for (;;) {
    const old = await selectLetters(redis, platform, { until: now - options.retentionMs }, CHUNK)
    if (old.length === 0) break
    removed += await purgeLetters(redis, platform, old)
  }
  let count = await redis.zcard(index)
  if (count > options.maxLetters * WARN_AT) {
    logger.warn(
      { platform, dead_letters: count, limit: options.maxLetters },
      'dead letters near their limit: the oldest will be removed. Replay or purge them',
    )
  }
  while (count > options.maxLetters) {
    const oldest = await redis.zrange(index, 0, String(Math.min(CHUNK, count - options.maxLetters) - 1))
    if (oldest.length === 0) break
    removed += await purgeLetters(redis, platform, oldest)
    count = await redis.zcard(index)
  }
  if (removed > 0) logger.warn({ platform, removed }, 'dead letters removed by age or number')
  return removed
}
