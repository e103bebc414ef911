import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { DeliveryError } from '@relay/core/errors'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Http, LaterVerdict, Platform, VerdictReading } from '@relay/platforms/contract'
import type { JobPayload } from '@relay/queue/job'
import {
  condemnDelivery,
  dropVerdictRecord,
  readVerdictRecord,
  recallDeliveries,
  type VerdictJob,
  type VerdictRecord,
  verdictQueueName,
} from '@relay/queue/verdicts'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { keys } from '@relay/state/keys'
import type { TraceWriter } from '@relay/state/trace'
import { noteOutcomes } from '@relay/state/outcome-counts'
import { noteRow } from '@relay/state/tracked-batches'
import { DelayedError, type Job, type Queue, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { type Accounts, isRedisFault } from './accounts.ts'
import type { Recorder } from './delivery-record.ts'
import { type SignalContext, suspendConnection, suspensionFrom } from './signals.ts'
import type { Tokens } from './tokens.ts'
import { traceVerdict } from './trace-batch.ts'

/*
 * Asks for later verdicts (libs/queue/src/verdicts.ts tells their life): a small BullMQ worker beside the pool, one look per job. Where the platform has
 * not judged yet, or cannot be asked, the job waits twice as long as before, 6 h at most; after a day the events stay as accepted.
 */

export interface VerdictPollerContext extends SignalContext {
  readonly adapter: Platform & { readonly verdict: LaterVerdict }
  readonly redis: Redis
  readonly queue: Queue
  readonly http: Http
  readonly directory: ConnectionDirectory
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
  readonly retryDelaysMs: readonly number[]
  readonly letterRetentionMs: number
  readonly firstLookMs: number
  readonly trace: TraceWriter
  readonly record: Recorder
}

const LOOKS_AT_ONCE = 2
/** A look whose process died is taken up by another one within about 15 s. */
const LOCK_MS = 6_000
const STALLED_EVERY_MS = 5_000
const GIVE_UP_MS = 24 * 3_600_000
const LONGEST_PAUSE_MS = 6 * 3_600_000

/** When to look again: as long after the last look as that was after sending, so the pauses double; undefined where a day is over. Pure. */
export function nextLook(sentAt: EpochMs, now: EpochMs, firstLookMs: number): EpochMs | undefined {
  if (now - sentAt >= GIVE_UP_MS) return undefined
  return now + Math.min(Math.max(now - sentAt, firstLookMs, 1), LONGEST_PAUSE_MS)
}

export function createVerdictPoller(context: VerdictPollerContext): Worker {
  const worker = new Worker(verdictQueueName, (job, token) => look(context, job as Job<VerdictJob>, token ?? ''), {
    prefix: keys.queuePrefix(context.platform),
    connection: context.redis,
    autorun: false,
    concurrency: LOOKS_AT_ONCE,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_EVERY_MS,
    maxStalledCount: 1_000_000_000,
    runRetryDelay: 1_000,
  })
  worker.on('error', (error) => context.logger.warn({ platform: context.platform, err: error }, 'verdict poller'))
  return worker
}

async function look(context: VerdictPollerContext, job: Job<VerdictJob>, token: string): Promise<void> {
  try {
    await lookOnce(context, job, token)
  } catch (error) {
    if (error instanceof DelayedError || error instanceof WaitingError) throw error
    if (isRedisFault(error)) throw new WaitingError()
    context.logger.error({ platform: context.platform, request_id: job.data.requestId, err: error }, 'a verdict could not be handled')
    await lookAgain(context, job, token)
  }
}

async function lookOnce(context: VerdictPollerContext, job: Job<VerdictJob>, token: string): Promise<void> {
  const { redis, platform, logger } = context
  const { requestId, connectionId, count } = job.data
  const record = await readVerdictRecord(redis, platform, requestId)
  const connection = await context.directory.find(connectionId)
  if (record === undefined || connection === undefined) return
  const reading = await readVerdict(context, connection, job.data, record)
  const line = { platform, connection_id: connectionId, platform_request_id: requestId, events: count, verdict: reading.kind }
  if (reading.kind === 'pending' || reading.kind === 'unavailable') {
    logger.info(line, 'verdict')
    return lookAgain(context, job, token)
  }
  if (reading.kind === 'final') {
    const moved = await book(context, connection, requestId, record, reading)
    logger.info(
      { ...line, ...moved, states: reading.summary.states, reasons: reading.summary.reasons, unnamed: reading.summary.unnamed },
      'verdict',
    )
  } else logger.warn({ ...line, code: reading.error.code }, 'there will be no verdict: the events stay as accepted')
  traceVerdict(context, connection, requestId, { kept: record, reading }, context.clock())
  await dropVerdictRecord(redis, platform, requestId)
}

async function lookAgain(
  { clock, firstLookMs, logger, platform, redis }: VerdictPollerContext,
  job: Job<VerdictJob>,
  token: string,
): Promise<void> {
  const at = nextLook(job.data.sentAt, clock(), firstLookMs)
  if (at === undefined) {
    logger.warn({ platform, platform_request_id: job.data.requestId }, 'no verdict within a day: the events stay as accepted')
    return dropVerdictRecord(redis, platform, job.data.requestId)
  }
  await job.moveToDelayed(at, token)
  throw new DelayedError()
}

/** Bodies as they were sent: made again from the same events and settings. */
async function readVerdict(
  context: VerdictPollerContext,
  connection: Connection,
  job: VerdictJob,
  record: VerdictRecord,
): Promise<VerdictReading> {
  const { adapter, http, clock, retryDelaysMs } = context
  const sent: JsonObject[] = Array.from({ length: job.count }, (_, place) => {
    const payload = record.payloads.get(place)
    const encoded = payload === undefined ? undefined : adapter.encodeEvent(payload.delivery.event, record.settings)
    return encoded?.kind === 'body' ? encoded.body : {}
  })
  try {
    const account = await context.tokens.equip(await context.accounts.open(connection), connection)
    const answer = await http.send(adapter.verdict.request(job.requestId, account))
    const { settings } = record
    return adapter.verdict.classify(answer, sent, {
      now: clock(),
      settings,
      credentialsSavedAt: connection.credentialsSavedAt,
      retryDelaysMs,
    })
  } catch (error) {
    if (error instanceof DeliveryError) return { kind: 'unavailable', error: error.detail }
    throw error
  }
}

interface Moved {
  readonly rejected: number
  readonly recalled: number
}

async function book(
  context: VerdictPollerContext,
  connection: Connection,
  requestId: string,
  record: VerdictRecord,
  reading: Extract<VerdictReading, { kind: 'final' }>,
): Promise<Moved> {
  const { redis, platform, queue, clock } = context
  const rows = [...record.payloads].map(([place, payload]) => ({ place, payload, outcome: reading.outcomes[place] }))
  let rejected = 0
  for (const { place, payload, outcome } of rows) {
    if (outcome?.kind !== 'reject') continue
    const row = { place, payload, error: outcome.error, exhausted: false }
    if (!(await condemnDelivery(redis, platform, requestId, row, context))) continue
    rejected += 1
    const { code, message } = outcome.error
    await noteRow(redis, payload.delivery, { kind: 'failed', code, message }, { isVerdict: true })
    context.metrics.deliveriesDeadLettered.inc({ platform, code: outcome.error.code })
  }
  const again = rows.flatMap(({ place, payload, outcome }) =>
    isPutOff(outcome) ? [{ place, payload, until: untilOf(outcome, payload, clock()) }] : [],
  )
  // Before they are back in the queue, where a worker may be quick.
  for (const { payload } of again) await noteRow(redis, payload.delivery, { kind: 'pending' }, { isVerdict: true })
  await noteOutcomes(redis, platform, { delivered: 0, dead: rejected }, clock())
  const recalled = await recallDeliveries(queue, platform, requestId, again, { redis, clock })
  const fault = suspensionFrom(reading.outcomes)
  if (fault !== undefined) await suspendConnection(context, connection, fault)
  return { rejected, recalled }
}

type PutOff = Extract<EventOutcome, { kind: 'hold' | 'retry' }>

const isPutOff = (outcome: EventOutcome | undefined): outcome is PutOff => outcome?.kind === 'hold' || outcome?.kind === 'retry'

/** Never past the delivery's deadline: the pool then says that it is too old. */
const untilOf = (outcome: PutOff, { delivery }: JobPayload, now: EpochMs): EpochMs =>
  outcome.kind === 'hold' ? Math.min(outcome.until, delivery.deadlineAt) : now
