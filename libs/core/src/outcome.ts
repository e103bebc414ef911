import type { EpochMs } from './clock.ts'
import type { ErrorDetail } from './errors.ts'

/** What a platform says of an event that it took all the same: its own reason, and the path in its own words; empty where it names none. */
export interface PlatformWarning {
  readonly reason: string
  readonly field: string
}

/**
 * What became of one event of a request. Only `retry` uses up an attempt; `hold` waits; `skip` is by rule or consent and leaves no letter.
 * A `hold` with code `BATCH_REFUSED` never leaves the worker: the request is repaired and the row gets another outcome.
 */
export type EventOutcome =
  | {
      readonly kind: 'delivered'
      readonly note?: 'duplicate'
      readonly platformRequestId?: string
      readonly warnings?: readonly PlatformWarning[]
    }
  | {
      readonly kind: 'retry'
      readonly error: ErrorDetail
      readonly retryAfterMs?: number
      /** The platform may have taken it and does not say: one more send under the same id may tell. The same answer again is `AMBIGUOUS`. */
      readonly resendOnce?: true
    }
  | { readonly kind: 'hold'; readonly error: ErrorDetail; readonly until: EpochMs }
  | { readonly kind: 'reject'; readonly error: ErrorDetail }
  | { readonly kind: 'skip'; readonly error: ErrorDetail }
