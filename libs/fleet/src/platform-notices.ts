import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionId, PlatformId, TenantId } from '@relay/core/ids'
import { type PlatformBody, rateLimitedBody } from '@relay/core/platform-bodies'
import { tenantBacklog } from '@relay/state/backlog'
import { readPromisedSlots } from '@relay/state/rate-limit'
import type { Redis } from 'ioredis'
import { bodiesOf, type PlatformCondition, readCondition, WORTH_TELLING_MS } from './platform-condition.ts'

/** New deliveries of a request that wait for one connection. */
export interface QueuedFor {
  readonly platform: PlatformId
  readonly connectionId: ConnectionId
  readonly count: number
}

export interface PlatformNotice extends PlatformBody {
  readonly platform: PlatformId
  /** Where it is this connection alone that waits. */
  readonly connection_id?: ConnectionId
  readonly count: number
}

export interface PlatformNoticesContext {
  readonly redis: Redis
  readonly clock: Clock
  readonly eventsPerMinute: { readonly [P in PlatformId]: number }
}

/** How old the condition of a platform may be that is told, in ms. */
const FRESH_MS = 500
const MAX_CACHED = 10_000

/**
 * What the fleet knows of the platforms that got these deliveries: by platform in order of first appearance, none where all is well. Ask after enqueueing, so
 * that a tenant's `events_queued` counts what it has just sent. A platform costs a handful of reads twice a second, a connection one; a tenant's backlog is
 * read only where there is something to tell.
 */
export type TellOfPlatforms = (tenant: TenantId, queued: readonly QueuedFor[]) => Promise<PlatformNotice[]>

export function createPlatformNotices({ redis, clock, eventsPerMinute }: PlatformNoticesContext): TellOfPlatforms {
  const conditions = createCache(clock, (platform: PlatformId) => readCondition(redis, platform, eventsPerMinute[platform]))
  const slots = createCache(clock, async (name: `${PlatformId} ${ConnectionId}`) => {
    const [platform, id] = name.split(' ') as [PlatformId, ConnectionId]
    return (await readPromisedSlots(redis, platform, [id])).get(id)
  })

  async function ofPlatform(tenant: TenantId, platform: PlatformId, queued: readonly QueuedFor[]): Promise<PlatformNotice[]> {
    const [condition, ...slotEnds] = await Promise.all([
      conditions(platform),
      ...queued.map(({ connectionId }) => slots(`${platform} ${connectionId}`)),
    ])
    const now = clock()
    const delayed = queued.flatMap((one, index) => {
      const waitMs = (slotEnds[index] ?? now) - now
      return waitMs >= WORTH_TELLING_MS ? [{ ...one, waitMs }] : []
    })
    if (delayed.length === 0 && isWell(platform, condition, now)) return []
    const eventsQueued = await tenantBacklog(redis, platform, tenant)
    const count = queued.reduce((sum, one) => sum + one.count, 0)
    const told = bodiesOf(platform, condition, eventsQueued, now)
      .filter(({ code }) => code !== 'PLATFORM_MISCONFIGURED')
      .map(({ code, message, details }): PlatformNotice => ({ code, message, platform, count, details }))
    if (told.length > 0) return told
    return delayed.map(({ connectionId, waitMs, count: own }): PlatformNotice => {
      const { code, message, details } = rateLimitedBody(platform, waitMs, eventsQueued)
      return { code, message, platform, connection_id: connectionId, count: own, details }
    })
  }

  return async (tenant, queued) => {
    const byPlatform = Map.groupBy(queued, ({ platform }) => platform)
    const told = await Promise.all([...byPlatform].map(([platform, list]) => ofPlatform(tenant, platform, list)))
    return told.flat()
  }
}

const isWell = (platform: PlatformId, condition: PlatformCondition, now: EpochMs): boolean =>
  bodiesOf(platform, condition, 0, now).length === 0

/** Remembers each answer for half a second; those who ask meanwhile share one read. A failed read is not remembered. */
function createCache<K, V>(clock: Clock, read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<K, { readonly at: EpochMs; readonly value: Promise<V> }>()
  return (key) => {
    const cached = known.get(key)
    if (cached !== undefined && clock() - cached.at < FRESH_MS) return cached.value
    if (known.size >= MAX_CACHED) known.clear()
    const entry = { at: clock(), value: read(key) }
    known.set(key, entry)
    entry.value.catch(() => {
      if (known.get(key) === entry) known.delete(key)
    })
    return entry.value
  }
}
