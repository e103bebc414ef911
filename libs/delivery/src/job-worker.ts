import type { EpochMs } from '@relay/core/clock'
import { keys } from '@relay/state/keys'
import { wakeWorker } from '@relay/queue/wake'
import { type Job, Worker } from 'bullmq'
import { jobsAtOnce } from './fetch-ahead.ts'
import type { PoolOptions } from './pool-parts.ts'
import { backoffStrategy } from './settle.ts'

/** Recovery of a dead process's jobs within 8 s; the loop may block 3 s. */
const LOCK_MS = 6_000
const STALLED_EVERY_MS = 1_000
const NEVER = 1_000_000_000

/** BullMQ's stock worker for a platform's queue; it does not run yet. `skipVersionCheck` must stay off: BullMQ then takes the server for an old one and waits for due jobs in whole seconds. */
export function createWorker(options: PoolOptions, processor: (job: Job, token?: string) => Promise<void>): Worker {
  const { platform, redis, logger } = options
  const worker = new Worker(platform.id, processor, {
    prefix: keys.queuePrefix(platform.id),
    connection: redis,
    autorun: false,
    concurrency: jobsAtOnce(options.eventsPerMinute, 0, options.fetchAhead),
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_EVERY_MS,
    maxStalledCount: NEVER,
    runRetryDelay: 1_000,
    metrics: { maxDataPoints: 1 },
    // Never binds: it is what lets a hold of the platform stop the fetching of the whole fleet.
    limiter: { max: NEVER, duration: 1_000 },
    settings: { backoffStrategy: backoffStrategy(options.retryDelaysMs, options.dice) },
  })
  worker.on('error', (error) => logger.warn({ platform: platform.id, err: error }, 'worker'))
  return worker
}

export type Brake = (until: EpochMs) => Promise<void>

/**
 * Stops the fetching of the whole fleet; once per instant, not once per row. A worker that sleeps is woken to learn of it: BullMQ puts rows that have a
 * priority back without waking anybody, so that they would lie there until some worker looks by itself, seconds later.
 */
export function createBrake(worker: Worker, { clock, redis, platform }: PoolOptions): Brake {
  let brakedUntil: EpochMs = 0
  return async (until) => {
    if (until === brakedUntil && until > clock()) return
    brakedUntil = until
    await worker.rateLimit(Math.max(1, until - clock()))
    await wakeWorker(redis, platform.id)
  }
}
