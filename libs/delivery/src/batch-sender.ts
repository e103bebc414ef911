import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId } from '@relay/core/ids'
import type { EventOutcome } from '@relay/core/outcome'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { Http, Platform } from '@relay/platforms/contract'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { askRate } from '@relay/state/rate-limit'
import type { Redis } from 'ioredis'
import { type Accounts, isRedisFault } from './accounts.ts'
import { deliver, type DeliverContext } from './deliver.ts'
import { outcomeOfConnection } from './gates.ts'
import { outcomeOf, type Row, type RowResult } from './row.ts'
import type { Sent } from './send-request.ts'
import { connectionHoldFrom, pauseFrom, pauseQueue, reportHealth, suspendConnection, suspensionFrom } from './signals.ts'
import type { Tokens } from './tokens.ts'

export interface BatchSenderContext {
  readonly platform: Platform
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly http: Http
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
  readonly processId: string
  readonly retryDelaysMs: readonly number[]
  readonly breakerOpenMs: number
  readonly eventsPerMinute: number
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly heldConnections: Map<ConnectionId, EpochMs>
}

export interface BatchSender {
  /** One result per row, in order. Never rejects: a fault of ours is an outcome, one of Redis gives the rows back. */
  send(connectionId: ConnectionId, rows: readonly Row[], probeId: string | undefined): Promise<RowResult[]>
}

export function createBatchSender(context: BatchSenderContext): BatchSender {
  const { platform, redis, logger, clock } = context
  const signals = { ...context, platform: platform.id }

  async function grantAgain(connection: Connection, rows: number): Promise<void> {
    for (let missing = rows; missing > 0;) {
      const limits = { platform: context.eventsPerMinute, connection: connection.settings.events_per_minute }
      const { granted, retryAfterMs } = await askRate(redis, platform.id, connection.id, missing, limits)
      missing -= granted
      if (missing > 0) await new Promise((resolve) => setTimeout(resolve, Math.max(10, retryAfterMs)))
    }
  }

  /** What follows from a batch beyond its rows. */
  async function signal(connection: Connection, outcomes: readonly EventOutcome[]): Promise<void> {
    const pause = pauseFrom(outcomes)
    if (pause !== undefined) await pauseQueue(signals, pause)
    const fault = suspensionFrom(outcomes)
    if (fault !== undefined) await suspendConnection(signals, connection, fault)
    const holdUntil = connectionHoldFrom(outcomes)
    if (holdUntil !== undefined) context.heldConnections.set(connection.id, holdUntil)
  }

  async function sendBatch(connectionId: ConnectionId, rows: readonly Row[], probeId: string | undefined): Promise<RowResult[]> {
    const connection = await context.directory.find(connectionId)
    const closed = outcomeOfConnection(connection)
    if (connection === undefined || closed !== undefined) return rows.map(() => outcomeOf(closed!))
    const requests: Sent[] = []
    const reports: Promise<void>[] = []
    const deliverContext: DeliverContext = {
      ...context,
      grantAgain: (count) => grantAgain(connection, count),
      onRequest(sent) {
        // A probe stands for one request; the others of a repair tell as ordinary ones.
        reports.push(reportHealth(signals, sent.verdict, requests.length === 0 ? probeId : undefined))
        requests.push(sent)
      },
    }
    const { results, verdict } = await deliver(deliverContext, connection, rows)
    if (requests.length === 0 && probeId !== undefined) reports.push(reportHealth(signals, 'neither', probeId))
    const outcomes = results.flatMap((result) => (result.kind === 'outcome' ? [result.outcome] : []))
    // The rows have their results whatever becomes of the signals.
    for (const told of await Promise.allSettled([...reports, signal(connection, outcomes)])) {
      if (told.status === 'rejected') logger.error({ platform: platform.id, connection_id: connectionId, err: told.reason }, 'a signal could not be passed on')
    }
    log(connection, rows, results, requests)
    return probeId !== undefined && verdict === 'failure' ? results.map(giveAttemptBack) : [...results]
  }

  /** A failed probe gives its attempts back: the rows wait for the breaker like all others. */
  function giveAttemptBack(result: RowResult): RowResult {
    if (result.kind !== 'outcome' || result.outcome.kind !== 'retry') return result
    return { kind: 'back', until: clock() + context.breakerOpenMs, code: 'CIRCUIT_OPEN' }
  }

  /** One line per batch; each failed row at warn, with the ids to search by and no more of it. */
  function log(connection: Connection, rows: readonly Row[], results: readonly RowResult[], requests: readonly Sent[]): void {
    const ids = { platform: platform.id, tenant_id: connection.tenantId, connection_id: connection.id }
    const counts: Record<string, number> = {}
    results.forEach((result, place) => {
      const name = result.kind === 'outcome' ? result.outcome.kind : 'back'
      counts[name] = (counts[name] ?? 0) + 1
      if (result.kind !== 'outcome' || result.outcome.kind === 'delivered') return
      const { error } = result.outcome
      const { delivery } = rows[place]!
      logger.warn(
        { ...ids, delivery_id: delivery.id, event_id: delivery.event.event_id, outcome: name, code: error.code, platform_code: error.platformCode, platform_request_id: error.platformRequestId },
        error.message,
      )
    })
    logger.info({ ...ids, events: rows.length, requests: requests.length, statuses: requests.map(({ status }) => status), duration_ms: requests[0]?.attempt.durationMs ?? 0, ...counts }, 'batch')
  }

  return {
    async send(connectionId, rows, probeId) {
      try {
        return await sendBatch(connectionId, rows, probeId)
      } catch (error) {
        if (!isRedisFault(error)) {
          logger.error({ platform: platform.id, connection_id: connectionId, err: error }, 'a batch could not be sent')
          return rows.map(() => outcomeOf({ kind: 'retry', error: { code: 'INTERNAL', message: 'The relay itself failed on this batch; its log has the cause' } }))
        }
        return rows.map(() => ({ kind: 'back', until: undefined, code: undefined }))
      }
    },
  }
}
