import type { DeliveryId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/** A mark outlives every way in which its delivery could come up again, in ms. */
const MARK_MS = 48 * 3_600_000

/** For deliveries that the platform has taken but whose jobs could not be settled: they must not be sent again. 48 h. */
export async function markDelivered(redis: Redis, platform: PlatformId, deliveries: readonly DeliveryId[]): Promise<void> {
  const pipeline = redis.pipeline()
  for (const delivery of deliveries) pipeline.set(keys.deliveredMark(platform, delivery), '1', 'PX', MARK_MS)
  await pipeline.exec()
}

/** Which of these are marked; asked only for deliveries that may have been sent before. */
export async function markedDelivered(redis: Redis, platform: PlatformId, deliveries: readonly DeliveryId[]): Promise<Set<DeliveryId>> {
  if (deliveries.length === 0) return new Set()
  const marks = await redis.mget(deliveries.map((delivery) => keys.deliveredMark(platform, delivery)))
  return new Set(deliveries.filter((_, index) => marks[index] !== null))
}
