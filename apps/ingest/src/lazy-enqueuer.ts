import { PLATFORM_IDS } from '@relay/core/ids'
import { createEnqueuer, type Enqueuer, type EnqueuerOptions } from '@relay/queue/enqueue'
import { openQueue, type Queues } from '@relay/queue/queues'
import type { Redis } from 'ioredis'

/**
 * An enqueuer whose queues are opened when Redis is there for the first time. BullMQ prepares a queue once: begun while Redis is away it waits without
 * end, and a failure would stick; here the next request begins anew. Rejects at once while Redis is away.
 */
export function createLazyEnqueuer(redis: Redis, options: EnqueuerOptions): Enqueuer {
  let opening: Promise<Enqueuer> | undefined

  async function open(): Promise<Enqueuer> {
    const queues = Object.fromEntries(PLATFORM_IDS.map((platform) => [platform, openQueue(platform, redis)])) as Record<
      keyof Queues,
      Queues[keyof Queues]
    >
    // The connection tells of its own faults; without a listener each queue would repeat them on standard error.
    for (const queue of Object.values(queues)) queue.on('error', () => {})
    await Promise.all(Object.values(queues).map((queue) => queue.waitUntilReady()))
    return createEnqueuer(redis, queues, options)
  }

  return {
    async enqueue(platform, admissions) {
      if (redis.status !== 'ready') throw new Error('Redis is away')
      opening ??= open().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return (await opening).enqueue(platform, admissions)
    },
  }
}
