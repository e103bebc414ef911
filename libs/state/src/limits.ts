import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/*
 * Rate limits that an operator has set at run time: kept across restarts, seen by every worker within half a second. Where none is set the configuration
 * holds for a platform, and nothing or the connection's own setting for a connection.
 */

export interface SetLimits {
  readonly platform: number | undefined
  readonly connections: ReadonlyMap<ConnectionId, number>
}

const PLATFORM = 'platform'

/** Whose limit it is: the platform's, or one connection's on it. */
export type LimitScope = { readonly platform: PlatformId; readonly connection?: ConnectionId }

export async function setLimit(redis: Redis, scope: LimitScope, eventsPerMinute: number): Promise<void> {
  await redis.hset(keys.limits(scope.platform), scope.connection ?? PLATFORM, eventsPerMinute)
}

/** Back to what is configured; false where nothing was set. */
export const resetLimit = async (redis: Redis, scope: LimitScope): Promise<boolean> =>
  (await redis.hdel(keys.limits(scope.platform), scope.connection ?? PLATFORM)) === 1

export async function readLimits(redis: Redis, platform: PlatformId): Promise<SetLimits> {
  const { [PLATFORM]: own, ...others } = await redis.hgetall(keys.limits(platform))
  const connections = Object.entries(others).map(([id, text]) => [id as ConnectionId, Number(text)] as const)
  return { platform: own === undefined ? undefined : Number(own), connections: new Map(connections) }
}

/** How old a limit may be that a worker goes by, in ms. */
const CHECK_EVERY_MS = 500

export interface LimitsInForce {
  /** Of the whole platform, events a minute. */
  readonly platform: number
  /** Of one connection; undefined where it has none of its own. */
  connection(id: ConnectionId, setting: number | undefined): number | undefined
}

/** The limits in force, asked from Redis at most twice a second. What was known before holds while Redis is away. */
export function createLimits(
  redis: Redis,
  platform: PlatformId,
  configured: number,
  /** `onChange`: a limit is another than at the last look. */
  { clock, onChange }: { readonly clock: Clock; readonly onChange: () => void },
): () => Promise<LimitsInForce> {
  let set: SetLimits = { platform: undefined, connections: new Map() }
  let checkedAt: EpochMs = -Infinity
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const former = set
    set = await readLimits(redis, platform)
    checkedAt = clock()
    if (former.platform !== set.platform || !isSame(former.connections, set.connections)) onChange()
  }

  return async () => {
    if (clock() - checkedAt >= CHECK_EVERY_MS) {
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
    }
    return { platform: set.platform ?? configured, connection: (id, setting) => set.connections.get(id) ?? setting }
  }
}

const isSame = (one: SetLimits['connections'], other: SetLimits['connections']): boolean =>
  one.size === other.size && [...one].every(([id, limit]) => other.get(id) === limit)
