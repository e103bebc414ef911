import type { Chunk } from './prepare-chunks.ts'
import type { BatchStatus } from './batch-status.ts'
import type { SendResult } from './send-result.ts'

/** One try. `later`: nothing is known to be taken, and the same chunk may be sent again. */
export type Attempt =
  | { readonly kind: 'taken'; readonly result: SendResult }
  | { readonly kind: 'later'; readonly code: string; readonly message: string; readonly retryAfterMs?: number; readonly cause?: unknown }

/** Where chunks go. `attempt` throws ProducerError where trying again is in vain. */
export interface Door {
  attempt(chunk: Chunk, options: { readonly isTracked: boolean }): Promise<Attempt>
  /** How a tracked batch is, when it is done or after `waitMs`. Throws ProducerError. */
  readBatch(id: string, waitMs: number): Promise<BatchStatus>
  close(): Promise<void>
}
