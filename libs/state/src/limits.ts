import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { windowsIn } from './maintenance.ts'
import { lastMaintenanceEnd } from './maintenance-rule.ts'
import { RAMP_MS, rampShare } from './return-ramp.ts'
import { loadScript } from './script.ts'

/*
 * Rate limits that an operator has set at run time: kept across restarts, seen by every worker within half a second. Where none is set the configuration
 * holds for a platform, and nothing or the connection's own setting for a connection. For a minute after a maintenance a part of the platform's limit is in
 * force, so that what waited does not meet it all at once.
 */

export interface SetLimits {
  readonly platform: number | undefined
  readonly connections: ReadonlyMap<ConnectionId, number>
  /** Of the platform's limit, so much is in force: 1, or less while it returns from a maintenance. */
  readonly share: number
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

const read = loadScript(new URL('.', import.meta.url), 'read-limits')

export async function readLimits(redis: Redis, platform: PlatformId, rampMs: number = RAMP_MS): Promise<SetLimits> {
  const from = [keys.limits(platform), keys.pauses(platform), keys.maintenance(platform)]
  const [now, recognised, windows, fields] = (await read.run(redis, from, [])) as [EpochMs, string, string, string[]]
  const set = new Map<string, number>()
  for (let i = 0; i + 1 < fields.length; i += 2) set.set(fields[i]!, Number(fields[i + 1]))
  const own = set.get(PLATFORM)
  set.delete(PLATFORM)
  const told = recognised === '' ? undefined : { until: Number(recognised), message: '' }
  const share = rampShare(lastMaintenanceEnd(windowsIn(windows), told, now), now, rampMs)
  return { platform: own, connections: set as ReadonlyMap<string, number> as ReadonlyMap<ConnectionId, number>, share }
}

/** What of a platform's limit is in force, events a minute: never less than 1, where the limit itself is not. Pure. */
export const shareOf = (limit: number, share: number): number => Math.max(Math.min(1, limit), limit * share)

/** How old a limit may be that a worker goes by, in ms. */
const CHECK_EVERY_MS = 500

export interface LimitsInForce {
  /** Of the whole platform, events a minute; grows for a minute after a maintenance. */
  readonly platform: number
  /** Of one connection; undefined where it has none of its own. */
  connection(id: ConnectionId, setting: number | undefined): number | undefined
}

/** The limits in force, asked from Redis at most twice a second. What was known before holds while Redis is away. */
export function createLimits(
  redis: Redis,
  platform: PlatformId,
  configured: number,
  /** `onChange`: a limit is another than at the last look. `rampMs`: how long the return from a maintenance takes, 60 s by default. */
  { clock, onChange, rampMs }: { readonly clock: Clock; readonly onChange: () => void; readonly rampMs?: number | undefined },
): () => Promise<LimitsInForce> {
  let set: SetLimits = { platform: undefined, connections: new Map(), share: 1 }
  let checkedAt: EpochMs = -Infinity
  let reading: Promise<void> | undefined

  async function look(): Promise<void> {
    const former = set
    set = await readLimits(redis, platform, rampMs)
    checkedAt = clock()
    if (former.platform !== set.platform || former.share !== set.share || !isSame(former.connections, set.connections)) onChange()
  }

  return async () => {
    if (clock() - checkedAt >= CHECK_EVERY_MS) {
      reading ??= look().finally(() => {
        reading = undefined
      })
      await reading
    }
    return { platform: shareOf(set.platform ?? configured, set.share), connection: (id, setting) => set.connections.get(id) ?? setting }
  }
}

const isSame = (one: SetLimits['connections'], other: SetLimits['connections']): boolean =>
  one.size === other.size && [...one].every(([id, limit]) => other.get(id) === limit)
