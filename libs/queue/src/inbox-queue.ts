import { connectRedis } from '@relay/state/redis'
import type { JobsOptions } from 'bullmq'
import { openQueue } from './queues.ts'

/** The sending end of the inbox, for producers that push to Redis. */
export interface InboxQueue {
  /** One job `{tenant_id, events}`; kept until the ingest takes it. Rejects within about a second where Redis is away. */
  push(tenantId: string, events: readonly unknown[]): Promise<void>
  close(): Promise<void>
}

const OPTIONS: JobsOptions = { removeOnComplete: true, removeOnFail: false }

/** `onError` hears of lost connections; they come back by themselves. */
export function openInboxQueue(redisUrl: string, onError: (error: Error) => void): InboxQueue {
  const redis = connectRedis({ url: redisUrl, patience: 'fail-fast', onError })
  let queue: ReturnType<typeof openQueue> | undefined
  return {
    async push(tenantId, events) {
      // BullMQ prepares a queue once, and waits without end where Redis is away then.
      if (redis.status !== 'ready') throw new Error('Redis is away')
      if (queue === undefined) {
        queue = openQueue('inbox', redis)
        queue.on('error', onError)
      }
      await queue.add('events', { tenant_id: tenantId, events }, OPTIONS)
    },
    async close() {
      await queue?.close()
      redis.disconnect()
    },
  }
}
