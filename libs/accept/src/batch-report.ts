import { type ErrorCode, POLICY } from '@relay/core/errors'
import type { BatchId, ConnectionId, PlatformId } from '@relay/core/ids'
import { connectionBody, type PlatformBody } from '@relay/core/platform-bodies'
import type { TrackedBatch, TrackedConnection } from '@relay/state/tracked-batches'

/** One reason why events of a connection failed. Rejected events form one entry with details, everything else one per message. */
export interface BatchError extends Partial<Pick<PlatformBody, 'code'>> {
  readonly message: string
  readonly details?: readonly { readonly index: number; readonly error: string }[] | PlatformBody['details']
  readonly errors_omitted?: number
}

export interface ConnectionReport {
  /** Nothing is pending, and something was processed or nothing failed. */
  readonly success: boolean
  readonly data: {
    readonly platform: PlatformId
    readonly connection_id: ConnectionId
    /** Always processed + pending + skipped + failed. */
    readonly events_received: number
    readonly events_processed: number
    readonly events_pending: number
    /** Not sent by rule or consent, or known before: duplicates. */
    readonly events_skipped: number
    readonly errors: readonly BatchError[]
    /** What those that are pending wait for; absent where there is nothing to tell. */
    readonly notices?: readonly PlatformBody[]
  }
}

export interface BatchReport {
  readonly success: boolean
  readonly data: {
    readonly batch_id: BatchId
    readonly done: boolean
    readonly events_received: number
    readonly connections: readonly ConnectionReport[]
  }
}

/** As many as a person can use; the others are counted. */
const MAX_DETAILS = 100

/** Faults of single events; all others are told once for all events that they met. */
const REJECTIONS: ReadonlySet<ErrorCode> = new Set([
  'EVENT_REJECTED',
  'IDENTITY_MISSING',
  'EVENT_TOO_OLD',
  'INVALID_EVENT',
  'PAYLOAD_TOO_LARGE',
])

/** Pure. The record of a tracked batch in the shapes of cases 7 and 8; connections in the record's order, details by index. */
export function reportOf(
  id: BatchId,
  batch: TrackedBatch,
  noticesOf: (connection: TrackedConnection) => readonly PlatformBody[] = () => [],
): BatchReport {
  const connections = batch.connections.map((connection) => reportConnection(connection, noticesOf(connection)))
  return {
    success: connections.every(({ success }) => success),
    data: {
      batch_id: id,
      done: connections.every(({ data }) => data.events_pending === 0),
      events_received: batch.received,
      connections,
    },
  }
}

/** How many rows of a connection still wait. Pure. */
export const pendingOf = ({ received, rows }: TrackedConnection): number => Math.max(0, received - rows.size)

function reportConnection(connection: TrackedConnection, notices: readonly PlatformBody[]): ConnectionReport {
  const states = [...connection.rows.values()]
  const processed = states.filter(({ kind }) => kind === 'processed').length
  const skipped = states.filter(({ kind }) => kind === 'skipped').length
  const pending = pendingOf(connection)
  const failed = states.length - processed - skipped
  return {
    success: pending === 0 && (processed > 0 || failed === 0),
    data: {
      platform: connection.platform,
      connection_id: connection.connectionId,
      events_received: connection.received,
      events_processed: processed,
      events_pending: pending,
      events_skipped: skipped,
      errors: errorsOf(connection),
      ...(notices.length === 0 ? {} : { notices }),
    },
  }
}

function errorsOf({ platform, rows }: TrackedConnection): BatchError[] {
  const rejected: { index: number; error: string }[] = []
  const others = new Map<string, BatchError>()
  for (const [index, state] of [...rows].toSorted(([a], [b]) => a - b)) {
    if (state.kind !== 'failed') continue
    const { code, message } = state
    if (REJECTIONS.has(code)) rejected.push({ index, error: message })
    else if (POLICY[code].suspendsConnection) others.set(code, connectionBody(platform, code))
    else others.set(`message ${message}`, { message })
  }
  const told = [...others.values()]
  const first = told.slice(0, MAX_DETAILS)
  if (told.length > MAX_DETAILS) first.push({ message: 'Further failures', errors_omitted: told.length - MAX_DETAILS })
  return rejected.length === 0 ? first : [partialFailure(rejected), ...first]
}

const partialFailure = (rejected: readonly { readonly index: number; readonly error: string }[]): BatchError => ({
  message: `Partial failure: ${rejected.length} events rejected`,
  details: rejected.slice(0, MAX_DETAILS),
  ...(rejected.length > MAX_DETAILS ? { errors_omitted: rejected.length - MAX_DETAILS } : {}),
})
