import type { EpochMs } from '@relay/core/clock'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import type { Metrics } from '@relay/observe/metrics'
import type { Platform } from '@relay/platforms/contract'
import { nearestSunset } from '@relay/platforms/sunset'
import { readBooks } from '@relay/state/books'
import { readBreaker } from '@relay/state/circuit-breaker'
import { listConnections } from '@relay/state/connections'
import { readExpiring } from '@relay/state/deadlines'
import { listProcesses } from '@relay/state/processes'
import { oldestWaitingSeconds } from '@relay/state/queue-age'
import { createMemoryRatio } from '@relay/state/redis-health'
import type { Redis } from 'ioredis'

const CIRCUIT_NUMBER = { closed: 0, 'half-open': 1, open: 2 } as const

export interface FleetGaugeContext {
  readonly redis: Redis
  readonly metrics: Metrics
  readonly platforms: { readonly [P in PlatformId]: Pick<Platform, 'api'> }
  readonly eventsPerMinute: { readonly [P in PlatformId]: number }
  readonly clock: () => EpochMs
}

/** Sets the gauges that tell the truth of the whole fleet; every process exports them. For `metrics.onCollect`. */
export function createFleetCollector(context: FleetGaugeContext): () => Promise<void> {
  const memoryRatio = createMemoryRatio(context.redis, context.clock)
  return async () => {
    await Promise.all([collectShared(context, memoryRatio), ...PLATFORM_IDS.map((platform) => collectPlatform(context, platform))])
  }
}

async function collectPlatform({ redis, metrics, eventsPerMinute, clock }: FleetGaugeContext, platform: PlatformId): Promise<void> {
  const [books, breaker, oldest] = await Promise.all([
    readBooks(redis, platform),
    readBreaker(redis, platform),
    oldestWaitingSeconds(redis, platform),
  ])
  for (const state of ['waiting', 'held', 'active'] as const) metrics.queueJobs.set({ platform, state }, books[state])
  metrics.queueOldestAge.set({ platform }, oldest)
  const expiring = await readExpiring(redis, platform, clock())
  metrics.deliveriesExpiring.set({ platform, within: '1h' }, expiring.within1h)
  metrics.deliveriesExpiring.set({ platform, within: '24h' }, expiring.within24h)
  metrics.deadLetters.set({ platform }, books.dead)
  metrics.unaccountedDeliveries.set({ platform }, books.unaccounted)
  metrics.circuitState.set({ platform }, CIRCUIT_NUMBER[breaker.state])
  metrics.rateLimit.set({ platform, kind: 'configured' }, eventsPerMinute[platform])
}

async function collectShared(
  { redis, metrics, platforms, clock }: FleetGaugeContext,
  memoryRatio: () => Promise<number | undefined>,
): Promise<void> {
  const [connections, processes, ratio] = await Promise.all([listConnections(redis), listProcesses(redis), memoryRatio()])
  for (const platform of PLATFORM_IDS) {
    const sunset = nearestSunset(platforms[platform].api, connections, platform, clock())
    if (sunset !== undefined) metrics.apiSunset.set({ platform }, sunset.days)
    for (const status of ['active', 'disabled', 'error'] as const) {
      const count = connections.filter((connection) => connection.platform === platform && connection.status.state === status).length
      metrics.connections.set({ platform, status }, count)
    }
    metrics.workers.set({ platform }, processes.filter(({ kind, platforms }) => kind === 'worker' && platforms.includes(platform)).length)
  }
  if (ratio !== undefined) metrics.redisMemoryRatio.set(ratio)
}
