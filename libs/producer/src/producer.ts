import { setTimeout as delay } from 'node:timers/promises'
import type { BatchStatus } from './batch-status.ts'
import type { Attempt, Door } from './door.ts'
import type { EventInput } from './event-input.ts'
import { createHttpDoor } from './http-door.ts'
import { createInboxDoor } from './inbox-door.ts'
import { type Chunk, prepareChunks } from './prepare-chunks.ts'
import { ProducerError } from './producer-error.ts'
import { addResults, NOTHING_SENT, type SendResult } from './send-result.ts'

/*
 * A sending:
 *
 * 1. Each event is judged here by the same rules as at the fleet's door; bad ones are told of and not sent.
 * 2. The good ones go in chunks, one after the other. A chunk that was not confirmed is sent again, the same events, as the fleet asks or in growing steps:
 *    what got in the first time is recognised, so nothing is counted twice.
 * 3. When the patience is over, or trying again is in vain, `send` rejects and says which events are not confirmed.
 */

interface Patience {
  /** How long a chunk is tried again, in ms; default 60,000. */
  readonly giveUpAfterMs?: number
}

export type ProducerOptions = Patience &
  (
    | {
        /** Where the ingest listens, such as `https://relay.example`. */
        readonly url: string
        /** An ingest key of the tenant. */
        readonly key: string
        /** Of one request, in ms; default 30,000. */
        readonly timeoutMs?: number
      }
    | { readonly redisUrl: string; readonly tenantId: string }
  )

export interface SendOptions {
  /** Over HTTP: the fleet keeps a record of the batches for 24 h. @default false */
  readonly track?: boolean
}

export interface Producer {
  /** Sends any number of events. Rejects with ProducerError; repeating the call is safe where events have an id. */
  send(events: readonly EventInput[], options?: SendOptions): Promise<SendResult>
  /**
   * How a batch that was sent with `track` is (`batchIds` of the result), for 24 h: when it is done, or after `waitMs` (0 by default, 30,000 at most).
   * Rejects with ProducerError: NOT_FOUND, FORBIDDEN for a key without the scope `batches:read`, UNREACHABLE.
   */
  batch(batchId: string, options?: { readonly waitMs?: number }): Promise<BatchStatus>
  /** Ends connections; what is being sent is waited for. */
  close(): Promise<void>
}

const LIMITS = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 }
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 10_000
const LONGEST_BATCH_WAIT_MS = 30_000

/** A typed client for producers on Node: over HTTP, or into the inbox. */
export function createProducer(options: ProducerOptions): Producer {
  const door =
    'url' in options
      ? createHttpDoor({ url: options.url, key: options.key, timeoutMs: options.timeoutMs ?? 30_000 })
      : createInboxDoor({ redisUrl: options.redisUrl, tenantId: options.tenantId })
  return createProducerFor(door, { giveUpAfterMs: options.giveUpAfterMs ?? 60_000, now: Date.now, wait: (ms) => delay(ms) })
}

interface Timing {
  readonly giveUpAfterMs: number
  readonly now: () => number
  readonly wait: (ms: number) => Promise<unknown>
}

/** The producer over any door and clock. */
export function createProducerFor(door: Door, timing: Timing): Producer {
  const sending = new Set<Promise<unknown>>()

  async function send(events: readonly EventInput[], { track = false }: SendOptions): Promise<SendResult> {
    const { chunks, errors } = prepareChunks(events, timing.now(), LIMITS)
    let result: SendResult = { ...NOTHING_SENT, errors }
    for (const [position, chunk] of chunks.entries()) {
      try {
        result = addResults(result, await sendChunk(door, chunk, track, timing))
      } catch (error) {
        const unsent = chunks.slice(position).flatMap((rest) => rest.map(({ index }) => index))
        const { code, message, cause } = error instanceof ProducerError ? error : { code: 'INTERNAL', message: String(error), cause: error }
        throw new ProducerError(code, message, { cause, result, unsent })
      }
    }
    return result
  }

  return {
    batch: (batchId, { waitMs = 0 } = {}) => door.readBatch(batchId, Math.min(waitMs, LONGEST_BATCH_WAIT_MS)),
    async send(events, options = {}) {
      const work = send(events, options)
      sending.add(work)
      try {
        return await work
      } finally {
        sending.delete(work)
      }
    },
    async close() {
      await Promise.allSettled(sending)
      await door.close()
    },
  }
}

async function sendChunk(door: Door, chunk: Chunk, isTracked: boolean, { giveUpAfterMs, now, wait }: Timing): Promise<SendResult> {
  const giveUpAt = now() + giveUpAfterMs
  let waitMs = FIRST_WAIT_MS
  for (;;) {
    const attempt: Attempt = await door.attempt(chunk, { isTracked })
    if (attempt.kind === 'taken') return attempt.result
    const nextMs = attempt.retryAfterMs ?? waitMs
    if (now() + nextMs > giveUpAt) throw new ProducerError(attempt.code, attempt.message, { cause: attempt.cause })
    await wait(nextMs)
    if (attempt.retryAfterMs === undefined) waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}
