import type { Redis } from 'ioredis'

export interface RedisHealth {
  readonly version: string
  readonly usedMemoryBytes: number
  /** 0 where there is no limit. */
  readonly maxMemoryBytes: number
  readonly maxMemoryPolicy: string
  readonly appendOnly: boolean
  readonly snapshots: boolean
}

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''

export async function readRedisHealth(redis: Redis): Promise<RedisHealth> {
  const info = await redis.info()
  return {
    version: field(info, 'redis_version') || field(info, 'valkey_version'),
    usedMemoryBytes: Number(field(info, 'used_memory')),
    maxMemoryBytes: Number(field(info, 'maxmemory')),
    maxMemoryPolicy: field(info, 'maxmemory_policy'),
    appendOnly: field(info, 'aof_enabled') === '1',
    snapshots: await hasSnapshots(redis),
  }
}

/** CONFIG is often forbidden on managed servers: then nothing is known, and nothing is claimed. */
async function hasSnapshots(redis: Redis): Promise<boolean> {
  try {
    const [, save] = await redis.config('GET', 'save')
    return save !== undefined && save !== ''
  } catch {
    return true
  }
}

/** What an operator must hear at every start, since events would be lost; empty where all is well. Pure. */
export function redisWarnings(health: RedisHealth): string[] {
  const warnings: string[] = []
  if (health.maxMemoryPolicy !== 'noeviction') {
    warnings.push(`Redis may evict events: maxmemory-policy is ${health.maxMemoryPolicy}. Set it to noeviction.`)
  }
  if (!health.appendOnly) {
    warnings.push(
      health.snapshots
        ? 'Redis loses accepted events when it crashes: only snapshots are on. Set appendonly yes.'
        : 'Redis loses all accepted events when it restarts: neither append-only file nor snapshots are on. Set appendonly yes.',
    )
  }
  return warnings
}

/** Used share of `maxmemory`, asked at most once a second; undefined where there is no limit. */
export function createMemoryRatio(redis: Redis, clock: () => number): () => Promise<number | undefined> {
  let ratio: number | undefined
  let askedAt = -Infinity
  return async () => {
    if (clock() - askedAt < 1_000) return ratio
    askedAt = clock()
    const info = await redis.info('memory')
    const max = Number(field(info, 'maxmemory'))
    ratio = max > 0 ? Number(field(info, 'used_memory')) / max : undefined
    return ratio
  }
}
