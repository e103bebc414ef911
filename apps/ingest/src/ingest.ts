import type { Config } from '@relay/config/env'
import { systemClock } from '@relay/core/clock'
import { mapPlatforms } from '@relay/core/ids'
import { createFleetCollector } from '@relay/fleet/fleet-gauges'
import { checkReadiness } from '@relay/observe/health'
import type { Logger } from '@relay/observe/logger'
import { createMetrics } from '@relay/observe/metrics'
import { startOpsServer } from '@relay/observe/ops-server'
import { PLATFORMS } from '@relay/platforms/registry'
import { startHeartbeat } from '@relay/state/processes'
import { connectRedis } from '@relay/state/redis'
import { readRedisHealth, redisWarnings } from '@relay/state/redis-health'
import type { KeyRing } from '@relay/vault/key-ring'
import type { Redis } from 'ioredis'
import { startApiServer } from './api-server.ts'
import { assembleApp } from './assemble-app.ts'
import { startInbox } from './inbox.ts'

/*
 * The life of an ingest: it listens at once, whether Redis is there or not (503 until it is), and drains the inbox beside. Closing takes no more requests and
 * no more jobs, answers those in hand, and leaves Redis last.
 */

const DEFAULT_OPS_PORT = 9464

export interface IngestParts {
  readonly processId: string
  readonly logger: Logger
  readonly keyRing: KeyRing
  readonly redisUrl: string
}

export interface RunningIngest {
  readonly port: number
  readonly opsPort: number
  close(): Promise<void>
}

export async function startIngest(config: Config, parts: IngestParts): Promise<RunningIngest> {
  const { logger: log } = parts
  const metrics = createMetrics({ onCollectError: (error) => log.warn({ err: error }, 'metrics could not be read') })
  const redis = connectRedis({ url: parts.redisUrl, patience: 'fail-fast', onError: (error) => log.warn({ err: error }, 'redis') })
  const inboxRedis = connectRedis({
    url: parts.redisUrl,
    patience: 'wait',
    onError: (error) => log.warn({ err: error }, 'redis of the inbox'),
  })
  redis.on('ready', () => void warnOfRedis(redis, log))
  const eventsPerMinute = mapPlatforms((platform) => config.platforms[platform].eventsPerMinute)
  metrics.onCollect(createFleetCollector({ redis, metrics, platforms: PLATFORMS, eventsPerMinute, clock: systemClock }))

  const maxEvents = config.RELAY_MAX_EVENTS_PER_REQUEST
  let isDraining = false
  const { app, accept, health, recent } = assembleApp(redis, config, { metrics, log, isDraining: () => isDraining })
  const api = await startApiServer(app, { host: config.RELAY_HTTP_HOST, port: config.RELAY_HTTP_PORT })
  const inbox = startInbox({ redis: inboxRedis, accept, keyRing: parts.keyRing, maxEvents, clock: systemClock, log })
  const isReady = () =>
    checkReadiness({
      redis: async () => redis.status === 'ready' && (await redis.ping()) === 'PONG',
      inbox: () => inbox.isRunning,
      accepting: () => !isDraining,
      vault: () => true,
    })
  const opsAddress = { host: config.RELAY_OPS_HOST, port: config.RELAY_OPS_PORT ?? DEFAULT_OPS_PORT }
  const ops = await startOpsServer({ ...opsAddress, metrics, health, isReady })
  const heartbeat = startHeartbeat(
    redis,
    { id: parts.processId, kind: 'ingest', platforms: [] },
    (error) => log.debug({ err: error }, 'heartbeat'),
    () => ({ received: recent.read() }),
  )
  log.info({ port: api.port, ops_port: ops.port, ingest_id: parts.processId }, 'listening')

  return {
    port: api.port,
    opsPort: ops.port,
    async close() {
      isDraining = true
      const withinMs = config.RELAY_SHUTDOWN_TIMEOUT
      await Promise.all([api.drain(withinMs), inbox.close(withinMs)])
      await heartbeat.stop().catch(() => undefined)
      await ops.close()
      inboxRedis.disconnect()
      redis.disconnect()
    },
  }
}

async function warnOfRedis(redis: Redis, log: Logger): Promise<void> {
  try {
    for (const warning of redisWarnings(await readRedisHealth(redis))) log.error(warning)
  } catch (error) {
    log.debug({ err: error }, 'the health of Redis could not be read')
  }
}
