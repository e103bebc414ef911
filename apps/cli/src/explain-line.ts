import type { ConnectionSettings } from '@relay/core/connection'
import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { HttpAnswer } from '@relay/platforms/contract'
import { networkFault, timeoutFault } from '@relay/platforms/transport-fault'
import type { NdjsonLine } from './ndjson-lines.ts'

/** A platform's answer as somebody wrote it down. */
interface GivenAnswer {
  readonly answer: HttpAnswer
  /** Of the request that was answered. */
  readonly events: number
  readonly api: ConnectionSettings['api']
}

interface LineFault {
  readonly code: 'MALFORMED_BODY' | 'PAYLOAD_TOO_LARGE'
  readonly message: string
}

type ReadLine = { readonly ok: true; readonly given: GivenAnswer } | { readonly ok: false; readonly fault: LineFault }

/** More than any platform takes in one request; bounds what one line makes. */
export const MAX_EVENTS = 10_000
/** The worker hangs up on a longer body and takes it for cut off. */
const MAX_BODY_BYTES = 4 * 1024 * 1024
/** Of one request, as the message of a timeout names it. */
const REQUEST_TIMEOUT_MS = 30_000
const APIS = ['data_manager', 'ads'] as const

const malformed = (message: string): ReadLine => ({ ok: false, fault: { code: 'MALFORMED_BODY', message } })

/** Pure. The line's fields checked and given their defaults: `{"status", "headers"?, "body"?, "error"?, "events"?, "api"?}`; others are not looked at. */
export function readAnswerLine(line: NdjsonLine): ReadLine {
  if (line.kind === 'too-long') {
    return { ok: false, fault: { code: 'PAYLOAD_TOO_LARGE', message: `The line is larger than ${line.maxBytes} bytes` } }
  }
  if (line.kind === 'not-utf8') return malformed('The line is not UTF-8')
  const given = parse(line.text)
  if (!isJsonObject(given)) return malformed('The line is not a JSON object such as {"status": 200, "body": "…"}')
  const { status, error } = given
  const events = given['events'] ?? 1
  if (typeof events !== 'number' || !Number.isInteger(events) || events < 0 || events > MAX_EVENTS) {
    return malformed(`events must be a whole number, at most ${MAX_EVENTS}`)
  }
  const api = APIS.find((name) => name === given['api'])
  if (api === undefined && given['api'] !== undefined && given['api'] !== null) return malformed(`api must be ${APIS.join(' or ')}`)
  if (status === null) {
    if (error !== 'timeout' && error !== 'network') return malformed('Beside a status of null, error must be "timeout" or "network"')
    return { ok: true, given: { answer: noAnswer(error), events, api } }
  }
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) {
    return malformed('status must be an HTTP status, or null where no answer came')
  }
  const { headers } = given
  if (headers !== undefined && headers !== null && !isJsonObject(headers)) return malformed('headers must be an object of texts')
  return { ok: true, given: { answer: answerOf(status, headers ?? {}, given['body']), events, api } }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The request is taken to have left: who was not reached at all is not told apart here. */
const noAnswer = (error: 'timeout' | 'network'): HttpAnswer =>
  error === 'timeout' ? timeoutFault('headers', REQUEST_TIMEOUT_MS) : networkFault(undefined, 'the platform', 'headers', REQUEST_TIMEOUT_MS)

function answerOf(status: number, headers: JsonObject, body: JsonValue | undefined): HttpAnswer {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const truncated = Buffer.byteLength(text) > MAX_BODY_BYTES
  return {
    kind: 'answer',
    status,
    headers: Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => headerOf(name, value))),
    body: truncated ? text.slice(0, MAX_BODY_BYTES) : text,
    truncated,
  }
}

/** A number as its digits, several values as one line. */
function headerOf(name: string, value: JsonValue | undefined): [string, string][] {
  if (value === undefined || value === null) return []
  const text = Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return [[name.toLowerCase(), text]]
}
