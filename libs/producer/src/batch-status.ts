import type { ProducerNotice } from './send-result.ts'

/** One reason why events of a connection failed; rejected events are named by their position in the request that had this batch id. */
export interface BatchFailure {
  readonly message: string
  readonly code?: string
  readonly details?: readonly { readonly index: number; readonly error: string }[] | Readonly<Record<string, unknown>>
  readonly errors_omitted?: number
}

/** Always received = processed + pending + skipped + failed. */
export interface BatchConnection {
  readonly success: boolean
  readonly data: {
    readonly platform: string
    readonly connection_id: string
    readonly events_received: number
    readonly events_processed: number
    readonly events_pending: number
    readonly events_skipped: number
    readonly errors: readonly BatchFailure[]
    /** What those that are pending wait for. */
    readonly notices?: readonly Pick<ProducerNotice, 'code' | 'message' | 'details'>[]
  }
}

/** The answer of `GET /v1/batches/{batch_id}`. */
export interface BatchStatus {
  readonly success: boolean
  readonly data: {
    readonly batch_id: string
    /** Nothing is pending. */
    readonly done: boolean
    readonly events_received: number
    readonly connections: readonly BatchConnection[]
  }
}
