import { json, page, retryAfter } from './answer.ts'
import type { Answer } from './answer.ts'
import { firstAccount } from './call.ts'
import type { Booking, Call, Desk, Incoming, PlatformApi, Result } from './call.ts'
import { isFields, isNumber, isText, parseJson, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { findMetaProblem } from './meta-validate.ts'
import type { TokenState } from './tokens.ts'

/** Graph API changelog, read November 2026: major version → the day it ends; the newest has no end yet. */
const VERSION_ENDS: Readonly<Record<string, number>> = {
  'v21.0': Date.UTC(2027, 0, 21),
  'v22.0': Date.UTC(2027, 4, 20),
  'v23.0': Date.UTC(2027, 9, 8),
  'v24.0': Date.UTC(2028, 1, 18),
  'v25.0': Date.UTC(2028, 6, 29),
  'v26.0': Number.POSITIVE_INFINITY,
}
const MAX_EVENTS = 1000
const DEDUP_MS = 48 * 3_600_000

const SUBCODES: Readonly<Record<TokenState, number | undefined>> = {
  good: undefined,
  missing: undefined,
  bad: undefined,
  expired: 463,
  revoked: 467,
}

interface GraphError {
  readonly code: number
  readonly subcode?: number | undefined
  readonly message: string
  readonly title?: string
  readonly isTransient?: boolean
}

/** Meta's Conversions API: `/v{N}.0/{pixel}/events`, and the three calls by which credentials are looked at. */
export function createMeta(desk: Desk): PlatformApi {
  return {
    id: 'meta',
    dedupWindowMs: DEDUP_MS,
    limitedBy: firstAccount,
    read: (incoming) => readCall(desk, incoming),
    notFound: (incoming) => graphError(400, { code: 2500, message: `Unknown path components: ${incoming.path}` }, incoming.no),
    rateLimited(params, call) {
      const code = params.code ?? 80004
      // The header counts whole minutes; a shorter wait stands in Retry-After alone.
      const waitMinutes = Math.floor((params.retry_after_s ?? 0) / 60)
      const message = `(#${code}) There have been too many calls. Wait a bit and try again.`
      const status = params.status ?? (code === 4 ? 403 : 400)
      return withHeaders(graphError(status, { code, message, isTransient: true }, 0), {
        ...usageHeaders(firstAccount(call), 100, waitMinutes),
        ...retryAfter(params.retry_after_s),
      })
    },
    serverError: (params) =>
      graphError(
        params.status ?? 500,
        { code: params.code ?? 2, message: 'An unexpected error has occurred. Please retry your request later.', isTransient: true },
        0,
      ),
    maintenance: (params) => page(503, 'Sorry, this site is down for maintenance', retryAfter(params.retry_after_s)),
    tooLarge: () => page(413, 'Payload Too Large'),
    usageHeaders: (params, call) => usageHeaders(firstAccount(call), params.percent ?? 0, params.regain_minutes ?? 0),
  }
}

function readCall(desk: Desk, incoming: Incoming): Call | undefined {
  const [, version, node, edge, ...rest] = incoming.path.split('/')
  if (version === undefined || !/^v\d+\.0$/.test(version) || node === undefined || node === '' || rest.length > 0) return undefined
  const body = edge === 'events' ? readBody(incoming) : {}
  const token = tokenOf(incoming, body)
  const guarded =
    (answer: () => Result): (() => Result) =>
    () =>
      guard(desk, version, token, incoming.no) ?? answer()
  if (edge === 'events') {
    const data = dataOf(body)
    const arrivals = new Map([[node, Array.isArray(data) ? data.length : 0]])
    return { door: 'events', token, arrivals, answer: guarded(() => takeEvents(desk, incoming, node, token, body, data)) }
  }
  if (edge !== undefined) return undefined
  const about = node === 'debug_token' ? [] : [[node === 'dataset_quality' ? (incoming.query('dataset_id') ?? '') : node, 0] as const]
  return { door: 'check', token, arrivals: new Map(about), answer: guarded(() => check(desk, incoming, node, token)) }
}

/** JSON, or a form whose `data` is JSON text, as the page shows both. */
function readBody({ header, text }: Incoming): Fields {
  if ((header('content-type') ?? '').includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  const body = parseJson(text)
  return isFields(body) ? body : {}
}

function dataOf(body: Fields): unknown {
  return isText(body['data']) ? parseJson(body['data']) : body['data']
}

function tokenOf({ header, query }: Incoming, body: Fields): string {
  const bearer = /^Bearer (.+)$/.exec(header('authorization') ?? '')?.[1]
  return bearer ?? query('access_token') ?? textOf(body['access_token'])
}

/** What is judged before anything else: API version, then token. */
function guard(desk: Desk, version: string, token: string, no: number): Result | undefined {
  const end = VERSION_ENDS[version]
  if (end === undefined || desk.now() >= end) {
    return {
      answer: graphError(
        400,
        { code: 2635, message: `You are calling a version of the API that does not exist or has ended: ${version}` },
        no,
      ),
    }
  }
  const state = desk.judgeToken('meta', token)
  if (state === 'good') return undefined
  if (state === 'missing')
    return { answer: graphError(400, { code: 104, message: 'An access token is required to request this resource.' }, no) }
  return { answer: graphError(401, { code: 190, subcode: SUBCODES[state], message: 'Invalid OAuth 2.0 Access Token' }, no) }
}

function takeEvents(desk: Desk, incoming: Incoming, pixel: string, token: string, body: Fields, data: unknown): Result {
  const { no, at, method } = incoming
  const refuse = (error: GraphError): Result => ({ answer: graphError(400, error, no) })
  if (method !== 'POST') return refuse({ code: 100, subcode: 33, message: `Unsupported ${method.toLowerCase()} request.` })
  if (desk.judgeAccount('meta', pixel, token) !== 'good') return refuse(noSuchObject(pixel))
  if (!Array.isArray(data) || data.length === 0) return refuse({ code: 100, message: '(#100) param data must be non-empty.' })
  if (data.length > MAX_EVENTS) return refuse({ code: 100, message: `(#100) param data must have at most ${MAX_EVENTS} elements.` })
  const testCode = body['test_event_code']
  if (testCode !== undefined && typeof testCode !== 'string')
    return refuse({ code: 100, message: '(#100) param test_event_code must be a string.' })
  const marked = desk.markedEvents('bad_event', 'meta', pixel, token)
  const bookings: Booking[] = []
  for (const event of data) {
    const problem = findMetaProblem(event, at)
    if (problem !== undefined) return refuse({ code: 100, ...problem })
    const booking = book(pixel, event as Fields, isText(testCode))
    const fault = marked.get(booking.id)
    if (fault !== undefined) {
      desk.useFault(fault)
      return refuse({
        code: 100,
        subcode: fault.params.code ?? 2804001,
        message: 'Invalid parameter',
        title: fault.params.reason ?? 'Invalid Parameter',
      })
    }
    bookings.push(booking)
  }
  return { answer: json(200, { events_received: bookings.length, messages: [], fbtrace_id: traceId(no) }), bookings }
}

function book(pixel: string, event: Fields, isTest: boolean): Booking {
  const id = textOf(event['event_id'])
  const timeS = isNumber(event['event_time']) ? event['event_time'] : 0
  return { account: pixel, name: textOf(event['event_name']), id, timeS, key: id, as: isTest ? 'test' : 'live' }
}

function check(desk: Desk, incoming: Incoming, node: string, token: string): Result {
  const { no, query } = incoming
  if (node === 'debug_token') return { answer: json(200, { data: describeToken(desk, query('input_token') ?? '') }), bookings: [] }
  if (node === 'dataset_quality') {
    const dataset = query('dataset_id') ?? ''
    if (dataset === '') return { answer: graphError(400, { code: 100, message: '(#100) The parameter dataset_id is required.' }, no) }
    const isGood = desk.judgeAccount('meta', dataset, token) === 'good'
    return isGood ? { answer: json(200, {}), bookings: [] } : { answer: graphError(400, noSuchObject(dataset), no) }
  }
  // A good Events Manager token may not read a pixel; only ads_read and ads_management tokens may.
  return { answer: graphError(400, { code: 100, message: '(#100) Missing Permission' }, no) }
}

/** As an Events Manager token describes itself; `target_ids` are the accounts it was granted with `POST /tokens`. */
function describeToken(desk: Desk, token: string): Fields {
  const scopes = ['read_ads_dataset_quality']
  const granular = [{ scope: scopes[0], target_ids: desk.grantsOf('meta', token) }]
  const isValid = desk.judgeToken('meta', token) === 'good'
  return { app_id: '1', type: 'SYSTEM_USER', is_valid: isValid, expires_at: 0, scopes, granular_scopes: granular, user_id: '2' }
}

function noSuchObject(id: string): GraphError {
  const reason = 'does not exist, cannot be loaded due to missing permissions, or does not support this operation'
  return { code: 100, subcode: 33, message: `Unsupported post request. Object with ID '${id}' ${reason}.` }
}

function graphError(status: number, { code, subcode, message, title, isTransient = false }: GraphError, no: number): Answer {
  const user = title === undefined ? {} : { error_user_title: title, error_user_msg: message }
  const sub = subcode === undefined ? {} : { error_subcode: subcode }
  return json(status, {
    error: { message, type: 'OAuthException', code, ...sub, is_transient: isTransient, ...user, fbtrace_id: traceId(no) },
  })
}

function traceId(no: number): string {
  return `A${no.toString(36).padStart(22, '0')}`
}

function usageHeaders(account: string, percent: number, regainMinutes: number): Readonly<Record<string, string>> {
  const usage = { call_count: percent, total_cputime: percent, total_time: percent }
  const business = { [account]: [{ type: 'ads_management', ...usage, estimated_time_to_regain_access: regainMinutes }] }
  return { 'x-app-usage': JSON.stringify(usage), 'x-business-use-case-usage': JSON.stringify(business) }
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
