import type { PlatformId } from '@relay/core/ids'
import { readHolds } from '@relay/state/holds'
import { keys } from '@relay/state/keys'
import type { Redis } from 'ioredis'
import { wakeWorker } from './wake.ts'

/** A brake lasts at most so long and is then set anew by who looks, in ms: what a process that died in the middle left behind stops the fleet no longer. */
const LONGEST_MS = 600_000

/**
 * Makes the fetching of the whole fleet follow the reasons to wait, after any of them came or went: BullMQ's limiter key is gone where none is left, else it
 * lasts as long as the longest. So the end of one reason never undoes another. Whoever changes a reason calls it afterwards; it looks again after it has
 * written, so that of two that meet the one which saw the newer set has the last word. Leaves the key behind for ten minutes at most.
 */
export async function alignBrake(redis: Redis, platform: PlatformId): Promise<'runs' | 'waits'> {
  const limiter = keys.queuePart(platform, 'limiter')
  let until = await longestHold(redis, platform)
  for (;;) {
    if (until === undefined) await redis.del(limiter)
    else if (until - Date.now() > LONGEST_MS) await redis.set(limiter, Number.MAX_SAFE_INTEGER, 'PX', LONGEST_MS)
    else await redis.set(limiter, Number.MAX_SAFE_INTEGER, 'PXAT', Math.ceil(until))
    const now = await longestHold(redis, platform)
    if (now === until) break
    until = now
  }
  await wakeWorker(redis, platform)
  return until === undefined ? 'runs' : 'waits'
}

const longestHold = async (redis: Redis, platform: PlatformId): Promise<number | undefined> => (await readHolds(redis, platform))[0]?.until
