import type { Clock, EpochMs } from '@relay/core/clock'
import { mapPlatforms, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { listConnections } from '@relay/state/connections'
import { readOutcomes } from '@relay/state/outcome-counts'
import { listProcesses } from '@relay/state/processes'
import { oldestWaitingSeconds } from '@relay/state/queue-age'
import type { Redis } from 'ioredis'
import { type HealthReading, healthOf, type IntegrationHealth } from './health-report.ts'
import { readCondition } from './platform-condition.ts'

export interface HealthContext {
  readonly redis: Redis
  readonly clock: Clock
  readonly eventsPerMinute: { readonly [P in PlatformId]: number }
  readonly memoryRatio: () => Promise<number | undefined>
}

const CACHE_MS = 1_000
const READ_MAX_MS = 2_000

/** Asked from Redis at most once a second, whoever asks. Never rejects: a Redis that fails, or takes 2 s, is `unhealthy`. */
export function createIntegrationHealth(context: HealthContext): () => Promise<IntegrationHealth> {
  let known: { readonly at: EpochMs; readonly health: Promise<IntegrationHealth> } | undefined
  return () => {
    const now = context.clock()
    if (known === undefined || now - known.at >= CACHE_MS) known = { at: now, health: look(context) }
    return known.health
  }
}

const NOTHING_KNOWN: IntegrationHealth = { status: 'unhealthy', checks: {} }

async function look(context: HealthContext): Promise<IntegrationHealth> {
  // A worker's commands would wait for it, and pile up.
  if (context.redis.status !== 'ready') return NOTHING_KNOWN
  const { promise: late, resolve } = Promise.withResolvers<IntegrationHealth>()
  const timer = setTimeout(() => resolve(NOTHING_KNOWN), READ_MAX_MS)
  const found = readHealth(context).then(healthOf, () => NOTHING_KNOWN)
  const health = await Promise.race([found, late])
  clearTimeout(timer)
  return health
}

async function readHealth({ redis, clock, eventsPerMinute, memoryRatio }: HealthContext): Promise<HealthReading> {
  const now = clock()
  const [platforms, connections, processes, ratio] = await Promise.all([
    Promise.all(
      PLATFORM_IDS.map(async (platform) => {
        const [condition, oldestSeconds, outcomes] = await Promise.all([
          readCondition(redis, platform, eventsPerMinute[platform]),
          oldestWaitingSeconds(redis, platform),
          readOutcomes(redis, platform, now),
        ])
        return { condition, oldestSeconds, outcomes }
      }),
    ),
    listConnections(redis),
    listProcesses(redis),
    memoryRatio(),
  ])
  const found = mapPlatforms((platform) => platforms[PLATFORM_IDS.indexOf(platform)]!)
  return { now, platforms: found, connections, processes, memoryRatio: ratio }
}
