import { setTimeout as delay } from 'node:timers/promises'
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

export interface Producer {
  /** Sends any number of events. Rejects with ProducerError; repeating the call is safe where events have an id. */
  send(events: readonly EventInput[]): Promise<SendResult>
  /** Ends connections; what is being sent is waited for. */
  close(): Promise<void>
}

const LIMITS = { maxEvents: 1_000, maxBytes: 4 * 1024 * 1024 }
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 10_000

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

  async function send(events: readonly EventInput[]): Promise<SendResult> {
    const { chunks, errors } = prepareChunks(events, timing.now(), LIMITS)
    let result: SendResult = { ...NOTHING_SENT, errors }
    for (const [position, chunk] of chunks.entries()) {
      try {
        result = addResults(result, await sendChunk(door, chunk, timing))
      } catch (error) {
        const unsent = chunks.slice(position).flatMap((rest) => rest.map(({ index }) => index))
        const { code, message, cause } = error instanceof ProducerError ? error : { code: 'INTERNAL', message: String(error), cause: error }
        throw new ProducerError(code, message, { cause, result, unsent })
      }
    }
    return result
  }

  return {
    async send(events) {
      const work = send(events)
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

async function sendChunk(door: Door, chunk: Chunk, { giveUpAfterMs, now, wait }: Timing): Promise<SendResult> {
  const giveUpAt = now() + giveUpAfterMs
  let waitMs = FIRST_WAIT_MS
  for (;;) {
    const attempt: Attempt = await door.attempt(chunk)
    if (attempt.kind === 'taken') return attempt.result
    const nextMs = attempt.retryAfterMs ?? waitMs
    if (now() + nextMs > giveUpAt) throw new ProducerError(attempt.code, attempt.message, { cause: attempt.cause })
    await wait(nextMs)
    if (attempt.retryAfterMs === undefined) waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}
