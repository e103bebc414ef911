import { setTimeout as delay } from 'node:timers/promises'
import { type BatchReport, pendingOf, reportOf } from '@relay/accept/batch-report'
import { fromStore } from '@relay/accept/store'
import type { Clock } from '@relay/core/clock'
import { parseDurationMs } from '@relay/core/duration'
import type { BatchId, TenantId } from '@relay/core/ids'
import type { PlatformBody } from '@relay/core/platform-bodies'
import { RequestError } from '@relay/core/request-errors'
import type { PlatformNotice, TellOfPlatforms } from '@relay/fleet/platform-notices'
import type { TrackedBatch, TrackedConnection } from '@relay/state/tracked-batches'

/** `GET /v1/batches/{batch_id}`: how a tracked batch is, at once or when it is done. */

export interface ReadBatchContext {
  readonly read: (id: BatchId) => Promise<TrackedBatch | undefined>
  readonly isDone: (id: BatchId) => Promise<boolean>
  readonly tellOfPlatforms: TellOfPlatforms
  readonly clock: Clock
  /** Ends the waiting at once. */
  readonly isDraining: () => boolean
}

interface BatchQuestion {
  readonly tenantId: TenantId
  readonly id: string
  /** Until it is done, in ms, at most; 0 answers at once. */
  readonly waitMs: number
  /** Aborted when nobody listens any more. */
  readonly signal: AbortSignal
}

/** Throws RequestError NOT_FOUND (unknown, older than 24 h, not tracked, or another tenant's: all look the same) or STORE_UNAVAILABLE. */
export type ReadBatch = (question: BatchQuestion) => Promise<BatchReport>

const BATCH_ID = /^b_[\w-]{1,64}$/
const MAX_WAIT_MS = 30_000
const FIRST_LOOK_MS = 50
const LONGEST_LOOK_MS = 500

/** `10s`, `500ms`; 0 where nothing is asked for, 30 s at most. Throws RequestError MALFORMED_BODY. */
export function readWait(text: string | undefined): number {
  if (text === undefined) return 0
  const waitMs = parseDurationMs(text)
  if (waitMs === undefined) throw new RequestError('MALFORMED_BODY', 'wait must be a duration such as 10s or 500ms, at most 30s')
  return Math.min(waitMs, MAX_WAIT_MS)
}

export function createBatchReader(context: ReadBatchContext): ReadBatch {
  return async ({ tenantId, id: text, waitMs, signal }) => {
    const id = text as BatchId
    const found = BATCH_ID.test(text) ? await fromStore(context.read(id)) : undefined
    if (found?.tenantId !== tenantId) {
      throw new RequestError('NOT_FOUND', 'There is no such batch: send it with POST /v1/events?track=true, and ask within 24 hours')
    }
    const isChanged = await untilDone(context, id, waitMs, signal)
    const batch = isChanged ? ((await fromStore(context.read(id))) ?? found) : found
    const notices = await noticesOf(context, batch)
    return reportOf(id, batch, (connection) => notices.filter((notice) => isOf(notice, connection)).map(bodyOf))
  }
}

/** Looks in growing steps; true where it has waited, so that what was read before may be old. */
async function untilDone(
  { isDone, clock, isDraining }: ReadBatchContext,
  id: BatchId,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const giveUpAt = clock() + waitMs
  let stepMs = FIRST_LOOK_MS
  let hasWaited = false
  while (clock() < giveUpAt && !isDraining() && !signal.aborted && !(await fromStore(isDone(id)))) {
    hasWaited = true
    await delay(Math.min(stepMs, Math.max(1, giveUpAt - clock())))
    stepMs = Math.min(stepMs * 1.5, LONGEST_LOOK_MS)
  }
  // It may have been done between the first read and the first look.
  return hasWaited || waitMs > 0
}

/** Why those that are pending wait. A report never fails because nobody can say. */
async function noticesOf(
  { tellOfPlatforms }: ReadBatchContext,
  { tenantId, connections }: TrackedBatch,
): Promise<readonly PlatformNotice[]> {
  const waiting = connections.flatMap((connection) => {
    const count = pendingOf(connection)
    return count === 0 ? [] : [{ platform: connection.platform, connectionId: connection.connectionId, count }]
  })
  return tellOfPlatforms(tenantId, waiting).catch(() => [])
}

const isOf = (notice: PlatformNotice, connection: TrackedConnection): boolean =>
  pendingOf(connection) > 0 &&
  notice.platform === connection.platform &&
  (notice.connection_id === undefined || notice.connection_id === connection.connectionId)

const bodyOf = ({ code, message, details }: PlatformNotice): PlatformBody => ({ code, message, details })
