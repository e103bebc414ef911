import type { Delivery } from '@relay/core/delivery'
import type { EpochMs } from '@relay/core/clock'
import type { ErrorCode, ErrorDetail } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'

/** A delivery in the hands of a worker, waiting for its own outcome. */
export interface Row {
  readonly delivery: Delivery
  /** How often its letter was replayed; 0 for a delivery from the door. */
  readonly generation: number
  /** It goes in a request of its own: processes have died with it in flight. */
  readonly alone: boolean
  /** It was started before, so the platform may have it already: its delivered mark is looked at. */
  readonly maybeSentBefore: boolean
  /** Codes by which it was held before. */
  readonly heldBy?: readonly ErrorCode[]
  /** Called as soon as the platform has said that it took the row, before anything more is asked of Redis, which may be away by then. */
  readonly onTaken: () => void
}

/** What the pool does with a row: an outcome of the platform, or back into the queue untouched. */
export type RowResult =
  | { readonly kind: 'outcome'; readonly outcome: EventOutcome; readonly attempt: RowAttempt | undefined }
  /** The whole queue waits until then, or (no instant) this process is shutting down. No attempt is used. */
  | {
      readonly kind: 'back'
      readonly until: EpochMs | undefined
      readonly code: 'CIRCUIT_OPEN' | 'PLATFORM_MAINTENANCE' | 'RATE_LIMITED' | 'PLATFORM_MISCONFIGURED' | undefined
    }

/** The request that this row's outcome came from; absent where nothing was sent. */
export interface RowAttempt {
  readonly startedAt: EpochMs
  readonly durationMs: number
  /** It left and no readable answer came back. */
  readonly maybeTaken: boolean
}

export const outcomeOf = (outcome: EventOutcome, attempt?: RowAttempt): RowResult => ({ kind: 'outcome', outcome, attempt })

/** Past the deadline of its delivery a row is never sent, wherever it is noticed. */
export const TOO_OLD: ErrorDetail = {
  code: 'EVENT_TOO_OLD',
  message: 'The platform no longer takes an event of this age; it was not sent',
}
