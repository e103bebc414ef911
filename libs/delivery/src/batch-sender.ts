import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId } from '@relay/core/ids'
import type { EventOutcome } from '@relay/core/outcome'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Http, Platform } from '@relay/platforms/contract'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { endFlight, startFlight } from '@relay/state/flights'
import type { LearnedRates } from '@relay/state/learned-rates'
import type { LimitsInForce } from '@relay/state/limits'
import { askRate } from '@relay/state/rate-limit'
import type { TraceWriter } from '@relay/state/trace'
import { keepForVerdict } from '@relay/queue/verdicts'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { type Accounts, isRedisFault } from './accounts.ts'
import { countWarnings } from './count-warnings.ts'
import { deliver } from './deliver.ts'
import { outcomeOfConnection } from './gates.ts'
import { learn } from './learn.ts'
import { ratesOf } from './rates.ts'
import { outcomeOf, type Row, type RowResult } from './row.ts'
import type { Sent } from './send-request.ts'
import { connectionHoldFrom, pauseFrom, pauseQueue, reportHealth, suspendConnection, suspensionFrom } from './signals.ts'
import type { Tokens } from './tokens.ts'
import { traceBatch } from './trace-batch.ts'

export interface BatchSenderContext {
  readonly platform: Platform
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly http: Http
  readonly inquiryHttp: Http
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
  readonly processId: string
  readonly retryDelaysMs: readonly number[]
  readonly breakerOpenMs: number
  readonly limits: () => Promise<LimitsInForce>
  readonly learned: LearnedRates
  /** The queue of later verdicts. */
  readonly verdicts: Queue
  readonly firstLookMs: number
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly heldConnections: Map<ConnectionId, EpochMs>
  readonly trace: TraceWriter
}

export interface BatchSender {
  /** One result per row, in order. Never rejects: a fault of ours is an outcome, one of Redis gives the rows back. */
  send(connectionId: ConnectionId, rows: readonly Row[], probeId: string | undefined): Promise<RowResult[]>
}

export function createBatchSender(context: BatchSenderContext): BatchSender {
  return {
    async send(connectionId, rows, probeId) {
      try {
        return await sendBatch(context, connectionId, rows, probeId)
      } catch (error) {
        if (isRedisFault(error)) return rows.map(() => ({ kind: 'back', until: undefined, code: undefined }))
        context.logger.error({ platform: context.platform.id, connection_id: connectionId, err: error }, 'a batch could not be sent')
        return rows.map(() => outcomeOf({ kind: 'retry', error: OUR_FAULT }))
      }
    },
  }
}

const OUR_FAULT = { code: 'INTERNAL', message: 'The relay itself failed on this batch; its log has the cause' } as const

async function sendBatch(
  context: BatchSenderContext,
  connectionId: ConnectionId,
  rows: readonly Row[],
  probeId: string | undefined,
): Promise<RowResult[]> {
  const connection = await context.directory.find(connectionId)
  const closed = outcomeOfConnection(connection)
  if (connection === undefined || closed !== undefined) return rows.map(() => outcomeOf(closed!))
  const signals = { ...context, platform: context.platform.id }
  const requests: Sent[] = []
  const reports: Promise<void>[] = []
  const deliveries = rows.map(({ delivery }) => delivery.id)
  const flight = await startFlight(context.redis, context.platform.id, {
    processId: context.processId,
    sentAt: context.clock(),
    deliveries,
  })
  const { results: judged, verdict } = await deliver(
    {
      ...context,
      grantAgain: (count) => grantAgain(context, connection, count),
      keepForVerdict: (requestId, { settings }, payloads, count) => {
        const job = { requestId, connectionId, sentAt: context.clock(), count }
        return keepForVerdict(context.verdicts, context.platform.id, { job, settings, payloads }, context.firstLookMs)
      },
      onRequest(sent) {
        // A probe stands for one request; the others of a repair tell as ordinary ones.
        reports.push(reportHealth(signals, sent.verdict, requests.length === 0 ? probeId : undefined))
        requests.push(sent)
      },
    },
    connection,
    rows,
  )
  if (requests.length === 0 && probeId !== undefined) reports.push(reportHealth(signals, 'neither', probeId))
  const results = await learn({ ...context, adapter: context.platform }, connection, judged, requests)
  await Promise.all([endFlight(context.redis, context.platform.id, flight), passOn(context, connection, results, reports)])
  logBatch(context, connection, rows, results, requests)
  const final = probeId !== undefined && verdict === 'failure' ? results.map((result) => giveAttemptBack(context, result)) : results
  traceBatch(context.trace, connection, { rows, results: final, requests }, context.clock())
  return final
}

/** Rows of repaired requests count too; as many as are missing, in as many grants as it takes. */
async function grantAgain(context: BatchSenderContext, connection: Connection, rows: number): Promise<void> {
  const { platform, redis } = context
  for (let missing = rows; missing > 0;) {
    const rates = await ratesOf({ ...context, adapter: platform }, connection)
    const { granted, retryAfterMs } = await askRate(redis, platform.id, connection.id, missing, rates)
    missing -= granted
    if (missing > 0) await new Promise((resolve) => setTimeout(resolve, Math.max(10, retryAfterMs)))
  }
}

/** What follows from a batch beyond its rows; the rows have their results whatever becomes of it. */
async function passOn(
  context: BatchSenderContext,
  connection: Connection,
  results: readonly RowResult[],
  reports: readonly Promise<void>[],
): Promise<void> {
  const outcomes = results.flatMap((result) => (result.kind === 'outcome' ? [result.outcome] : []))
  for (const told of await Promise.allSettled([...reports, signal(context, connection, outcomes)])) {
    if (told.status === 'fulfilled') continue
    context.logger.error(
      { platform: context.platform.id, connection_id: connection.id, err: told.reason },
      'a signal could not be passed on',
    )
  }
}

async function signal(context: BatchSenderContext, connection: Connection, outcomes: readonly EventOutcome[]): Promise<void> {
  const signals = { ...context, platform: context.platform.id }
  const holdUntil = connectionHoldFrom(outcomes)
  if (holdUntil !== undefined) context.heldConnections.set(connection.id, holdUntil)
  const pause = pauseFrom(outcomes)
  if (pause !== undefined) await pauseQueue(signals, pause)
  const fault = suspensionFrom(outcomes)
  if (fault !== undefined) await suspendConnection(signals, connection, fault)
}

/** A failed probe gives its attempts back: the rows wait for the breaker like all others. */
function giveAttemptBack({ clock, breakerOpenMs }: BatchSenderContext, result: RowResult): RowResult {
  if (result.kind !== 'outcome' || result.outcome.kind !== 'retry') return result
  return { kind: 'back', until: clock() + breakerOpenMs, code: 'CIRCUIT_OPEN' }
}

/** One line per batch; each failed row at warn, with the ids to search by and no more of it. */
function logBatch(
  { platform, logger }: BatchSenderContext,
  connection: Connection,
  rows: readonly Row[],
  results: readonly RowResult[],
  requests: readonly Sent[],
): void {
  const ids = { platform: platform.id, tenant_id: connection.tenantId, connection_id: connection.id }
  const counts: Record<string, number> = {}
  for (const [place, result] of results.entries()) {
    const name = result.kind === 'outcome' ? result.outcome.kind : 'back'
    counts[name] = (counts[name] ?? 0) + 1
    if (result.kind !== 'outcome' || result.outcome.kind === 'delivered') continue
    const { code, message, platformCode, platformRequestId } = result.outcome.error
    const { id, event } = rows[place]!.delivery
    const what = {
      delivery_id: id,
      event_id: event.event_id,
      outcome: name,
      code,
      platform_code: platformCode,
      platform_request_id: platformRequestId,
    }
    logger.warn({ ...ids, ...what }, message)
  }
  const statuses = requests.map(({ status }) => status)
  const durationMs = requests[0]?.attempt.durationMs ?? 0
  const warnings = countWarnings(results)
  logger.info(
    {
      ...ids,
      events: rows.length,
      requests: requests.length,
      statuses,
      duration_ms: durationMs,
      ...counts,
      ...(warnings === undefined ? {} : { warnings }),
    },
    'batch',
  )
}
