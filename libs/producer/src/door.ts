import type { Chunk } from './prepare-chunks.ts'
import type { SendResult } from './send-result.ts'

/** One try. `later`: nothing is known to be taken, and the same chunk may be sent again. */
export type Attempt =
  | { readonly kind: 'taken'; readonly result: SendResult }
  | { readonly kind: 'later'; readonly code: string; readonly message: string; readonly retryAfterMs?: number; readonly cause?: unknown }

/** Where chunks go. `attempt` throws ProducerError where trying again is in vain. */
export interface Door {
  attempt(chunk: Chunk): Promise<Attempt>
  close(): Promise<void>
}
