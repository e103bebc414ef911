import type { Dice } from '@relay/core/backoff'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionId } from '@relay/core/ids'
import type { DeliveryLog } from '@relay/observe/delivery-log'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Http, Platform } from '@relay/platforms/contract'
import { quantumOfRound } from '@relay/queue/fair-order'
import { readPayload } from '@relay/queue/job'
import { openQueue } from '@relay/queue/queues'
import { createUndertaker, type Undertaker } from '@relay/queue/settle'
import { openVerdictQueue } from '@relay/queue/verdicts'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { createLearnedRates, type LearnedRates } from '@relay/state/learned-rates'
import { createLimits, type LimitsInForce } from '@relay/state/limits'
import { noteOutcomes } from '@relay/state/outcome-counts'
import { createTraceWriter, DEFAULT_TRACE_BOUNDS, type TraceBounds, type TraceWriter } from '@relay/state/trace'
import type { KeyRing } from '@relay/vault/key-ring'
import type { Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { createAccounts } from './accounts.ts'
import { createBatchSender } from './batch-sender.ts'
import { createRecorder, type Recorder } from './delivery-record.ts'
import type { Endpoints } from './endpoints.ts'
import { createEndedBuffer, type Ended, type EndedBuffer } from './ended-buffer.ts'
import { jobsAtOnce } from './fetch-ahead.ts'
import { handleJob, noteEnd } from './handle-job.ts'
import { createInquiryHttp } from './inquiry-http.ts'
import { createBrake, createWorker } from './job-worker.ts'
import { createLines, type Lines } from './lines.ts'
import { createTokens } from './tokens.ts'
import { createUnsettled, type Unsettled } from './unsettled.ts'
import { createVerdictPoller } from './verdict-poller.ts'

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
  /** As configured; an operator's limit wins while the pool runs. */
  readonly eventsPerMinute: number
  readonly retryDelaysMs: readonly number[]
  readonly lingerMs: number
  readonly breakerOpenMs: number
  readonly fetchAhead: number
  readonly letterRetentionMs: number
  /** From a taken request to the first look at its later verdict, where the platform has one. @default the platform's own */
  readonly firstLookMs?: number | undefined
  /** How long the return from a maintenance takes, from a quarter of the limit to the whole. @default 60 s */
  readonly rampMs?: number | undefined
  /** What is kept for `relay trace`. @default 1 h, 10,000 requests */
  readonly traceBounds?: TraceBounds | undefined
  /** Absent: no delivery records are written. */
  readonly deliveryLog?: DeliveryLog | undefined
}

export interface Parts extends PoolOptions {
  readonly limits: () => Promise<LimitsInForce>
  readonly learned: LearnedRates
  /** Goes by the limits in force now: fetches so far ahead, and lets rows that wait ask again. */
  readonly applyLimits: () => Promise<void>
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
  readonly trace: TraceWriter
  readonly record: Recorder
}

/** Everything of a pool, wired together; nothing of it runs yet. */
export function assemble(options: PoolOptions): Parts {
  const { platform, redis, clock, logger } = options
  const queue = openQueue(platform.id, redis)
  const undertaker = createUndertaker(redis, queue, platform.id, { ...options, rowsPerRound: quantumOfRound(options.eventsPerMinute) })
  const verdicts = openVerdictQueue(platform.id, redis)
  const limits = createLimits(redis, platform.id, options.eventsPerMinute, {
    clock,
    rampMs: options.rampMs,
    onChange: () => applyLimits(parts),
  })
  const worker = createWorker(options, (job, token) => handleJob(parts, brake, job, token ?? ''))
  const ended = createEndedBuffer(
    (gone) => noteEnded(options, undertaker, gone),
    (error) => logger.debug({ err: error }, 'settled deliveries could not be noted'),
  )
  const unsettled = createUnsettled(clock)
  const learned = createLearnedRates(redis, platform.id, clock)
  const trace = createTraceWriter(redis, platform.id, options.traceBounds ?? DEFAULT_TRACE_BOUNDS, (error) =>
    logger.debug({ platform: platform.id, err: error }, 'the trace could not be written'),
  )
  const record = createRecorder(options.deliveryLog, clock)
  const own = { ...options, trace, record, limits, learned, queue, verdicts, undertaker, ended, unsettled, worker }
  const parts: Parts = { ...own, ...connect(own, options.fetchAhead) }
  const brake = createBrake(worker, options)
  worker.on('completed', (job) => {
    const read = readPayload(job.data)
    if (read.ok) noteEnd(parts, job.id!, { delivery: read.payload.delivery, as: 'delivered' })
  })
  return parts
}

/** The claims and backlog of what ended, and the success rate. */
function noteEnded({ redis, platform, clock }: PoolOptions, undertaker: Undertaker, ended: readonly Ended[]): Promise<unknown> {
  const count = (as: Ended['as']): number => ended.filter((one) => one.as === as).length
  const outcomes = { delivered: count('delivered'), dead: count('dead') }
  const settled = undertaker.noteSettled(ended.map(({ delivery }) => delivery))
  return Promise.all([settled, noteOutcomes(redis, platform.id, outcomes, clock())])
}

function applyLimits({ applyLimits: apply, logger, platform }: Parts): void {
  apply().catch((error: unknown) => logger.debug({ platform: platform.id, err: error }, 'limits could not be applied'))
}

type Own = Omit<Parts, 'lines' | 'workers' | 'applyLimits'>

/** The lines and what they send by, and the poller of later verdicts. */
function connect(own: Own, mostJobs: number): Pick<Parts, 'lines' | 'workers' | 'applyLimits'> {
  const { platform, limits, worker, queue, clock } = own
  const heldConnections = new Map<ConnectionId, EpochMs>()
  const firstLookMs = own.firstLookMs ?? platform.verdict?.firstLookMs ?? 0
  const accounts = createAccounts(own)
  const hands = { accounts, tokens: createTokens({ ...own, accounts }), inquiryHttp: createInquiryHttp(own.http, clock) }
  const sender = createBatchSender({ ...own, ...hands, heldConnections, firstLookMs })
  let inFlight = 0
  const fetchAhead = async (): Promise<void> => {
    worker.concurrency = jobsAtOnce((await limits()).platform, inFlight, mostJobs)
  }
  const lines = createLines({
    ...own,
    accounts,
    heldConnections,
    sender,
    async onInFlight(change) {
      inFlight += change
      await fetchAhead()
    },
  })
  const applyLimits = async (): Promise<void> => {
    await fetchAhead()
    lines.wake()
  }
  const { verdict } = platform
  if (verdict === undefined) return { lines, applyLimits, workers: [worker] }
  const poller = createVerdictPoller({ ...own, ...hands, platform: platform.id, adapter: { ...platform, verdict }, queue, firstLookMs })
  return { lines, applyLimits, workers: [worker, poller] }
}
