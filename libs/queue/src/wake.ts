import type { PlatformId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import type { Redis } from 'ioredis'

/** Wakes one worker of the queue that waits for work, as BullMQ itself does when it adds a job: by its marker. */
export async function wakeWorker(redis: Redis, platform: PlatformId): Promise<void> {
  await redis.zadd(keys.queuePart(platform, 'marker'), 0, '0')
}
