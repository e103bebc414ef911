import { batchesIn } from '../../apps/ingest/src/batches-in.ts'
import { createApp } from '../../apps/ingest/src/app.ts'
import { createAuthenticator } from '../../apps/ingest/src/authenticate.ts'
import { createLazyEnqueuer } from '../../apps/ingest/src/lazy-enqueuer.ts'
import { createBatchReader } from '../../apps/ingest/src/read-batch.ts'
import type { BatchReport } from '@relay/accept/batch-report'
import { createAcceptor } from '@relay/accept/accept'
import type { AcceptResult } from '@relay/accept/accept-result'
import { systemClock } from '@relay/core/clock'
import { mapPlatforms, type TenantId } from '@relay/core/ids'
import type { IntegrationHealth } from '@relay/fleet/health-report'
import { createIntegrationHealth } from '@relay/fleet/integration-health'
import { createPlatformNotices } from '@relay/fleet/platform-notices'
import { createLogger } from '@relay/observe/logger'
import { createMetrics } from '@relay/observe/metrics'
import { createConnectionDirectory } from '@relay/state/connection-directory'
import { createIngestKey, findIngestKey, KEY_SCOPES, type KeyScope } from '@relay/state/ingest-keys'
import { createTenant } from '@relay/state/tenants'
import type { Redis } from 'ioredis'

/** The routes of the ingest in this process, over a real Redis, as producers of some tenants meet them. */
export interface Door {
  producer(tenant: string, scopes?: readonly KeyScope[]): Promise<DoorProducer>
  health(): Promise<{ readonly status: number; readonly body: IntegrationHealth }>
}

export interface DoorProducer {
  /** Must be answered 202. */
  send(events: readonly unknown[], query?: string): Promise<AcceptResult>
  batch(id: string, query?: string): Promise<{ readonly status: number; readonly body: BatchReport }>
}

export function createDoor(redis: Redis, eventsPerMinute = 600_000): Door {
  const log = createLogger({ process: 'ingest', level: 'silent' })
  const limits = mapPlatforms(() => eventsPerMinute)
  const tellOfPlatforms = createPlatformNotices({ redis, clock: systemClock, eventsPerMinute: limits })
  const app = createApp({
    authenticate: createAuthenticator((key) => findIngestKey(redis, key), systemClock),
    accept: createAcceptor({
      directory: createConnectionDirectory(redis, systemClock),
      enqueuer: createLazyEnqueuer(redis, { clock: systemClock, letterRetentionMs: 86_400_000 }),
      clock: systemClock,
      log,
      metrics: createMetrics(),
      memoryRatio: async () => undefined,
      isOverQuota: async () => false,
      tellOfPlatforms,
      batches: batchesIn(redis),
    }),
    maxRequestBytes: 5_000_000,
    maxEvents: 1_000,
    log,
    isDraining: () => false,
    health: createIntegrationHealth({ redis, clock: systemClock, eventsPerMinute: limits, memoryRatio: async () => undefined }),
    readBatch: createBatchReader({ ...batchesIn(redis), tellOfPlatforms, clock: systemClock, isDraining: () => false }),
  })
  return {
    async producer(tenant, scopes = KEY_SCOPES) {
      await createTenant(redis, { id: tenant as TenantId, name: tenant, createdAt: Date.now() })
      const { key } = await createIngestKey(redis, tenant as TenantId, scopes, Date.now())
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      return {
        async send(events, query = '') {
          const answer = await app.request(`/v1/events${query}`, { method: 'POST', headers, body: JSON.stringify({ events }) })
          const text = await answer.text()
          if (answer.status !== 202) throw new Error(`${answer.status}: ${text}`)
          return (JSON.parse(text) as { data: AcceptResult }).data
        },
        async batch(id, query = '') {
          const answer = await app.request(`/v1/batches/${id}${query}`, { headers })
          return { status: answer.status, body: (await answer.json()) as BatchReport }
        },
      }
    },
    async health() {
      const answer = await app.request('/v1/health')
      return { status: answer.status, body: (await answer.json()) as IntegrationHealth }
    },
  }
}
