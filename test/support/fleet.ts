import { systemClock } from '@relay/core/clock'
import type { Connection, ConnectionSettings } from '@relay/core/connection'
import type { ConnectionId, TenantId } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import { createPool, type Pool } from '@relay/delivery/pool'
import type { PoolOptions } from '@relay/delivery/pool-parts'
import { createLogger, type Logger } from '@relay/observe/logger'
import { createMetrics, type Metrics } from '@relay/observe/metrics'
import type { Platform } from '@relay/platforms/contract'
import { createHttp, type PooledHttp } from '@relay/platforms/http'
import { createConnectionDirectory } from '@relay/state/connection-directory'
import { saveConnection } from '@relay/state/connections'
import { connectRedis } from '@relay/state/redis'
import { createKeyText, type KeyRing, parseKeyRing } from '@relay/vault/key-ring'
import type { Redis } from 'ioredis'

/** Everything a pool needs, with short times: a request may take 1 s, retries wait 20, 40 and 60 ms, the breaker rests 300 ms. */
export interface TestFleet extends AsyncDisposable {
  readonly redis: Redis
  readonly keyRing: KeyRing
  readonly metrics: Metrics
  readonly logger: Logger
  readonly lines: readonly string[]
  startPool(platform: Platform, changes?: Partial<PoolOptions>): Promise<Pool>
  connect(platform: Platform, id: string, settings: ConnectionSettings, credentials: unknown, tenant?: string): Promise<Connection>
}

export function createTestFleet(redisUrl: string, simulatorUrl: string): TestFleet {
  const redis = connectRedis({ url: redisUrl, patience: 'wait', onError: () => {} })
  const keyRing = parseKeyRing(createKeyText())
  const metrics = createMetrics()
  const lines: string[] = []
  const logger = createLogger({ process: 'worker', level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const https: PooledHttp[] = []
  const pools: Pool[] = []
  return {
    redis,
    keyRing,
    metrics,
    logger,
    lines,
    async startPool(platform, changes = {}) {
      const http = createHttp({ requestTimeoutMs: 1_000 })
      https.push(http)
      const pool = createPool({
        platform,
        redis,
        keyRing,
        http,
        metrics,
        logger,
        directory: createConnectionDirectory(redis, systemClock),
        endpoints: endpointsOf(platform, { baseUrl: `${simulatorUrl}/${platform.id}` }),
        clock: systemClock,
        dice: Math.random,
        processId: 'worker_test',
        eventsPerMinute: 600_000,
        retryDelaysMs: [20, 40, 60],
        lingerMs: 20,
        breakerOpenMs: 300,
        fetchAhead: 1_000,
        letterRetentionMs: 86_400_000,
        ...changes,
      })
      pools.push(pool)
      await pool.start()
      return pool
    },
    async connect(platform, id, settings, credentials, tenant = 'acme') {
      const connection: Connection = {
        id: id as ConnectionId,
        tenantId: tenant as TenantId,
        platform: platform.id,
        name: id,
        settings,
        status: { state: 'active' },
        createdAt: Date.now(),
        credentialsSavedAt: Date.now() - 2 * 86_400_000,
      }
      await saveConnection(redis, keyRing, connection, platform.accountKey(settings), credentials)
      return connection
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool.close(3_000)))
      await Promise.all(https.map((http) => http.close()))
      redis.disconnect()
    },
  }
}
