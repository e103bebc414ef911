import type { EpochMs } from '@relay/core/clock'
import type { ErrorCode, ErrorDetail } from '@relay/core/errors'
import type { ConnectionId, DeliveryId, PlatformId, TenantId } from '@relay/core/ids'

/*
 * One entry of a platform's trace: what a request (or the door, or a later verdict) said of its deliveries. Rows with the same fate stand together, so that a
 * request of a thousand delivered events is one fate and a thousand rows of 23 bytes: delivery id (16), time of receipt (6), why it had waited (1). Never an
 * event, never anybody's identifiers.
 */

export type TraceKind =
  /** Sent to the platform by a worker, or judged just before. */
  | 'request'
  /** At acceptance: known already, skipped, or dead at once. What is queued leaves no entry: its job tells. */
  | 'door'
  /** Of a request that was taken before. */
  | 'verdict'

export interface Fate {
  readonly outcome: 'delivered' | 'retry' | 'hold' | 'reject' | 'skip' | 'back' | 'duplicate'
  readonly code?: ErrorCode
  readonly message?: string
  readonly platformCode?: string
  readonly platformRequestId?: string
  /** Of a hold. */
  readonly until?: EpochMs
  readonly sentAt?: EpochMs
  readonly durationMs?: number
  readonly maybeTaken?: true
  /** The platform had it already, or it was marked as delivered. */
  readonly note?: 'duplicate'
}

export interface TraceHeader {
  readonly at: EpochMs
  readonly kind: TraceKind
  readonly tenantId?: TenantId
  /** Absent where rows of several connections stand together. */
  readonly connectionId?: ConnectionId
  /** Of the request in which the rows came; at the door. */
  readonly batchId?: string
  /** HTTP statuses, or codes of the transport's faults, in the order of the requests. */
  readonly statuses?: readonly (number | string)[]
  /** Later verdicts of these requests will come. */
  readonly verdictIds?: readonly string[]
}

export interface TraceRow {
  readonly id: DeliveryId
  readonly receivedAt: EpochMs
  /** Codes by which it had been held before. */
  readonly heldBy?: readonly ErrorCode[]
  readonly fate: Fate
}

export interface TraceEntry extends TraceHeader {
  readonly rows: readonly TraceRow[]
}

/** What Redis keeps of an entry: `head` is JSON, `rows` is binary. */
export interface StoredEntry {
  readonly head: string
  readonly rows: Buffer
}

const ROW_BYTES = 23
const ID_BYTES = 16
const MESSAGE_MAX = 200
/** Past so many different fates they are told apart by outcome and code alone: rejected rows have letters with all of it. */
const FATES_MAX = 32

/** Causes of a hold that are kept, one bit each. */
const HOLD_BITS = [
  'RATE_LIMITED',
  'QUOTA_EXHAUSTED',
  'POOL_EXHAUSTED',
  'PLATFORM_MAINTENANCE',
  'PLATFORM_MISCONFIGURED',
  'DEFERRED_BY_PLATFORM',
  'CREDENTIALS_PENDING',
  'ACCESS_TOKEN_EXPIRED',
] as const satisfies readonly ErrorCode[]

/** What a fault adds to a fate, short enough to be kept. Pure. */
export const fateFields = ({ code, message, platformCode, platformRequestId }: ErrorDetail): Omit<Fate, 'outcome'> => ({
  code,
  message: message.slice(0, MESSAGE_MAX),
  ...(platformCode === undefined ? {} : { platformCode }),
  ...(platformRequestId === undefined ? {} : { platformRequestId }),
})

/** Pure. The rows come out in another order: those of one fate together. */
export function encodeEntry({ rows, ...header }: TraceEntry): StoredEntry {
  const exact = Map.groupBy(rows, ({ fate }) => JSON.stringify(fate))
  const groups = exact.size <= FATES_MAX ? exact : Map.groupBy(rows, ({ fate }) => JSON.stringify(coarse(fate)))
  const fates = [...groups].map(([fate, { length }]) => ({ ...(JSON.parse(fate) as Fate), n: length }))
  const bytes = Buffer.alloc(rows.length * ROW_BYTES)
  let offset = 0
  for (const { id, receivedAt, heldBy } of [...groups.values()].flat()) {
    bytes.write(id, offset, ID_BYTES, 'base64url')
    bytes.writeUIntBE(Math.max(0, Math.floor(receivedAt)), offset + ID_BYTES, 6)
    bytes.writeUInt8(bitsOf(heldBy ?? []), offset + ID_BYTES + 6)
    offset += ROW_BYTES
  }
  return { head: JSON.stringify({ ...header, fates }), rows: bytes }
}

const coarse = ({ outcome, code, sentAt, durationMs }: Fate): Fate => ({
  outcome,
  ...(code === undefined ? {} : { code }),
  ...(sentAt === undefined ? {} : { sentAt }),
  ...(durationMs === undefined ? {} : { durationMs }),
})

const bitsOf = (codes: readonly ErrorCode[]): number =>
  HOLD_BITS.reduce((bits, code, place) => (codes.includes(code) ? bits | (1 << place) : bits), 0)

const codesOf = (bits: number): ErrorCode[] => HOLD_BITS.filter((_, place) => (bits & (1 << place)) !== 0)

/** Delivery ids to look for: built once, asked for every row. */
export interface WantedIds {
  add(id: DeliveryId): void
  has(bytes: Buffer, offset: number): boolean
}

/** Most rows are told apart by their first four bytes, without making a text of each. */
export function createWantedIds(ids: Iterable<DeliveryId> = []): WantedIds {
  const heads = new Set<number>()
  const whole = new Set<string>()
  const wanted: WantedIds = {
    add(id) {
      heads.add(Buffer.from(id, 'base64url').readUInt32BE(0))
      whole.add(id)
    },
    has: (bytes, offset) => heads.has(bytes.readUInt32BE(offset)) && whole.has(bytes.toString('base64url', offset, offset + ID_BYTES)),
  }
  for (const id of ids) wanted.add(id)
  return wanted
}

export const readHeader = (head: string): TraceHeader & { readonly fates: readonly (Fate & { readonly n: number })[] } =>
  JSON.parse(head) as TraceHeader & { fates: (Fate & { n: number })[] }

/** The wanted rows of an entry. Pure. */
export function findRows(header: ReturnType<typeof readHeader>, bytes: Buffer, wanted: WantedIds): TraceRow[] {
  const found: TraceRow[] = []
  let offset = 0
  for (const { n, ...fate } of header.fates) {
    for (const end = offset + n * ROW_BYTES; offset < end && offset + ROW_BYTES <= bytes.length; offset += ROW_BYTES) {
      if (!wanted.has(bytes, offset)) continue
      const heldBy = codesOf(bytes.readUInt8(offset + ID_BYTES + 6))
      found.push({
        id: bytes.toString('base64url', offset, offset + ID_BYTES) as DeliveryId,
        receivedAt: bytes.readUIntBE(offset + ID_BYTES, 6),
        ...(heldBy.length > 0 ? { heldBy } : {}),
        fate,
      })
    }
  }
  return found
}

/** Where an entry was found. */
export interface FoundRow extends TraceRow {
  readonly platform: PlatformId
  readonly entry: TraceHeader
}
