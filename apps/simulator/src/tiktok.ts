import { json, page, retryAfter } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Booking, Call, Desk, Incoming, PlatformApi, Result } from './call.ts'
import { isFields, isNumber, isText, parseJson, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { EVENT_SOURCES, findTikTokProblem } from './tiktok-validate.ts'
import type { TokenState } from './tokens.ts'

const MAX_EVENTS = 1000
const DEDUP_MS = 48 * 3_600_000
const VERSION = 'v1.3'

/** Return codes of the official SDK, read November 2026. */
const TOKEN_ERRORS: Readonly<Record<Exclude<TokenState, 'good'>, { readonly code: number; readonly message: string }>> = {
  missing: { code: 40104, message: 'Access token is empty.' },
  bad: { code: 40105, message: 'Access token is incorrect or has been revoked.' },
  revoked: { code: 40105, message: 'Access token is incorrect or has been revoked.' },
  expired: { code: 40102, message: 'Access token has expired.' },
}

interface Refusal {
  readonly code: number
  readonly message: string
}

/** TikTok's Events API 2.0: everything it says, errors too, comes with HTTP 200 and a code in the body. */
export function createTikTok(desk: Desk): PlatformApi {
  return {
    id: 'tiktok',
    dedupWindowMs: DEDUP_MS,
    limitedBy: (call) => call.token,
    read: (incoming) => readCall(desk, incoming),
    notFound: (incoming) =>
      /^\/open_api\/v[\d.]+\//.test(incoming.path) && !incoming.path.startsWith(`/open_api/${VERSION}/`)
        ? envelope(incoming, 40006, 'Version error')
        : envelope(incoming, 40400, `Route not found: ${incoming.path}`),
    rateLimited: (params) => {
      const body = {
        code: params.code ?? 40100,
        message: 'Too many requests. Please retry in some time.',
        request_id: requestId(0),
        data: {},
      }
      return json(params.status ?? 200, body, retryAfter(params.retry_after_s))
    },
    // A status that is no 200 comes from the gateway before the API, which speaks HTML.
    serverError: ({ status, code }) =>
      status === undefined || status === 200
        ? json(200, { code: code ?? 50000, message: 'System error', request_id: requestId(0), data: {} })
        : page(status, `${status} Bad Gateway`),
    maintenance: (params) =>
      json(
        200,
        { code: 60001, message: 'The service is under maintenance', request_id: requestId(0), data: {} },
        retryAfter(params.retry_after_s),
      ),
    tooLarge: () => page(413, '413 Request Entity Too Large'),
  }
}

function readCall(desk: Desk, incoming: Incoming): Call | undefined {
  const token = incoming.header('access-token') ?? ''
  const guarded = (answer: () => Result): (() => Result) => {
    return () => {
      const state = desk.judgeToken('tiktok', token)
      return state === 'good' ? answer() : { answer: envelope(incoming, TOKEN_ERRORS[state].code, TOKEN_ERRORS[state].message) }
    }
  }
  const route = incoming.path.startsWith(`/open_api/${VERSION}/`) ? incoming.path.slice(`/open_api/${VERSION}/`.length) : ''
  if (route === 'event/track/' && incoming.method === 'POST') {
    const parsed = parseJson(incoming.text)
    const body = isFields(parsed) ? parsed : {}
    const rows = Array.isArray(body['data']) ? body['data'].length : 0
    const arrivals = new Map([[textOf(body['event_source_id']), rows]])
    return { door: 'events', token, arrivals, answer: guarded(() => takeEvents(desk, incoming, token, body)) }
  }
  if (incoming.method !== 'GET') return undefined
  const code = incoming.query('code')
  if (route === 'pixel/list/') {
    const arrivals = new Map(code === undefined ? [] : [[code, 0] as const])
    return { door: 'check', token, arrivals, answer: guarded(() => listPixels(desk, incoming, token, code)) }
  }
  if (route !== 'user/info/') return undefined
  const user = { id: '1', display_name: 'Simulator', create_time: 1_700_000_000 }
  return { door: 'check', token, arrivals: new Map(), answer: guarded(() => ({ answer: envelope(incoming, 0, 'OK', user), bookings: [] })) }
}

function takeEvents(desk: Desk, incoming: Incoming, token: string, body: Fields): Result {
  const refuse = ({ code, message }: Refusal): Result => ({ answer: envelope(incoming, code, message) })
  const { event_source: given, event_source_id: account, data } = body
  const source = EVENT_SOURCES.find((each) => each === given)
  const wrong = envelopeProblem(incoming, body) ?? (source === undefined ? refusal('event_source', 'Invalid choice') : undefined)
  if (wrong !== undefined || source === undefined || !isText(account) || !Array.isArray(data))
    return refuse(wrong ?? refusal('data', 'Not a valid list'))
  const state = desk.judgeAccount('tiktok', account, token)
  if (state === 'unknown') return refuse({ code: 40007, message: `The event source ${account} does not exist` })
  if (state === 'forbidden') return refuse({ code: 40001, message: `No permission to operate the event source ${account}` })
  const marked = desk.markedEvents('bad_event', 'tiktok', account, token)
  const bookings: Booking[] = []
  for (const [index, event] of data.entries()) {
    const problem = findTikTokProblem(event, source, incoming.at)
    if (problem !== undefined)
      return refuse(refusal(problem.path === '' ? `data.${index}` : `data.${index}.${problem.path}`, problem.message, problem.code))
    const booking = book(account, event as Fields, isText(body['test_event_code']))
    const fault = marked.get(booking.id)
    if (fault !== undefined) {
      desk.useFault(fault)
      const { code = 40002, reason = 'Invalid event', named = true } = fault.params
      return refuse(named ? refusal(`data.${index}.event`, reason, code) : { code, message: reason })
    }
    bookings.push(booking)
  }
  return { answer: envelope(incoming, 0, 'OK'), bookings }
}

/** What is wrong with the request around its events. */
function envelopeProblem(incoming: Incoming, body: Fields): Refusal | undefined {
  const { event_source_id: account, data, test_event_code: testCode, partner_name: partner } = body
  if (!(incoming.header('content-type') ?? '').includes('application/json')) return refusal('Content-Type', 'Must be application/json')
  if (!isText(account)) return refusal('event_source_id', 'Not a valid string')
  if (!Array.isArray(data) || data.length === 0) return refusal('data', 'Missing data for required field')
  if (data.length > MAX_EVENTS) return { code: 40061, message: `The batch size must be between 1 and ${MAX_EVENTS}` }
  if (testCode !== undefined && typeof testCode !== 'string') return refusal('test_event_code', 'Not a valid string')
  return partner === undefined ? undefined : { code: 40063, message: 'Invalid partner name' }
}

function book(account: string, event: Fields, isTest: boolean): Booking {
  const id = textOf(event['event_id'])
  const timeS = isNumber(event['event_time']) ? event['event_time'] : 0
  return { account, name: textOf(event['event']), id, timeS, key: id, as: isTest ? 'test' : 'live' }
}

function listPixels(desk: Desk, incoming: Incoming, token: string, code: string | undefined): Result {
  if (!isText(incoming.query('advertiser_id'))) {
    return { answer: envelope(incoming, 40002, 'Missing data for required field. Field: advertiser_id') }
  }
  const known = code === undefined ? desk.grantsOf('tiktok', token) : desk.judgeAccount('tiktok', code, token) === 'good' ? [code] : []
  const pixels = known.map((each) => ({ pixel_id: each, pixel_code: each, pixel_name: `Pixel ${each}` }))
  const pages = { page: 1, page_size: 20, total_number: pixels.length, total_page: 1 }
  return { answer: envelope(incoming, 0, 'OK', { pixels, page_info: pages }), bookings: [] }
}

/** A refusal whose message ends in the path of what is wrong, as 40002 does. */
function refusal(path: string, reason: string, code = 40002): Refusal {
  return { code, message: `${reason}. Field: ${path}` }
}

function envelope({ no }: Incoming, code: number, message: string, data: unknown = {}): Answer {
  return json(200, { code, message, request_id: requestId(no), data })
}

function requestId(no: number): string {
  return `20261124${String(no).padStart(26, '0')}`
}
