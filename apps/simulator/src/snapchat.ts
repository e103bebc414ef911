import { json, page, retryAfter } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Booking, Call, Desk, Incoming, PlatformApi, Result } from './call.ts'
import { isFields, isText, parseJson, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { createHourly } from './hourly.ts'
import type { Hourly } from './hourly.ts'
import { refresh } from './oauth.ts'
import { eventSeconds, findSnapchatProblem, kindOf } from './snapchat-validate.ts'
import type { SnapchatProblem } from './snapchat-validate.ts'

const MAX_EVENTS = 2000
const DEDUP_MS = 48 * 3_600_000
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/

interface Asset {
  readonly id: string
  readonly token: string
}

/** A problem of one event, with its position from 0; undefined where the request as a whole is wrong. */
interface Located extends SnapchatProblem {
  readonly index?: number
}

/** Snapchat's Conversions API v3 with its validator, and the token endpoint of accounts.snapchat.com. */
export function createSnapchat(desk: Desk): PlatformApi {
  const hourly = createHourly()
  return {
    id: 'snapchat',
    dedupWindowMs: DEDUP_MS,
    limitedBy: (call) => call.token,
    read: (incoming) => readCall(desk, hourly, incoming),
    notFound: () => page(404, '404 Not Found'),
    rateLimited: (params) => json(params.status ?? 429, invalidBody('Rate limit exceeded'), retryAfter(params.retry_after_s)),
    serverError: (params) => json(params.status ?? 500, invalidBody('Internal server error')),
    maintenance: (params) => json(503, invalidBody('Service under maintenance'), retryAfter(params.retry_after_s)),
    tooLarge: () => page(413, '413 Request Entity Too Large'),
    clear: () => hourly.clear(),
  }
}

function readCall(desk: Desk, hourly: Hourly, incoming: Incoming): Call | undefined {
  const { path, method } = incoming
  if (path === '/login/oauth2/access_token') return method === 'POST' ? refreshCall(desk, incoming) : undefined
  const id = /^\/v3\/([^/]+)\/events(?:\/validate(?:\/stats)?)?$/.exec(path)?.[1]
  if (id === undefined) return undefined
  const isStats = path.endsWith('/stats')
  if (method !== (isStats ? 'GET' : 'POST')) return undefined
  const asset: Asset = { id, token: incoming.query('access_token') ?? '' }
  const body = parseJson(incoming.text)
  const data = isFields(body) ? body['data'] : undefined
  const arrivals = new Map([[id, Array.isArray(data) ? data.length : 0]])
  const call = (door: Call['door'], answer: () => Result): Call => {
    return { door, token: asset.token, arrivals, answer: () => guard(desk, asset) ?? answer() }
  }
  if (isStats) return call('check', () => ({ answer: stats(hourly, id, incoming.at), bookings: [] }))
  if (path.endsWith('/validate')) return call('validate', () => validate(desk, hourly, incoming, asset, data))
  return call('events', () => takeEvents(desk, hourly, incoming, asset, isFields(body) ? body : {}))
}

function refreshCall(desk: Desk, incoming: Incoming): Call {
  const form = new URLSearchParams(incoming.text)
  const token = form.get('refresh_token') ?? ''
  return {
    door: 'token',
    token,
    arrivals: new Map(),
    answer: () => refresh(desk, 'snapchat', incoming, form, 'snapchat-offline-conversions-api'),
  }
}

/** Token, then asset. The page leaves the bodies of 401 and 403 open; these are JSON as every answer of this API. */
function guard(desk: Desk, { id, token }: Asset): Result | undefined {
  const state = desk.judgeToken('snapchat', token)
  if (state !== 'good') {
    const why = state === 'missing' ? 'access_token is missing' : `access_token is ${state === 'bad' ? 'invalid' : state}`
    return { answer: json(desk.settings('snapchat').bad_token_status, invalidBody(why)) }
  }
  const account = desk.judgeAccount('snapchat', id, token)
  if (account === 'unknown') return { answer: json(404, invalidBody(`asset ${id} does not exist`)) }
  return account === 'forbidden' ? { answer: json(403, invalidBody(`no access to asset ${id}`)) } : undefined
}

function takeEvents(desk: Desk, hourly: Hourly, incoming: Incoming, asset: Asset, body: Fields): Result {
  const { data } = body
  const problem = findProblem(desk, incoming, asset, data)
  if (problem !== undefined || !Array.isArray(data))
    return { answer: json(400, refusal(desk, problem ?? { code: 'INVALID_FIELD', message: 'data' })) }
  const bookings = data
    .filter(isFields)
    .map((event) => book(asset.id, event, isText(body['test_event_code']) || isText(event['test_event_code'])))
  hourly.add(asset.id, 'test', bookings.filter((each) => each.as === 'test').length, incoming.at)
  hourly.add(asset.id, 'live', bookings.filter((each) => each.as === 'live').length, incoming.at)
  return { answer: json(200, { status: 'VALID', reason: 'Events have been processed successfully.' }), bookings }
}

/** The first bad event; a marked one is as bad as one that is wrong, and counts as used. */
function findProblem(desk: Desk, incoming: Incoming, asset: Asset, data: unknown): Located | undefined {
  const wrong = listProblem(asset, data)
  if (wrong !== undefined || !Array.isArray(data)) return wrong
  const marked = desk.markedEvents('bad_event', 'snapchat', asset.id, asset.token)
  for (const [index, event] of data.entries()) {
    const problem = findSnapchatProblem(event, incoming.at)
    if (problem !== undefined) return { ...problem, index }
    const fault = marked.size === 0 ? undefined : marked.get(textOf((event as Fields)['event_id']))
    if (fault === undefined) continue
    desk.useFault(fault)
    const { named = true, reason = 'event is not acceptable' } = fault.params
    return { code: 'INVALID_EVENT', message: reason, ...(named ? { index } : {}) }
  }
  return undefined
}

/** Pixel ids are UUIDs and take web and offline events; anything else is an app id and takes app events. Never both kinds in one request. */
function listProblem({ id }: Asset, data: unknown): Located | undefined {
  if (!Array.isArray(data) || data.length === 0) return { code: 'MISSING_FIELD', message: 'data must be a list of events' }
  if (data.length > MAX_EVENTS) return { code: 'TOO_MANY_EVENTS', message: `data must have at most ${MAX_EVENTS} events` }
  const app = data.findIndex((event) => kindOf(event) === 'MOBILE_APP')
  const other = data.findIndex((event) => ['WEB', 'OFFLINE'].includes(kindOf(event) ?? ''))
  if (app >= 0 && other >= 0) return { code: 'MIXED_EVENTS', message: 'app events never share a request with web or offline events' }
  if (other >= 0 && !UUID.test(id)) return { code: 'INVALID_ASSET', message: `web and offline events need a Pixel ID (a UUID), not ${id}` }
  return app >= 0 && UUID.test(id) ? { code: 'INVALID_ASSET', message: 'app events need a Snap App ID, not a Pixel ID' } : undefined
}

function book(account: string, event: Fields, isTest: boolean): Booking {
  const id = textOf(event['event_id'])
  const timeS = eventSeconds(event['event_time'])
  const name = textOf(event['event_name']).toUpperCase()
  return { account, name, id, timeS, key: id === '' ? '' : `${id}@${timeS}`, as: isTest ? 'test' : 'live' }
}

/** Looks at every event and takes none. `event` of a log counts from 1. */
function validate(desk: Desk, hourly: Hourly, incoming: Incoming, asset: Asset, data: unknown): Result {
  const wrong = listProblem(asset, data)
  if (wrong !== undefined || !Array.isArray(data))
    return { answer: json(400, { ...invalidBody('Invalid request'), test_event: true, event_logs: [] }) }
  const marked = desk.markedEvents('bad_event', 'snapchat', asset.id, asset.token)
  const logs = data.map((event: unknown, index) => {
    const fault = isFields(event) ? marked.get(textOf(event['event_id'])) : undefined
    const mark = fault === undefined ? undefined : { code: 'INVALID_EVENT', message: fault.params.reason ?? 'event is not acceptable' }
    const problem = findSnapchatProblem(event, incoming.at) ?? mark
    const errors = { codes: problem === undefined ? [] : [problem.code], error_msgs: problem === undefined ? [] : [problem.message] }
    return { event: index + 1, status: problem === undefined ? 'VALID' : 'INVALID', errors, warnings: [] }
  })
  hourly.add(asset.id, 'test', data.length, incoming.at)
  const isValid = logs.every((each) => each.status === 'VALID')
  const reason = isValid ? 'All events are valid.' : 'Some events are invalid.'
  return {
    answer: json(isValid ? 200 : 400, { status: isValid ? 'VALID' : 'INVALID', test_event: true, reason, event_logs: logs }),
    bookings: [],
  }
}

function stats(hourly: Hourly, asset: string, now: number): Answer {
  return json(200, {
    status: 'SUCCESS',
    reason: '',
    stats: { test: hourly.past(asset, 'test', now), live: hourly.past(asset, 'live', now) },
  })
}

function refusal(desk: Desk, problem: Located): Fields {
  const base = desk.settings('snapchat').event_index_base
  const where = problem.index === undefined ? {} : { event: problem.index + base }
  return { ...invalidBody(problem.message), ...where, errors: { codes: [problem.code], error_msgs: [problem.message] } }
}

function invalidBody(reason: string): Fields {
  return { status: 'INVALID', reason }
}
