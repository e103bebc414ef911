import type { EpochMs } from '@relay/core/clock'
import { keys } from '@relay/state/keys'
import { alignBrake } from '@relay/queue/brake'
import { wakeWorker } from '@relay/queue/wake'
import { type Job, Worker } from 'bullmq'
import { jobsAtOnce } from './fetch-ahead.ts'
import type { PoolOptions } from './pool-parts.ts'
import { backoffStrategy } from './settle.ts'

/** Recovery of a dead process's jobs within 8 s; the loop may block 3 s. */
const LOCK_MS = 6_000
const STALLED_EVERY_MS = 1_000
const NEVER = 1_000_000_000
/** A braked worker looks again so often, so that the end of a hold is felt at once by all of them. */
const LOOK_AGAIN_MS = 1_000

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
    maximumRateLimitDelay: LOOK_AGAIN_MS,
    metrics: { maxDataPoints: 1 },
    // Never binds: it is what lets a hold of the platform stop the fetching of the whole fleet.
    limiter: { max: NEVER, duration: 1_000 },
    settings: { backoffStrategy: backoffStrategy(options.retryDelaysMs, options.dice) },
  })
  worker.on('error', (error) => logger.warn({ platform: platform.id, err: error }, 'worker'))
  return worker
}

/** `runs`: what was waited for is over already, and nothing else holds the fleet. */
export type Brake = (until: EpochMs) => Promise<'runs' | 'waits'>

/** Rows of one hold come back within this time, in ms; after it the fleet may have been let go and stopped for the same instant again. */
const ONCE_WITHIN_MS = 1_000
/** A hold that ends this soon may as well end by itself, in ms: between two probes of a breaker nothing else stands in Redis. */
const SHORT_MS = 2_000

/**
 * Stops the fetching of the whole fleet; once per instant, not once per row. A longer hold is set to what Redis says is in force, since an operator may have
 * ended it while the rows were on their way back. A worker that sleeps is woken to learn of it: BullMQ puts rows that have a priority back without waking
 * anybody, so that they would lie there until some worker looks by itself, seconds later.
 */
export function createBrake(worker: Worker, { clock, redis, platform }: PoolOptions): Brake {
  let last: { readonly until: EpochMs; readonly at: EpochMs; readonly done: ReturnType<Brake> } | undefined
  async function brake(leftMs: number): ReturnType<Brake> {
    if (leftMs > SHORT_MS) return alignBrake(redis, platform.id)
    await worker.rateLimit(Math.max(1, leftMs))
    await wakeWorker(redis, platform.id)
    return 'waits'
  }
  return (until) => {
    const now = clock()
    if (last !== undefined && until === last.until && until > now && Math.abs(now - last.at) < ONCE_WITHIN_MS) return last.done
    last = { until, at: now, done: brake(until - now) }
    return last.done
  }
}
