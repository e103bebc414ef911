import { mapPlatforms } from '@relay/core/ids'
import type { Delivery } from '@relay/core/delivery'
import { type Admission, createEnqueuer } from '@relay/queue/enqueue'
import { openQueue } from '@relay/queue/queues'
import type { Redis } from 'ioredis'

const DAY_MS = 86_400_000

/** Through the door of the queue, as accept does it with what it has judged. All of one platform. */
export async function admit(redis: Redis, admissions: readonly Admission[]): Promise<void> {
  const [first] = admissions
  if (first === undefined) return
  const { platform } = first.delivery
  const queue = openQueue(platform, redis)
  try {
    const enqueuer = createEnqueuer(
      redis,
      mapPlatforms(() => queue),
      { clock: Date.now, letterRetentionMs: DAY_MS },
    )
    await enqueuer.enqueue(platform, admissions)
  } finally {
    await queue.close()
  }
}

/** Deliveries of one platform that are to be sent. */
export const admitToQueue = (redis: Redis, deliveries: readonly Delivery[]): Promise<void> =>
  admit(
    redis,
    deliveries.map((delivery) => ({ kind: 'queue', delivery })),
  )
