import type { ErrorCode } from '@relay/core/errors'
import type { BatchId, ConnectionId, PlatformId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'

/** Why one event was not taken: its first fault. */
export interface EventError {
  /** Its position in the request, from 0. */
  readonly index: number
  readonly event_id: string | null
  readonly code: ErrorCode
  /** What is wrong and what to do; never a value. */
  readonly message: string
  /** The field at fault; empty where it is the event as a whole. */
  readonly path: string
}

export type NoticeCode = ErrorCode | 'PARTLY_DUPLICATE' | 'IN_DEAD_LETTERS' | 'FIELDS_DROPPED'

/** What the fleet already knows about events that are safe with it. */
export interface Notice {
  readonly code: NoticeCode
  readonly message: string
  readonly platform?: PlatformId
  readonly connection_id?: ConnectionId
  /** Deliveries; events where no connection is named. */
  readonly count: number
  readonly details: JsonObject
}

/** `data` of an answer: always events_received = events_accepted + duplicates + errors. */
export interface AcceptResult {
  readonly batch_id: BatchId
  readonly events_received: number
  readonly events_accepted: number
  /** Events of which every delivery was known already. */
  readonly duplicates: number
  /** One entry per refused event, by index. */
  readonly errors: readonly EventError[]
  readonly notices: readonly Notice[]
}
