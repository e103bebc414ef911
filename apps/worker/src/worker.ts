import type { Config } from '@relay/config/env'
import { systemClock } from '@relay/core/clock'
import { mapPlatforms, type PlatformId } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import { createFleetCollector } from '@relay/fleet/fleet-gauges'
import { createIntegrationHealth } from '@relay/fleet/integration-health'
import { createPool, type Pool } from '@relay/delivery/pool'
import { sweepLetters } from '@relay/delivery/sweeper'
import { checkReadiness } from '@relay/observe/health'
import { createDeliveryLog, type DeliveryLog } from '@relay/observe/delivery-log'
import type { Logger } from '@relay/observe/logger'
import { createMetrics, type Metrics } from '@relay/observe/metrics'
import { startOpsServer } from '@relay/observe/ops-server'
import { createHttp, type PooledHttp } from '@relay/platforms/http'
import { PLATFORMS } from '@relay/platforms/registry'
import { nearestSunset, sunsetSentence, SUNSET_WARNING_DAYS } from '@relay/platforms/sunset'
import { listConnections } from '@relay/state/connections'
import { type ConnectionDirectory, createConnectionDirectory } from '@relay/state/connection-directory'
import { type ProcessStats, startHeartbeat } from '@relay/state/processes'
import { connectRedis } from '@relay/state/redis'
import { createMemoryRatio, readRedisHealth, redisWarnings } from '@relay/state/redis-health'
import type { KeyRing } from '@relay/vault/key-ring'
import type { Redis } from 'ioredis'

/*
 * The life of a worker: Redis → a pool per platform → ops port → heartbeat. Closing stops the fetching, finishes or gives back what is in hand, and
 * closes Redis last.
 */

const DEFAULT_OPS_PORT = 9465
const SWEEP_EVERY_MS = 60_000

export interface WorkerParts {
  readonly processId: string
  readonly logger: Logger
  readonly keyRing: KeyRing
  readonly redisUrl: string
}

export interface RunningWorker {
  readonly opsPort: number
  close(): Promise<void>
}

export async function startWorker(config: Config, parts: WorkerParts): Promise<RunningWorker> {
  const { logger } = parts
  const redis = connectRedis({ url: parts.redisUrl, patience: 'wait', onError: (error) => logger.warn({ err: error }, 'redis') })
  const metrics = createMetrics({ onCollectError: (error) => logger.warn({ err: error }, 'fleet metrics could not be read') })
  collectFleet(redis, metrics, config)
  for (const warning of redisWarnings(await readRedisHealth(redis))) logger.error(warning)
  await tellSunsets(redis, config.RELAY_PLATFORMS, logger)

  const directory = createConnectionDirectory(redis, systemClock)
  const deliveryLog = openDeliveryLog(config, parts)
  const served = config.RELAY_PLATFORMS.map((platform) => {
    const http = createPlatformHttp(platform, config, metrics)
    return { platform, http, pool: createPlatformPool(platform, config, { ...parts, redis, metrics, directory, http, deliveryLog }) }
  })
  await Promise.all(served.map(({ pool }) => pool.start()))
  const heartbeat = startHeartbeat(
    redis,
    { id: parts.processId, kind: 'worker', platforms: config.RELAY_PLATFORMS },
    (error) => logger.warn({ err: error }, 'heartbeat'),
    () => ({ pool: poolStats(served, config.RELAY_POOL_CONNECTIONS) }),
  )
  const sweeping = setInterval(() => void sweepAll(redis, config, logger), SWEEP_EVERY_MS)
  sweeping.unref()

  const ops = await startOps(config, redis, metrics, () => served.every(({ pool }) => pool.isRunning))
  logger.info({ ops_port: ops.port, platforms: config.RELAY_PLATFORMS, worker_id: parts.processId }, 'listening')

  return {
    opsPort: ops.port,
    async close() {
      clearInterval(sweeping)
      await Promise.all(served.map(({ pool }) => pool.close(config.RELAY_SHUTDOWN_TIMEOUT)))
      await Promise.all(served.map(({ http }) => http.close()))
      await deliveryLog?.close()
      await heartbeat.stop()
      await ops.close()
      redis.disconnect()
    },
  }
}

const startOps = (config: Config, redis: Redis, metrics: Metrics, arePoolsRunning: () => boolean): ReturnType<typeof startOpsServer> =>
  startOpsServer({
    host: config.RELAY_OPS_HOST,
    port: config.RELAY_OPS_PORT ?? DEFAULT_OPS_PORT,
    metrics,
    health: createIntegrationHealth({
      redis,
      clock: systemClock,
      eventsPerMinute: mapPlatforms((platform) => config.platforms[platform].eventsPerMinute),
      memoryRatio: createMemoryRatio(redis, systemClock),
    }),
    isReady: () =>
      checkReadiness({
        redis: async () => redis.status === 'ready' && (await redis.ping()) === 'PONG',
        pools: arePoolsRunning,
        vault: () => true,
      }),
  })

interface PoolParts extends WorkerParts {
  readonly redis: Redis
  readonly metrics: Metrics
  readonly directory: ConnectionDirectory
  readonly http: PooledHttp
  readonly deliveryLog: DeliveryLog | undefined
}

function createPlatformPool(platform: PlatformId, config: Config, parts: PoolParts): Pool {
  const { baseUrl, tokenUrl, eventsPerMinute, retryDelaysMs } = config.platforms[platform]
  return createPool({
    ...parts,
    platform: PLATFORMS[platform],
    endpoints: endpointsOf(PLATFORMS[platform], { baseUrl, tokenUrl }),
    eventsPerMinute,
    retryDelaysMs,
    clock: systemClock,
    dice: Math.random,
    lingerMs: config.RELAY_LINGER,
    breakerOpenMs: config.RELAY_BREAKER_OPEN,
    fetchAhead: config.RELAY_FETCH_AHEAD,
    letterRetentionMs: config.RELAY_DEAD_LETTER_RETENTION,
    firstLookMs: config.RELAY_VERDICT_DELAY,
    traceBounds: { retentionMs: config.RELAY_TRACE_RETENTION, maxEntries: config.RELAY_TRACE_ENTRIES_MAX },
  })
}

function openDeliveryLog(config: Config, { processId, logger }: WorkerParts): DeliveryLog | undefined {
  if (config.RELAY_DELIVERY_LOG_DIR === undefined) return undefined
  return createDeliveryLog({
    folder: config.RELAY_DELIVERY_LOG_DIR,
    processId,
    maxBytes: config.RELAY_DELIVERY_LOG_MAX_BYTES,
    retentionMs: config.RELAY_DELIVERY_LOG_RETENTION,
    clock: systemClock,
    onError: (error) => logger.error({ err: error }, 'delivery records could not be written'),
  })
}

function createPlatformHttp(platform: PlatformId, config: Config, metrics: Metrics): PooledHttp {
  return createHttp({
    requestTimeoutMs: config.RELAY_REQUEST_TIMEOUT,
    maxConnectionsPerOrigin: config.RELAY_POOL_CONNECTIONS,
    poolWaitMs: config.RELAY_POOL_WAIT,
    onPoolChange(_origin, { open, waiting }) {
      metrics.httpPoolConnections.set({ platform }, open)
      metrics.httpPoolWaiting.set({ platform }, waiting)
    },
  })
}

/** Of all origins that this worker has sent to. */
function poolStats(served: readonly { readonly http: PooledHttp }[], maxPerOrigin: number): ProcessStats['pool'] {
  const origins = served.flatMap(({ http }) => Object.values(http.stats()))
  const open = origins.reduce((sum, counts) => sum + counts.open, 0)
  const waiting = origins.reduce((sum, counts) => sum + counts.waiting, 0)
  return { open, waiting, max: origins.length * maxPerOrigin }
}

function collectFleet(redis: Redis, metrics: Metrics, config: Config): void {
  const eventsPerMinute = mapPlatforms((platform) => config.platforms[platform].eventsPerMinute)
  metrics.onCollect(createFleetCollector({ redis, metrics, platforms: PLATFORMS, eventsPerMinute, clock: systemClock }))
}

/** The end of each API version in use, where one is announced: loud when it is near. */
async function tellSunsets(redis: Redis, platforms: readonly PlatformId[], logger: Logger): Promise<void> {
  const connections = await listConnections(redis)
  for (const platform of platforms) {
    const sunset = nearestSunset(PLATFORMS[platform].api, connections, platform, systemClock())
    if (sunset === undefined) continue
    const level = sunset.days > SUNSET_WARNING_DAYS ? 'info' : 'warn'
    logger[level]({ platform, sunset: sunset.on, days: sunset.days }, sunsetSentence(sunset))
  }
}

async function sweepAll(redis: Redis, config: Config, logger: Logger): Promise<void> {
  const bounds = { retentionMs: config.RELAY_DEAD_LETTER_RETENTION, maxLetters: config.RELAY_DEAD_LETTERS_MAX }
  for (const platform of config.RELAY_PLATFORMS) {
    await sweepLetters(redis, platform, bounds, systemClock(), logger).catch((error: unknown) =>
      logger.warn({ platform, err: error }, 'sweep'),
    )
  }
}
