import type { Dice } from '@relay/core/backoff'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import { DeliveryError } from '@relay/core/errors'
import type { ConnectionId } from '@relay/core/ids'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Http, Platform } from '@relay/platforms/contract'
import { quantumOfRound } from '@relay/queue/fair-order'
import { readPayload } from '@relay/queue/job'
import { openQueue } from '@relay/queue/queues'
import { createUndertaker, type Undertaker } from '@relay/queue/settle'
import { wakeWorker } from '@relay/queue/wake'
import { openVerdictQueue } from '@relay/queue/verdicts'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { markDelivered } from '@relay/state/delivered-marks'
import { keys } from '@relay/state/keys'
import type { KeyRing } from '@relay/vault/key-ring'
import { DelayedError, type Job, type Queue, RateLimitError, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { createAccounts, isRedisFault } from './accounts.ts'
import { createBatchSender } from './batch-sender.ts'
import type { Endpoints } from './endpoints.ts'
import { createEndedBuffer, type EndedBuffer } from './ended-buffer.ts'
import { jobsAtOnce } from './fetch-ahead.ts'
import { createInquiryHttp } from './inquiry-http.ts'
import { createLines, type Lines } from './lines.ts'
import { outcomeOf, type RowResult, TOO_OLD } from './row.ts'
import { backoffStrategy, settle } from './settle.ts'
import { createTokens } from './tokens.ts'
import { createUnsettled, type Unsettled } from './unsettled.ts'
import { createVerdictPoller } from './verdict-poller.ts'

/*
 * One platform's pool in one process: a stock BullMQ worker whose processor puts each job into the line of its connection and waits for the
 * row's own result. So every delivery stays an ordinary job, and partial success needs no special case.
 */

export interface PoolOptions {
  readonly platform: Platform
  readonly redis: Redis
  readonly keyRing: KeyRing
  readonly http: Http
  readonly directory: ConnectionDirectory
  readonly endpoints: Endpoints
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  readonly dice: Dice
  readonly processId: string
  readonly eventsPerMinute: number
  readonly retryDelaysMs: readonly number[]
  readonly lingerMs: number
  readonly breakerOpenMs: number
  readonly fetchAhead: number
  readonly letterRetentionMs: number
  /** From a taken request to the first look at its later verdict, where the platform has one. @default the platform's own */
  readonly firstLookMs?: number | undefined
}

export interface Pool {
  /** Fetches from now on. */
  start(): Promise<void>
  /** Stops fetching, gives back what was not sent, waits `withinMs` for what is in flight, and leaves the rest to recovery. */
  close(withinMs: number): Promise<void>
  readonly isRunning: boolean
}

/** Recovery of a dead process's jobs within 8 s; the loop may block 3 s (QUEUE-ENGINEERING section 6). */
// `skipVersionCheck` must stay off: BullMQ then takes the server for an old one and waits for due jobs in whole seconds.
const LOCK_MS = 6_000
const STALLED_EVERY_MS = 1_000
const NEVER = 1_000_000_000

export function createPool(options: PoolOptions): Pool {
  const parts = assemble(options)
  const { lines, unsettled, logger, redis, platform } = parts
  const marking = setInterval(() => {
    const suspicious = unsettled.takeSuspicious()
    if (suspicious.length === 0) return
    markDelivered(redis, platform.id, suspicious).catch((error: unknown) =>
      logger.warn({ err: error }, 'delivered marks could not be written'),
    )
  }, MARK_EVERY_MS)
  marking.unref()
  return {
    async start() {
      for (const each of parts.workers) {
        await each.waitUntilReady()
        void each.run().catch((error: unknown) => logger.error({ platform: platform.id, err: error }, 'worker stopped'))
      }
    },
    async close(withinMs) {
      lines.close()
      if (!(await closesWithin(parts.workers, withinMs))) {
        logger.warn({ platform: platform.id }, 'shutdown took too long: what is in flight is left to recovery')
        await Promise.all(parts.workers.map((each) => each.close(true)))
      }
      clearInterval(marking)
      await parts.ended.flush()
      await Promise.all([parts.queue.close(), parts.verdicts.close()])
    },
    get isRunning() {
      return parts.workers.every((worker) => worker.isRunning())
    },
  }
}

const MARK_EVERY_MS = 500

async function closesWithin(workers: readonly Worker[], withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), withinMs)
  const closed = await Promise.race([Promise.all(workers.map((worker) => worker.close())).then(() => true), late.promise])
  clearTimeout(timer)
  return closed
}

interface Parts extends PoolOptions {
  readonly queue: Queue
  readonly verdicts: Queue
  /** The one that drains the queue. */
  readonly worker: Worker
  /** That one, and the poller of later verdicts where the platform has them. */
  readonly workers: readonly Worker[]
  readonly lines: Lines
  readonly unsettled: Unsettled
  readonly undertaker: Undertaker
  readonly ended: EndedBuffer
}

/** Everything of a pool, wired together; nothing of it runs yet. */
function assemble(options: PoolOptions): Parts {
  const { platform, redis, clock, logger } = options
  const queue = openQueue(platform.id, redis)
  const undertaker = createUndertaker(redis, queue, platform.id, { ...options, rowsPerRound: quantumOfRound(options.eventsPerMinute) })
  const heldConnections = new Map<ConnectionId, EpochMs>()
  const verdicts = openVerdictQueue(platform.id, redis)
  const firstLookMs = options.firstLookMs ?? platform.verdict?.firstLookMs ?? 0
  const hands = { accounts: createAccounts(options), tokens: createTokens(options), inquiryHttp: createInquiryHttp(options.http, clock) }
  const sender = createBatchSender({ ...options, ...hands, heldConnections, verdicts, firstLookMs })
  const worker = createWorker(options, (job, token) => process(parts, brake, job, token ?? ''))
  const { verdict } = platform
  const judged = verdict === undefined ? undefined : { ...platform, verdict }
  const poller = judged && createVerdictPoller({ ...options, ...hands, platform: platform.id, adapter: judged, queue, firstLookMs })
  let inFlight = 0
  const lines = createLines({
    ...options,
    heldConnections,
    sender,
    onInFlight(change) {
      inFlight += change
      worker.concurrency = jobsAtOnce(options.eventsPerMinute, inFlight, options.fetchAhead)
    },
  })
  const ended = createEndedBuffer(
    (deliveries) => undertaker.noteSettled(deliveries),
    (error) => logger.debug({ err: error }, 'settled deliveries could not be noted'),
  )
  const parts: Parts = {
    ...options,
    queue,
    verdicts,
    lines,
    undertaker,
    ended,
    unsettled: createUnsettled(clock),
    worker,
    workers: poller === undefined ? [worker] : [worker, poller],
  }
  const brake = createBrake(parts)
  worker.on('completed', (job) => {
    const read = readPayload(job.data)
    if (read.ok) noteEnd(parts, job.id!, read.payload.delivery)
  })
  return parts
}

function createWorker(options: PoolOptions, processor: (job: Job, token?: string) => Promise<void>): Worker {
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

type Brake = (until: EpochMs) => Promise<void>

/**
 * Stops the fetching of the whole fleet; once per instant, not once per row. A worker that sleeps is woken to learn of it: BullMQ puts rows that have a
 * priority back without waking anybody, so that they would lie there until some worker looks by itself, seconds later.
 */
function createBrake({ worker, clock, redis, platform }: Parts): Brake {
  let brakedUntil: EpochMs = 0
  return async (until) => {
    if (until <= brakedUntil) return
    brakedUntil = until
    await worker.rateLimit(Math.max(1, until - clock()))
    await wakeWorker(redis, platform.id)
  }
}

/** What BullMQ calls for each job. Only what `settle` throws reaches it; any other fault leaves the job to recovery, as no attempt. */
async function process(parts: Parts, brake: Brake, job: Job, token: string): Promise<void> {
  try {
    await handle(parts, brake, job, token)
  } catch (error) {
    if (error instanceof WaitingError || error instanceof DelayedError || error instanceof RateLimitError || error instanceof DeliveryError)
      throw error
    if (!isRedisFault(error))
      parts.logger.error({ platform: parts.platform.id, job_id: job.id, err: error }, 'a delivery could not be handled')
    throw new WaitingError()
  }
}

async function handle(parts: Parts, brake: Brake, job: Job, token: string): Promise<void> {
  const { platform, logger, undertaker, keyRing } = parts
  const read = readPayload(job.data)
  if (!read.ok) {
    logger.error({ platform: platform.id, job_id: job.id, path: read.path, reason: read.reason }, 'unreadable job buried')
    await undertaker.buryUnreadable(job, token, { path: read.path, reason: read.reason, keyRing })
    throw new WaitingError()
  }
  const { delivery, generation } = read.payload
  const result = await resultOf(parts, job, delivery, generation)
  if (result.kind === 'back' && result.until !== undefined) await brake(result.until)
  if (result.kind === 'outcome' && result.outcome.kind === 'delivered') parts.unsettled.add(job.id!, delivery.id)
  const context = {
    ...parts,
    platform: platform.id,
    wake: () => wakeWorker(parts.redis, platform.id),
    onEnded: (jobId: string, gone: Delivery) => noteEnd(parts, jobId, gone),
  }
  await settle(context, { job, token, delivery, generation }, result)
}

function noteEnd({ unsettled, ended }: Parts, jobId: string, delivery: Delivery): void {
  unsettled.settled(jobId)
  ended.add(delivery)
}

async function resultOf({ lines, clock }: Parts, job: Job, delivery: Delivery, generation: number): Promise<RowResult> {
  if (delivery.deadlineAt <= clock()) return outcomeOf({ kind: 'reject', error: TOO_OLD })
  return lines.join({ delivery, generation, maybeSentBefore: job.attemptsStarted > 1 || job.stalledCounter > 0 })
}
