import type { EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { mapPlatforms, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import type { PlatformBody } from '@relay/core/platform-bodies'
import { type OutcomeCounts, successRate } from '@relay/state/outcome-counts'
import type { ProcessRecord } from '@relay/state/processes'
import type { PlatformCondition } from './platform-condition.ts'
import { platformErrors, queueDepth } from './platform-errors.ts'

/*
 * The health of the integrations, for whoever asks, so no tenant, connection or account is named.
 *
 *   unhealthy  Redis is away or nearly full, so that events cannot be taken, or no worker lives, so that none leaves
 *   degraded   a platform: its circuit not closed, its queue stopped for any reason, a connection in error, fewer than nine tenths delivered within 15 min,
 *              or deliveries queued that no live worker serves
 *   healthy    else; a limit that makes events wait is told in `errors` and is no illness
 */

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

export interface PlatformCheck {
  readonly circuit: PlatformCondition['breaker']['state']
  /** Waiting, held and active. */
  readonly queue_depth: number
  readonly oldest_waiting_seconds: number
  /** Delivered over delivered and dead-lettered within 15 min, 0 to 1; null where nothing ended. */
  readonly success_rate: number | null
  readonly connections_in_error: number
  /** Live ones that serve this platform. */
  readonly workers: number
  readonly errors: readonly PlatformBody[]
}

export interface ConnectionPoolCheck {
  readonly workers: number
  readonly open: number
  readonly waiting: number
  readonly max: number
}

export interface DeduplicatorCheck {
  readonly ingests: number
  readonly window_seconds: number
  readonly events_received: number
  readonly duplicates: number
  /** 0 to 1. */
  readonly duplicate_rate: number
}

export interface IntegrationHealth {
  readonly status: HealthStatus
  /** Empty where Redis cannot be asked. */
  readonly checks:
    | ({ readonly [P in PlatformId]: PlatformCheck } & {
        readonly connection_pool: ConnectionPoolCheck
        readonly deduplicator: DeduplicatorCheck
      })
    | Readonly<Record<string, never>>
}

/** What one look has found. */
export interface HealthReading {
  readonly now: EpochMs
  readonly platforms: {
    readonly [P in PlatformId]: {
      readonly condition: PlatformCondition
      readonly oldestSeconds: number
      readonly outcomes: OutcomeCounts
    }
  }
  readonly connections: readonly Pick<Connection, 'platform' | 'status'>[]
  readonly processes: readonly Pick<ProcessRecord, 'kind' | 'platforms' | 'stats'>[]
  /** Used share of Redis' memory; undefined where there is no limit. */
  readonly memoryRatio: number | undefined
}

const SUCCESS_MIN = 0.9
/** From here on the ingest takes nothing more. */
const MEMORY_MAX = 0.8
const WINDOW_SECONDS = 900

/** Pure. */
export function healthOf(reading: HealthReading): IntegrationHealth {
  const { processes, memoryRatio } = reading
  const platforms = mapPlatforms((platform) => checkPlatform(reading, platform))
  const isFull = memoryRatio !== undefined && memoryRatio >= MEMORY_MAX
  const isDead = isFull || !processes.some(({ kind }) => kind === 'worker')
  const isIll = PLATFORM_IDS.some((platform) => isDegraded(platforms[platform], reading.platforms[platform].condition))
  return {
    status: isDead ? 'unhealthy' : isIll ? 'degraded' : 'healthy',
    checks: { ...platforms, connection_pool: checkPool(processes), deduplicator: checkDeduplicator(processes) },
  }
}

function checkPlatform({ platforms, connections, processes, now }: HealthReading, platform: PlatformId): PlatformCheck {
  const { condition, oldestSeconds, outcomes } = platforms[platform]
  return {
    circuit: condition.breaker.state,
    queue_depth: queueDepth(condition),
    oldest_waiting_seconds: oldestSeconds,
    success_rate: successRate(outcomes),
    connections_in_error: connections.filter((one) => one.platform === platform && one.status.state === 'error').length,
    workers: processes.filter((one) => one.kind === 'worker' && one.platforms.includes(platform)).length,
    errors: platformErrors(platform, condition, connections, now),
  }
}

function isDegraded(check: PlatformCheck, { pauses }: PlatformCondition): boolean {
  const { circuit, connections_in_error: inError, success_rate: rate, workers, queue_depth: depth } = check
  return circuit !== 'closed' || pauses.length > 0 || inError > 0 || (rate !== null && rate < SUCCESS_MIN) || (workers === 0 && depth > 0)
}

function checkPool(processes: HealthReading['processes']): ConnectionPoolCheck {
  const pools = processes.flatMap(({ stats }) => (stats?.pool === undefined ? [] : [stats.pool]))
  const sum = (of: (pool: (typeof pools)[number]) => number): number => pools.reduce((total, pool) => total + of(pool), 0)
  return {
    workers: processes.filter(({ kind }) => kind === 'worker').length,
    open: sum(({ open }) => open),
    waiting: sum(({ waiting }) => waiting),
    max: sum(({ max }) => max),
  }
}

function checkDeduplicator(processes: HealthReading['processes']): DeduplicatorCheck {
  let [events, duplicates] = [0, 0]
  for (const { stats } of processes) {
    events += stats?.received?.events ?? 0
    duplicates += stats?.received?.duplicates ?? 0
  }
  return {
    ingests: processes.filter(({ kind }) => kind === 'ingest').length,
    window_seconds: WINDOW_SECONDS,
    events_received: events,
    duplicates,
    duplicate_rate: events === 0 ? 0 : Math.round((duplicates / events) * 10_000) / 10_000,
  }
}
