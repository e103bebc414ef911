import type { Delivery } from '@relay/core/delivery'
import type { ErrorCode } from '@relay/core/errors'
import { type BatchId, type ConnectionId, PLATFORM_IDS, type PlatformId, type TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

/*
 * The life of a tracked batch: one hash for all of its connections, gone 24 h after acceptance.
 *
 * 1. opened: before its deliveries are queued, so that no worker is faster. A row is one event at one connection; those that wait have no field of their own.
 * 2. told: whoever ends a row says so before it lets the job go, so that a crash in between tells it twice rather than never. A delivered row stays
 *    delivered, but for a later verdict. A letter that is replayed and delivered turns its row too.
 * 3. read: at any time; it is done when no row waits.
 *
 * Deliveries of other batches carry no index, and cost nothing here.
 */

const track = loadScript(new URL('.', import.meta.url), 'track-row')

const KEPT_MS = 24 * 3_600_000
const MESSAGE_MAX = 200
/** Fields of the hash written at once. */
const CHUNK = 1_000

export type RowState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'processed' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

export interface TrackedRow {
  readonly connectionId: ConnectionId
  readonly platform: PlatformId
  /** Position of the event in the request. */
  readonly index: number
  readonly state: RowState
}

export interface TrackedConnection {
  readonly connectionId: ConnectionId
  readonly platform: PlatformId
  /** Events of the request that were meant for it. */
  readonly received: number
  /** Those that wait are missing. */
  readonly rows: ReadonlyMap<number, Exclude<RowState, { kind: 'pending' }>>
}

export interface TrackedBatch {
  readonly tenantId: TenantId
  /** Of the whole request, refused events included. */
  readonly received: number
  /** By platform, then id. */
  readonly connections: readonly TrackedConnection[]
}

function textOf(state: RowState): string {
  switch (state.kind) {
    case 'pending':
      return ''
    case 'processed':
      return 'd'
    case 'skipped':
      return 's'
    case 'failed':
      return `f${state.code} ${state.message.slice(0, MESSAGE_MAX)}`
  }
}

function stateOf(text: string): Exclude<RowState, { kind: 'pending' }> {
  if (text === 'd') return { kind: 'processed' }
  if (text === 's') return { kind: 'skipped' }
  const space = text.indexOf(' ')
  return { kind: 'failed', code: text.slice(1, space) as ErrorCode, message: text.slice(space + 1) }
}

/** Opens the record with all rows of the request as they are at the door. Rejects where it could not be written: then nothing may be queued as tracked. */
export async function openBatch(
  redis: Redis,
  batch: { readonly id: BatchId; readonly tenantId: TenantId; readonly received: number; readonly rows: readonly TrackedRow[] },
): Promise<void> {
  const pending = batch.rows.filter(({ state }) => state.kind === 'pending').length
  const byConnection = Map.groupBy(batch.rows, ({ connectionId }) => connectionId)
  const connections = [...byConnection].map(([id, rows]) => [`connection:${id}`, `${rows[0]!.platform} ${rows.length}`] as const)
  const ended = batch.rows.flatMap(({ connectionId, index, state }) =>
    state.kind === 'pending' ? [] : [[`row:${connectionId}:${index}`, textOf(state)] as const],
  )
  const fields = [['tenant', batch.tenantId], ['received', String(batch.received)], ['pending', String(pending)], ...connections, ...ended]
  const multi = redis.multi()
  for (let start = 0; start < fields.length; start += CHUNK) multi.hset(keys.batch(batch.id), ...fields.slice(start, start + CHUNK).flat())
  const replies = await multi.pexpire(keys.batch(batch.id), KEPT_MS).exec()
  const fault = replies === null ? new Error('Redis dropped the transaction') : replies.find(([error]) => error !== null)?.[0]
  if (fault) throw fault
}

/** Of a request that was not stored: nobody knows its id. */
export const dropBatch = async (redis: Redis, id: BatchId): Promise<void> => {
  await redis.del(keys.batch(id))
}

export interface RowOfBatch extends Pick<Delivery, 'batchId' | 'connectionId'> {
  readonly batchIndex?: number
}

/** Tells what became of a delivery; nothing is asked of Redis where its batch is not tracked. `isVerdict`: what was delivered may be so no more. */
export async function noteRow(redis: Redis, row: RowOfBatch, state: RowState, { isVerdict = false } = {}): Promise<void> {
  const { batchId, batchIndex, connectionId } = row
  if (batchId === undefined || batchIndex === undefined) return
  await track.run(redis, [keys.batch(batchId)], [connectionId, batchIndex, textOf(state), isVerdict ? 1 : 0])
}

/** Undefined where there is none, or not any more. */
export async function readBatch(redis: Redis, id: BatchId): Promise<TrackedBatch | undefined> {
  const { tenant, received, pending: _pending, ...fields } = await redis.hgetall(keys.batch(id))
  if (tenant === undefined) return undefined
  const rows = new Map<string, Map<number, Exclude<RowState, { kind: 'pending' }>>>()
  const heads: [string, string][] = []
  for (const [field, text] of Object.entries(fields)) {
    const [kind, connection = '', index] = field.split(':')
    if (kind === 'connection') heads.push([connection, text])
    if (kind !== 'row') continue
    const list = rows.get(connection) ?? new Map<number, Exclude<RowState, { kind: 'pending' }>>()
    rows.set(connection, list.set(Number(index), stateOf(text)))
  }
  const connections = heads.map(([id, text]): TrackedConnection => {
    const [platform, count] = text.split(' ') as [PlatformId, string]
    return { connectionId: id as ConnectionId, platform, received: Number(count), rows: rows.get(id) ?? new Map() }
  })
  return { tenantId: tenant as TenantId, received: Number(received), connections: connections.toSorted(byPlatform) }
}

function byPlatform(a: TrackedConnection, b: TrackedConnection): number {
  const platforms = PLATFORM_IDS.indexOf(a.platform) - PLATFORM_IDS.indexOf(b.platform)
  return platforms === 0 ? (a.connectionId < b.connectionId ? -1 : 1) : platforms
}

/** Does no row of it wait any more? Also where there is no such batch. */
export async function isBatchDone(redis: Redis, id: BatchId): Promise<boolean> {
  const pending = await redis.hget(keys.batch(id), 'pending')
  return pending === null || Number(pending) <= 0
}
