import { randomUUID } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { DeliveryId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/** A request on its way to a platform: written before it leaves, gone when its rows have their results. What is left of a dead process names its suspects. */
export interface Flight {
  readonly id: string
  readonly processId: string
  readonly sentAt: EpochMs
  readonly deliveries: readonly DeliveryId[]
}

/** Longer than any process takes to be found dead. */
const FLIGHT_MS = 7 * 86_400_000

export async function startFlight(redis: Redis, platform: PlatformId, flight: Omit<Flight, 'id'>): Promise<string> {
  const id = randomUUID()
  await redis
    .multi()
    .set(keys.flight(platform, id), JSON.stringify({ ...flight, id }), 'PX', FLIGHT_MS)
    .sadd(keys.flights(platform), id)
    .exec()
  return id
}

export async function endFlight(redis: Redis, platform: PlatformId, id: string): Promise<void> {
  await redis.multi().del(keys.flight(platform, id)).srem(keys.flights(platform), id).exec()
}

/** Flights of processes that are not alive any more. */
export async function lostFlights(redis: Redis, platform: PlatformId, alive: ReadonlySet<string>): Promise<Flight[]> {
  const ids = await redis.smembers(keys.flights(platform))
  if (ids.length === 0) return []
  const texts = await redis.mget(ids.map((id) => keys.flight(platform, id)))
  const forgotten = ids.filter((_, index) => texts[index] === null)
  if (forgotten.length > 0) await redis.srem(keys.flights(platform), ...forgotten)
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Flight])).filter(({ processId }) => !alive.has(processId))
}
