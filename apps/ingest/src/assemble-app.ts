import { type Accept, createAcceptor } from '@relay/accept/accept'
import type { Config } from '@relay/config/env'
import { systemClock } from '@relay/core/clock'
import { mapPlatforms } from '@relay/core/ids'
import type { IntegrationHealth } from '@relay/fleet/health-report'
import { createIntegrationHealth } from '@relay/fleet/integration-health'
import { createPlatformNotices, type TellOfPlatforms } from '@relay/fleet/platform-notices'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import { quantumOfRound } from '@relay/queue/fair-order'
import { isOverQuota } from '@relay/state/backlog'
import { createConnectionDirectory } from '@relay/state/connection-directory'
import { findIngestKey } from '@relay/state/ingest-keys'
import { createMemoryRatio } from '@relay/state/redis-health'
import type { Hono } from 'hono'
import type { Redis } from 'ioredis'
import { createApp } from './app.ts'
import { createAuthenticator } from './authenticate.ts'
import { batchesIn } from './batches-in.ts'
import { createLazyEnqueuer } from './lazy-enqueuer.ts'
import { createBatchReader } from './read-batch.ts'
import { createRecentCounts, type RecentCounts } from './recent-counts.ts'

interface Surroundings {
  readonly metrics: Metrics
  readonly log: Logger
  readonly isDraining: () => boolean
}

export interface AssembledApp {
  readonly app: Hono
  /** The same for the inbox. */
  readonly accept: Accept
  readonly health: () => Promise<IntegrationHealth>
  readonly recent: RecentCounts
}

/** The routes of the API port and what stands behind them, over one Redis; nothing listens yet. */
export function assembleApp(redis: Redis, config: Config, { metrics, log, isDraining }: Surroundings): AssembledApp {
  const clock = systemClock
  const eventsPerMinute = mapPlatforms((platform) => config.platforms[platform].eventsPerMinute)
  const recent = createRecentCounts(clock)
  const tellOfPlatforms = createPlatformNotices({ redis, clock, eventsPerMinute })
  const accept = counting(createStoreAcceptor(redis, config, tellOfPlatforms, metrics, log), recent)
  const health = createIntegrationHealth({ redis, clock, eventsPerMinute, memoryRatio: createMemoryRatio(redis, clock) })
  const app = createApp({
    authenticate: createAuthenticator((key) => findIngestKey(redis, key), clock),
    accept,
    health,
    readBatch: createBatchReader({ ...batchesIn(redis), tellOfPlatforms, clock, isDraining }),
    maxRequestBytes: config.RELAY_MAX_REQUEST_BYTES,
    maxEvents: config.RELAY_MAX_EVENTS_PER_REQUEST,
    log,
    isDraining,
  })
  return { app, accept, health, recent }
}

/** Counts what came in, by whatever door, for the share of duplicates. */
const counting =
  (accept: Accept, recent: RecentCounts): Accept =>
  async (request) => {
    const result = await accept(request)
    recent.add(result.events_received, result.duplicates)
    return result
  }

function createStoreAcceptor(redis: Redis, config: Config, tellOfPlatforms: TellOfPlatforms, metrics: Metrics, log: Logger): Accept {
  return createAcceptor({
    directory: createConnectionDirectory(redis, systemClock),
    enqueuer: createLazyEnqueuer(redis, {
      clock: systemClock,
      letterRetentionMs: config.RELAY_DEAD_LETTER_RETENTION,
      trace: { retentionMs: config.RELAY_TRACE_RETENTION, maxEntries: config.RELAY_TRACE_ENTRIES_MAX },
      rowsPerRound: mapPlatforms((platform) => quantumOfRound(config.platforms[platform].eventsPerMinute)),
    }),
    clock: systemClock,
    limits: {
      maxEventBytes: config.RELAY_MAX_EVENT_BYTES,
      maxContents: config.RELAY_MAX_CONTENTS,
      maxValues: config.RELAY_MAX_IDENTIFIER_VALUES,
      maxDepth: config.RELAY_MAX_EVENT_DEPTH,
    },
    log,
    metrics,
    memoryRatio: createMemoryRatio(redis, systemClock),
    isOverQuota: (tenant) => isOverQuota(redis, tenant, config.RELAY_TENANT_BACKLOG_MAX),
    tellOfPlatforms,
    batches: batchesIn(redis),
  })
}
