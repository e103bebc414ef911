import type { EpochMs } from '@relay/core/clock'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

/*
 * At most `eventsPerMinute` grants in every window of 60 s, wherever it begins, over the whole fleet and by Redis' clock: a token bucket
 * whose burst and refill add up to the limit.
 */

export interface Bucket {
  /** Grants that may come at once after a rest. */
  readonly burst: number
  /** Time between grants while the limit binds, in ms. */
  readonly intervalMs: number
}

const MINUTE_MS = 60_000

/** 4 % of the limit as burst (at least 1), the rest as a steady rate: n grants span at least (n − burst) intervals, so 60 s hold at most the limit. Pure. */
export function bucketOf(eventsPerMinute: number): Bucket {
  const burst = Math.max(1, Math.floor(eventsPerMinute * 0.04))
  return { burst, intervalMs: MINUTE_MS / (eventsPerMinute - burst + 1) }
}

/** A learned rate is a guess about a limit whose window nobody knows: a burst of one second, so that it is met evenly. Pure. */
export function learnedBucketOf(eventsPerMinute: number): Bucket {
  const burst = Math.max(1, Math.floor(eventsPerMinute / 60))
  return { burst, intervalMs: MINUTE_MS / Math.max(1, eventsPerMinute - burst + 1) }
}

/** What one grant gives while the limit binds, at least 1: half the burst, so that a late question loses nothing. */
export const quantumOf = (bucket: Bucket): number => Math.max(1, Math.ceil(bucket.burst / 2))

/** Requests that a platform takes of one application, whatever they carry. */
export interface RequestBuckets {
  /** Names the application without telling who it is: a hash of what it signs in with. */
  readonly application: string
  readonly short: Bucket
  readonly daily: Bucket | undefined
}

/** A bucket for requests in a window of any length. Pure. */
export const requestBucketOf = (requests: number, windowMs: number): Bucket => {
  const burst = Math.max(1, Math.floor(requests * 0.04))
  return { burst, intervalMs: windowMs / (requests - burst + 1) }
}

export interface Grant {
  readonly granted: number
  /** When the rest may ask again, in ms from now; 0 where all was granted. */
  readonly retryAfterMs: number
  /** Which limit said no. */
  readonly limitedBy: 'platform' | 'connection' | 'requests' | undefined
}

const grant = loadScript(new URL('.', import.meta.url), 'grant')

const LIMITERS = [undefined, 'platform', 'connection', 'requests', 'requests'] as const

/** Asks for `wanted` events of one connection in one request: as many as all limits allow, and none where it would be less than a quantum. */
export async function askRate(
  redis: Redis,
  platform: PlatformId,
  connection: ConnectionId,
  wanted: number,
  buckets: { readonly platform: Bucket; readonly connection: Bucket | undefined; readonly requests?: RequestBuckets | undefined },
): Promise<Grant> {
  const { requests } = buckets
  const of = [buckets.platform, buckets.connection, requests?.short, requests?.daily]
  const args = of.flatMap((bucket) => (bucket === undefined ? [0, 0, 0] : [bucket.burst, bucket.intervalMs, quantumOf(bucket)]))
  const application = requests?.application ?? 'none'
  const from = [
    keys.platformRate(platform),
    keys.connectionRate(platform, connection),
    keys.requestRate(platform, application),
    keys.dailyRequestRate(platform, application),
  ]
  const [granted, retryAfterMs, by] = (await grant.run(redis, from, [wanted, ...args])) as [number, number, number]
  return { granted, retryAfterMs, limitedBy: LIMITERS[by] }
}

const promise = loadScript(new URL('.', import.meta.url), 'promise-slots')

/**
 * Due times for rows that must wait for their connection's turn, in order: from `notBefore` on, at the rate at which they can be sent, behind those promised to
 * others. Rows of one quantum are due together, so that they travel together. So each row is fetched again about when it may go, and not in vain before.
 */
export async function promiseSlots(
  redis: Redis,
  platform: PlatformId,
  connection: ConnectionId,
  rows: { readonly count: number; readonly notBefore: EpochMs },
  bucket: Bucket,
): Promise<EpochMs[]> {
  const from = (await promise.run(
    redis,
    [keys.promisedSlots(platform, connection)],
    [rows.count, rows.notBefore, bucket.intervalMs],
  )) as EpochMs
  const together = quantumOf(bucket)
  return Array.from({ length: rows.count }, (_, row) => Math.ceil(from + Math.floor(row / together) * together * bucket.intervalMs))
}

/** Until when due times are promised to held rows of these connections; those that wait for no limit are missing. */
export async function readPromisedSlots(
  redis: Redis,
  platform: PlatformId,
  connections: readonly ConnectionId[],
): Promise<ReadonlyMap<ConnectionId, EpochMs>> {
  const texts = await redis.mget(connections.map((connection) => keys.promisedSlots(platform, connection)))
  const ends = connections.map((connection, index) => [connection, texts[index] ?? undefined] as const)
  return new Map(ends.flatMap(([connection, text]) => (text === undefined ? [] : [[connection, Number(text)] as const])))
}
