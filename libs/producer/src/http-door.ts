import { Agent, request } from 'undici'
import type { BatchStatus } from './batch-status.ts'
import type { Attempt, Door } from './door.ts'
import type { Chunk } from './prepare-chunks.ts'
import { ProducerError } from './producer-error.ts'
import type { EventFault, ProducerNotice } from './send-result.ts'

interface TakenBody {
  readonly data: {
    readonly batch_id: string
    readonly events_accepted: number
    readonly duplicates: number
    readonly errors: readonly EventFault[]
    readonly notices: readonly ProducerNotice[]
  }
}

interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly details: { readonly errors?: readonly EventFault[]; readonly batch_id?: string }
  }
}

/** `POST <url>/v1/events` with an ingest key. */
export function createHttpDoor(options: { readonly url: string; readonly key: string; readonly timeoutMs: number }): Door {
  const { timeoutMs } = options
  const base = options.url.endsWith('/') ? options.url : `${options.url}/`
  const target = new URL('v1/events', base)
  const tracked = new URL('v1/events?track=true', base)
  const unreachable = `${target.origin} could not be reached, or did not answer in time`
  const agent = new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: Math.min(timeoutMs, 5_000) } })
  const headers = { authorization: `Bearer ${options.key}`, 'content-type': 'application/json' }
  return {
    async attempt(chunk, { isTracked }) {
      const body = `{"events":[${chunk.map(({ json }) => json).join(',')}]}`
      try {
        const answer = await request(isTracked ? tracked : target, { method: 'POST', headers, body, dispatcher: agent })
        return readAnswer(answer.statusCode, answer.headers['retry-after'], await answer.body.text(), chunk)
      } catch (cause) {
        if (cause instanceof ProducerError) throw cause
        return { kind: 'later', code: 'UNREACHABLE', message: unreachable, cause }
      }
    },
    async readBatch(id, waitMs) {
      const url = new URL(`v1/batches/${encodeURIComponent(id)}?wait=${Math.max(0, Math.floor(waitMs))}ms`, base)
      const patience = { headersTimeout: timeoutMs + waitMs, bodyTimeout: timeoutMs }
      const answer = await request(url, { headers, dispatcher: agent, ...patience }).catch((cause: unknown) => {
        throw new ProducerError('UNREACHABLE', unreachable, { cause })
      })
      const body = parse(await answer.body.text())
      if (answer.statusCode === 200 && isBatchStatus(body)) return body
      if (isError(body)) throw new ProducerError(body.error.code, body.error.message)
      throw new ProducerError('UNREACHABLE', `The answer was HTTP ${answer.statusCode}`)
    },
    close: () => agent.close(),
  }
}

const WORTH_ANOTHER_TRY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

function readAnswer(status: number, retryAfter: string | string[] | undefined, text: string, chunk: Chunk): Attempt {
  const body = parse(text)
  if (status === 202 && isTaken(body)) return taken(body, chunk)
  const { code, message, details } = isError(body)
    ? body.error
    : { code: 'UNREACHABLE', message: `The answer was HTTP ${status}`, details: {} }
  if (code === 'NO_VALID_EVENT') {
    const { errors = [], batch_id: batchId } = details
    const batchIds = batchId === undefined ? [] : [batchId]
    return { kind: 'taken', result: { accepted: 0, duplicates: 0, errors: inPlace(errors, chunk), notices: [], batchIds } }
  }
  const seconds = Number(retryAfter)
  const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {}
  // An answer of 202 that can't be read is not a promise.
  if (status === 202 || WORTH_ANOTHER_TRY.has(status)) return { kind: 'later', code, message, ...wait }
  throw new ProducerError(code, message)
}

function taken({ data }: TakenBody, chunk: Chunk): Attempt {
  const { batch_id: batchId, events_accepted: accepted, duplicates, errors, notices } = data
  return { kind: 'taken', result: { accepted, duplicates, errors: inPlace(errors, chunk), notices, batchIds: [batchId] } }
}

/** The fleet counts within the request, the caller within the list. */
const inPlace = (errors: readonly EventFault[], chunk: Chunk): EventFault[] =>
  errors.map((error) => ({ ...error, index: chunk[error.index]?.index ?? error.index }))

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function isTaken(body: unknown): body is TakenBody {
  if (!isRecord(body) || !isRecord(body['data'])) return false
  const { events_accepted: accepted, duplicates, errors, notices } = body['data']
  return typeof accepted === 'number' && typeof duplicates === 'number' && Array.isArray(errors) && Array.isArray(notices)
}

const isBatchStatus = (body: unknown): body is BatchStatus =>
  isRecord(body) && isRecord(body['data']) && typeof body['data']['done'] === 'boolean' && Array.isArray(body['data']['connections'])

const isError = (body: unknown): body is ErrorBody =>
  isRecord(body) && isRecord(body['error']) && typeof body['error']['code'] === 'string' && isRecord(body['error']['details'])

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
