import { type Dice, maxAttempts, retryDelayMs } from '@relay/core/backoff'
import type { Clock } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import { DeliveryError, type ErrorDetail } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Attempt } from '@relay/queue/letter'
import type { Undertaker } from '@relay/queue/settle'
import type { RowState } from '@relay/state/tracked-batches'
import { readWaits } from '@relay/queue/waits'
import { DelayedError, type Job, RateLimitError, WaitingError } from 'bullmq'
import type { Recorder } from './delivery-record.ts'
import type { Ended } from './ended-buffer.ts'
import type { RowAttempt, RowResult } from './row.ts'
import { AMBIGUOUS } from './suspicion.ts'

/*
 * The end of a row's stay in this worker: its result becomes what BullMQ is told.
 *
 *   delivered  the processor returns, and BullMQ settles and fetches in one step; a replayed one turns its letter
 *   retry      the processor throws, BullMQ delays by our backoff and counts the attempt; after the last one it is buried
 *   hold       delayed until its own instant, attempt not counted
 *   reject     buried: letter and end of the job in one step
 *   skip       counted, job gone
 *   back       into the queue, untouched
 */

export interface SettleContext {
  readonly platform: Delivery['platform']
  readonly undertaker: Undertaker
  readonly clock: Clock
  readonly dice: Dice
  readonly metrics: Metrics
  readonly logger: Logger
  readonly retryDelaysMs: readonly number[]
  /** Wakes a worker that sleeps: there is something to fetch again. */
  wake(): Promise<void>
  /** Puts on record what became of it. */
  readonly record: Recorder
  /** The delivery has ended for good. */
  onEnded(jobId: string, ended: Ended): void
  /** What becomes of a row of a tracked batch, told before its job is let go. Never rejects. */
  noteRow(delivery: Delivery, state: RowState): Promise<void>
}

/** Thrown for a retry: carries how long the platform asked to wait. */
export class RetryError extends DeliveryError {
  readonly retryAfterMs: number | undefined

  constructor(detail: ErrorDetail, retryAfterMs: number | undefined) {
    super(detail)
    this.name = 'RetryError'
    this.retryAfterMs = retryAfterMs
  }
}

/** BullMQ's backoffStrategy: the table's delay, or what the platform asked for if that is longer. */
export const backoffStrategy =
  (retryDelaysMs: readonly number[], dice: Dice) =>
  (attemptsMade: number, _type?: string, error?: Error): number =>
    Math.max(retryDelayMs(retryDelaysMs, attemptsMade, dice), error instanceof RetryError ? (error.retryAfterMs ?? 0) : 0)

/** Held rows of one cause come back over this span, in ms, so that they are no herd. Rows that a limit holds have slots, and come back together to travel together. */
const RETURN_SPREAD_MS = 1_000

interface Settling {
  readonly job: Job
  readonly token: string
  readonly delivery: Delivery
  readonly generation: number
}

/** Resolves for a delivered row; throws what tells BullMQ to leave the job to us, or to retry it. */
export async function settle(context: SettleContext, settling: Settling, result: RowResult): Promise<void> {
  if (result.kind === 'back') return giveBack(context, settling, result)
  const { outcome, attempt } = result
  switch (outcome.kind) {
    case 'delivered':
      return delivered(context, settling, outcome, attempt)
    case 'retry':
      return retry(context, settling, outcome, attempt)
    case 'hold':
      return hold(context, settling, outcome, attempt)
    case 'reject':
      return bury(context, settling, outcome.error, { exhausted: false, attempt })
    case 'skip':
      return skip(context, settling, outcome.error)
  }
}

async function giveBack(context: SettleContext, { job, token }: Settling, result: Extract<RowResult, { kind: 'back' }>): Promise<never> {
  if (result.code !== undefined) context.metrics.deliveriesHeld.inc({ platform: context.platform, code: result.code })
  if (result.until !== undefined) throw new RateLimitError()
  await job.moveToWait(token)
  await context.wake()
  throw new WaitingError()
}

async function delivered(
  context: SettleContext,
  settling: Settling,
  { platformRequestId }: Taken,
  attempt: RowAttempt | undefined,
): Promise<void> {
  const { job, token, delivery, generation } = settling
  context.record({ delivery, outcome: 'delivered', platformRequestId, attempt, waits: readWaits(job.progress) })
  context.metrics.deliveriesDelivered.inc({ platform: context.platform })
  context.metrics.deliveryLatency.observe({ platform: context.platform }, (context.clock() - delivery.receivedAt) / 1_000)
  if (delivery.batchIndex !== undefined) await context.noteRow(delivery, { kind: 'processed' })
  if (generation === 0) return
  if ((await context.undertaker.deliverLetter(job, token, delivery)) === 'ended') context.onEnded(job.id!, { delivery, as: 'delivered' })
  throw new WaitingError()
}

async function retry(context: SettleContext, settling: Settling, outcome: Retry, attempt: RowAttempt | undefined): Promise<never> {
  const { job, delivery } = settling
  if (job.attemptsMade + 1 >= maxAttempts(context.retryDelaysMs)) {
    return bury(context, settling, outcome.error, { exhausted: true, attempt })
  }
  if (outcome.resendOnce === true && (await countBefore(context, delivery, outcome.error)) > 0) {
    return bury(context, settling, { ...AMBIGUOUS, ...codesOf(outcome.error) }, { exhausted: false, attempt })
  }
  context.record({ delivery, outcome: 'retry', error: outcome.error, attempt })
  context.metrics.deliveriesRetried.inc({ platform: context.platform, code: outcome.error.code })
  await context.undertaker.noteAttempt(delivery.id, attemptOf(outcome.error, attempt, context.clock()))
  throw new RetryError(outcome.error, outcome.retryAfterMs)
}

type Taken = Extract<EventOutcome, { kind: 'delivered' }>
type Retry = Extract<EventOutcome, { kind: 'retry' }>
type Hold = Extract<EventOutcome, { kind: 'hold' }>

const codesOf = ({ platformCode, platformRequestId }: ErrorDetail) => ({
  ...(platformCode === undefined ? {} : { platformCode }),
  ...(platformRequestId === undefined ? {} : { platformRequestId }),
})

/** How often this delivery has met the same answer before. */
async function countBefore({ undertaker }: SettleContext, delivery: Delivery, error: ErrorDetail): Promise<number> {
  const attempts = await undertaker.readAttempts(delivery.id)
  return attempts.filter(({ code, platform_code }) => code === error.code && platform_code === error.platformCode).length
}

/** A platform may put an event off so often; then it is given up, with the platform's reason. */
const DEFERRALS_MAX = 3

async function hold(context: SettleContext, settling: Settling, outcome: Hold, attempt: RowAttempt | undefined): Promise<never> {
  const { job, token, delivery } = settling
  const { error } = outcome
  if (error.code === 'DEFERRED_BY_PLATFORM') {
    if ((await countBefore(context, delivery, error)) >= DEFERRALS_MAX) return bury(context, settling, error, { exhausted: true, attempt })
    await context.undertaker.noteAttempt(delivery.id, attemptOf(error, attempt, context.clock()))
  }
  // A hold without a request is told by the job, and by whatever becomes of it.
  if (attempt !== undefined) context.record({ delivery, outcome: 'hold', error, attempt })
  context.metrics.deliveriesHeld.inc({ platform: context.platform, code: error.code })
  const spreadMs = error.code === 'RATE_LIMITED' ? 0 : Math.ceil(context.dice() * RETURN_SPREAD_MS)
  const until = Math.max(outcome.until, context.clock()) + spreadMs
  await context.undertaker.hold(job, token, { until, connectionId: delivery.connectionId, code: error.code })
  throw new DelayedError()
}

async function bury(
  context: SettleContext,
  { job, token, delivery }: Settling,
  error: ErrorDetail,
  end: { readonly exhausted: boolean; readonly attempt: RowAttempt | undefined },
): Promise<never> {
  const { attempt, exhausted } = end
  if (delivery.batchIndex !== undefined) await context.noteRow(delivery, { kind: 'failed', code: error.code, message: error.message })
  const ended = await context.undertaker.bury(job, token, {
    delivery,
    error,
    exhausted,
    ambiguous: attempt?.maybeTaken === true || error.code === 'AMBIGUOUS',
    ...(attempt === undefined ? {} : { attempt: attemptOf(error, attempt, context.clock()) }),
  })
  if (attempt?.maybeTaken === true) context.metrics.deliveriesAmbiguous.inc({ platform: context.platform })
  if (ended === 'ended') {
    context.record({ delivery, outcome: 'dead', error, attempt, waits: readWaits(job.progress) })
    context.metrics.deliveriesDeadLettered.inc({ platform: context.platform, code: error.code })
    context.onEnded(job.id!, { delivery, as: 'dead' })
  }
  throw new WaitingError()
}

async function skip(context: SettleContext, { job, token, delivery }: Settling, error: ErrorDetail): Promise<never> {
  if (delivery.batchIndex !== undefined) await context.noteRow(delivery, { kind: 'skipped' })
  if ((await context.undertaker.skip(job, token)) === 'ended') {
    context.record({ delivery, outcome: 'skip', error })
    context.metrics.deliveriesSkipped.inc({ platform: context.platform, code: error.code })
    context.onEnded(job.id!, { delivery, as: 'skipped' })
  }
  throw new WaitingError()
}

function attemptOf(error: ErrorDetail, attempt: RowAttempt | undefined, now: number): Attempt {
  return {
    at: attempt?.startedAt ?? now,
    code: error.code,
    message: error.message,
    ...(error.platformCode === undefined ? {} : { platform_code: error.platformCode }),
    ...(error.platformRequestId === undefined ? {} : { platform_request_id: error.platformRequestId }),
    ...(attempt === undefined ? {} : { duration_ms: attempt.durationMs, maybe_taken: attempt.maybeTaken }),
  }
}
