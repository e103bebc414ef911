import type { Accept } from '@relay/accept/accept'
import type { Clock } from '@relay/core/clock'
import { RequestError } from '@relay/core/request-errors'
import type { Logger } from '@relay/observe/logger'
import { buryInbox, type InboxRefusal } from '@relay/queue/inbox-letters'
import { keys } from '@relay/state/keys'
import type { KeyRing } from '@relay/vault/key-ring'
import { DelayedError, type Job, type JobJson, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { UNREADABLE } from './read-inbox-job.ts'
import { takeInboxJob } from './take-inbox-job.ts'

/*
 * The same door for producers that push to Redis.
 *
 * 1. A job of queue `inbox` is taken in like a request. Good events are claimed and enqueued, bad ones become sealed letters; then the job is removed at
 *    once, whatever its own options say, since it holds what its producer wrote in clear.
 * 2. Redis full or away, or the tenant past its quota: the job waits and comes again. No attempt is used, and nothing ever reaches BullMQ's failed set.
 * 3. A fault of ours: it waits and comes again, a few times; then it is buried as a whole, so that one job can't stand in the way of others for ever.
 */

export interface InboxOptions {
  /** With patience `wait`, as BullMQ demands of a worker's connection. Owned by the caller. */
  readonly redis: Redis
  readonly accept: Accept
  readonly keyRing: KeyRing
  readonly maxEvents: number
  readonly clock: Clock
  readonly log: Logger
}

export interface Inbox {
  readonly isRunning: boolean
  /** Resolves when what is in hand is finished, or after `withinMs`: what is left then is taken again by another process. */
  close(withinMs: number): Promise<void>
}

const CONCURRENCY = 4
const FAULT_DELAY_MS = 5_000
const CLOSE_WITHOUT_REDIS_MS = 500
const MAX_FAULTS = 5
/** How often a job's process may die with it in hand: by accident a few times, by the job's doing every time. */
const MAX_STALLS = 10

/** A job whose data is no JSON would come back for ever: BullMQ can't even make a Job of it. */
class InboxWorker extends Worker {
  protected override createJob(data: JobJson, jobId: string): Job {
    try {
      return super.createJob(data, jobId)
    } catch {
      return super.createJob({ ...data, data: JSON.stringify({ [UNREADABLE]: data.data }) }, jobId)
    }
  }
}

export function startInbox(options: InboxOptions): Inbox {
  const { redis, clock, log } = options
  const take = createTaker(options)

  async function process(job: Job, token: string | undefined): Promise<void> {
    job.opts.removeOnComplete = true
    try {
      await take(job)
    } catch (error) {
      const waitMs = error instanceof RequestError ? (error.retryAfterSeconds ?? 1) * 1_000 : FAULT_DELAY_MS
      await job.moveToDelayed(clock() + waitMs, token)
      throw new DelayedError()
    }
  }

  const worker = new InboxWorker('inbox', process, {
    connection: redis,
    prefix: keys.queuePrefix('inbox'),
    concurrency: CONCURRENCY,
    lockDuration: 6_000,
    stalledInterval: 1_000,
    maxStalledCount: 1e9,
    runRetryDelay: 1_000,
    skipVersionCheck: true,
  })
  let lastError = ''
  worker.on('error', (error) => {
    // While Redis is away the same error comes with every try.
    if (error.message !== lastError) log.warn({ err: error }, 'inbox')
    lastError = error.message
  })
  worker.on('active', () => {
    lastError = ''
  })
  return {
    get isRunning() {
      return worker.isRunning()
    },
    // Without Redis nothing in hand can be finished.
    close: (withinMs) => closeWithin(worker, redis.status === 'ready' ? withinMs : Math.min(withinMs, CLOSE_WITHOUT_REDIS_MS)),
  }
}

/** Takes one job in. What it throws means: later again. */
function createTaker({ redis, accept, keyRing, maxEvents, clock, log }: InboxOptions): (job: Job) => Promise<void> {
  const faults = new Map<string, number>()

  async function bury(refusals: readonly InboxRefusal[]): Promise<void> {
    await buryInbox(redis, keyRing, refusals, clock())
    const codes = [...new Set(refusals.map(({ error }) => error.code))]
    log.warn({ job: refusals[0]?.jobId, letters: refusals.length, codes }, 'inbox letters')
  }

  async function buryWhole(job: Job, code: 'INTERNAL' | 'POISONOUS', message: string): Promise<void> {
    const body: unknown = job.data
    await bury([{ tenantId: undefined, jobId: job.id!, index: undefined, eventName: undefined, error: { code, message }, body }])
  }

  return async (job) => {
    const jobId = job.id!
    if (job.stalledCounter >= MAX_STALLS) return buryWhole(job, 'POISONOUS', 'The process that took the job in died each time')
    try {
      await takeInboxJob(jobId, job.data, { accept, maxEvents, bury })
    } catch (error) {
      if (error instanceof RequestError) throw error
      const count = (faults.get(jobId) ?? 0) + 1
      faults.set(jobId, count)
      log.error({ err: error, job: jobId, count }, 'an inbox job could not be taken in')
      if (count < MAX_FAULTS) throw error
      await buryWhole(job, 'INTERNAL', 'The job could not be taken in, which is a fault of ours')
    }
    faults.delete(jobId)
  }
}

/** BullMQ's close waits for what is in hand without limit, and a second call with force only joins the first. */
async function closeWithin(worker: Worker, withinMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, withinMs)
  await Promise.race([worker.close(), late])
  clearTimeout(timer)
}
