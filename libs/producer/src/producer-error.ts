import { NOTHING_SENT, type SendResult } from './send-result.ts'

/** Events that could not be handed over. Sending them again is safe: the fleet recognises what it has. */
export class ProducerError extends Error {
  /** The fleet's code (`UNAUTHORIZED`, `BACKLOG_FULL`, …), or `UNREACHABLE`. */
  readonly code: string
  /** What became of the events before those. */
  readonly result: SendResult
  /** Positions, in the list given to `send`, of the events that are not confirmed. */
  readonly unsent: readonly number[]

  constructor(code: string, message: string, options: { cause?: unknown; result?: SendResult; unsent?: readonly number[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ProducerError'
    this.code = code
    this.result = options.result ?? NOTHING_SENT
    this.unsent = options.unsent ?? []
  }
}
