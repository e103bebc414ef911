import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

const HOUR_MS = 3_600_000

/** Deliveries that wait are counted by the hour in which their deadline falls. */
export const hourOf = (deadlineAt: EpochMs): number => Math.floor(deadlineAt / HOUR_MS)

/** Waiting, held and active deliveries whose deadline comes within 1 h and within 24 h: whole hours, so the nearest may be counted up to an hour early. */
export interface Expiring {
  readonly within1h: number
  readonly within24h: number
}

export async function readExpiring(redis: Redis, platform: PlatformId, now: EpochMs): Promise<Expiring> {
  return expiringOf(await redis.hgetall(keys.deadlines(platform)), now)
}

/** Pure. */
export function expiringOf(hours: Readonly<Record<string, string>>, now: EpochMs): Expiring {
  const current = hourOf(now)
  const within = (count: number): number =>
    Object.entries(hours).reduce((sum, [hour, waiting]) => (Number(hour) <= current + count ? sum + Math.max(0, Number(waiting)) : sum), 0)
  return { within1h: within(1), within24h: within(24) }
}

/** How many of those that expire within a time the present limit lets out before: what is ahead of them in the queue goes first. Pure. */
export const savedOf = (expiring: number, ahead: number, eventsPerMinute: number, withinMs: number): number =>
  Math.max(0, Math.min(expiring, Math.floor((eventsPerMinute * withinMs) / 60_000) - Math.max(0, ahead - expiring)))
