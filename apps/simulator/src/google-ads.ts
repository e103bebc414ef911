import { json } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Booking, Call, Desk, Incoming, Result } from './call.ts'
import type { FaultParams } from './fault-form.ts'
import { isFields, parseJson, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { adsError, partialFailure, unreadableJson } from './google-ads-error.ts'
import type { AdsProblem } from './google-ads-error.ts'
import { answerQuery } from './google-ads-query.ts'
import { createConversions } from './google-ads-rows.ts'
import type { Conversions } from './google-ads-rows.ts'
import { actionOf, findJsonProblem, timeOf } from './google-ads-validate.ts'
import { requestId } from './google-error.ts'
import type { TokenState } from './tokens.ts'

/** Majors alive in November 2026. */
const VERSIONS = new Set(['v23', 'v24', 'v25', 'v26'])
const MAX_ROWS = 2000
const REQUEST_FIELDS = new Set(['conversions', 'partialFailure', 'validateOnly', 'jobId', 'debugEnabled'])
const TOKEN_ERRORS: Readonly<Record<Exclude<TokenState, 'good'>, string>> = {
  missing: 'OAUTH_TOKEN_HEADER_INVALID',
  bad: 'OAUTH_TOKEN_INVALID',
  expired: 'OAUTH_TOKEN_EXPIRED',
  revoked: 'OAUTH_TOKEN_REVOKED',
}

/** The Google Ads API: the click upload, and the two calls by which a client looks at an account. */
export interface AdsApi {
  /** Undefined where this is no address of the Google Ads API. */
  read(incoming: Incoming, token: string): Call | undefined
  /** The same faults as the Data Manager API has, in this API's words; undefined for calls that are not its own. */
  rateLimited(params: FaultParams, call: Call): Answer | undefined
  serverError(params: FaultParams, call: Call): Answer | undefined
  clear(): void
}

export function createAdsApi(desk: Desk): AdsApi {
  const conversions = createConversions(desk)
  const own = new WeakSet<Call>()
  return {
    read(incoming, token) {
      const call = readCall(desk, conversions, incoming, token)
      if (call !== undefined) own.add(call)
      return call
    },
    rateLimited({ scope, retry_after_s: seconds }, call) {
      if (!own.has(call)) return undefined
      const rateScope = scope === 'account' ? 'ACCOUNT' : 'DEVELOPER'
      const quotaErrorDetails = {
        rateScope,
        rateName: 'Requests per service per method',
        ...(seconds === undefined ? {} : { retryDelay: `${seconds}s` }),
      }
      const code = scope === 'day' ? 'RESOURCE_EXHAUSTED' : 'RESOURCE_TEMPORARILY_EXHAUSTED'
      return adsError(429, 'RESOURCE_EXHAUSTED', [{ family: 'quotaError', code, details: { quotaErrorDetails } }], 0)
    },
    serverError({ status = 500 }, call) {
      if (!own.has(call)) return undefined
      return adsError(status, status === 503 ? 'UNAVAILABLE' : 'INTERNAL', [{ family: 'internalError', code: 'INTERNAL_ERROR' }], 0)
    },
    clear: () => conversions.clear(),
  }
}

function readCall(desk: Desk, conversions: Conversions, incoming: Incoming, token: string): Call | undefined {
  const [, version, rest = ''] = /^\/(v\d+)\/(customers.*)$/.exec(incoming.path) ?? []
  if (version === undefined) return undefined
  const guarded = (answer: () => Result) => (): Result => guard(desk, incoming, version, token) ?? answer()
  if (rest === 'customers:listAccessibleCustomers' && incoming.method === 'GET') {
    const names = desk.grantsOf('google', token).map((account) => `customers/${account.split('/')[0]}`)
    const resourceNames = names.length === 0 ? ['customers/1234567890'] : [...new Set(names)]
    return {
      door: 'check',
      token,
      arrivals: new Map(),
      answer: guarded(() => ({ answer: named({ resourceNames }, incoming), bookings: [] })),
    }
  }
  const [, customer = '', method = ''] = /^customers\/([^/:]+)(:uploadClickConversions|\/googleAds:searchStream)$/.exec(rest) ?? []
  if (method === '' || incoming.method !== 'POST') return undefined
  const body = parseJson(incoming.text)
  if (method === '/googleAds:searchStream') {
    const arrivals = new Map([[customer, 0]])
    return { door: 'check', token, arrivals, answer: guarded(() => search(desk, incoming, customer, token, body)) }
  }
  const arrivals = arrivalsOf(customer, body)
  return { door: 'events', token, arrivals, answer: guarded(() => upload(desk, conversions, { incoming, customer, token }, body)) }
}

const named = (body: Fields, { no }: Incoming): Answer => json(200, body, { 'request-id': requestId(no) })

/** By account, `{customer}/{action}`; a row without an action arrives at the customer. */
function arrivalsOf(customer: string, body: unknown): ReadonlyMap<string, number> {
  const rows = isFields(body) && Array.isArray(body['conversions']) ? body['conversions'] : []
  const arrivals = new Map<string, number>(rows.length === 0 ? [[customer, 0]] : [])
  for (const row of rows) {
    const account = accountOf(customer, isFields(row) ? row : {})
    arrivals.set(account, (arrivals.get(account) ?? 0) + 1)
  }
  return arrivals
}

function accountOf(customer: string, row: Fields): string {
  const action = actionOf(row)
  return action === '' ? customer : `${customer}/${action}`
}

const refuse = (http: number, status: string, problem: AdsProblem, no: number): Result => ({
  answer: adsError(http, status, [problem], no),
})

function guard(desk: Desk, incoming: Incoming, version: string, token: string): Result | undefined {
  const { no } = incoming
  if (!VERSIONS.has(version)) return refuse(400, 'INVALID_ARGUMENT', { family: 'requestError', code: 'UNSUPPORTED_VERSION' }, no)
  const state = desk.judgeToken('google', token)
  if (state !== 'good') return refuse(401, 'UNAUTHENTICATED', { family: 'authenticationError', code: TOKEN_ERRORS[state] }, no)
  const manager = incoming.header('login-customer-id')
  if (manager === undefined || /^\d{10}$/.test(manager)) return undefined
  return refuse(400, 'INVALID_ARGUMENT', { family: 'headerError', code: 'INVALID_LOGIN_CUSTOMER_ID' }, no)
}

/** The customer itself: ten digits that the token opens. */
function customerProblem(desk: Desk, customer: string, token: string, no: number): Result | undefined {
  if (!/^\d{10}$/.test(customer)) return refuse(400, 'INVALID_ARGUMENT', { family: 'requestError', code: 'INVALID_CUSTOMER_ID' }, no)
  const state = desk.judgeAccount('google', customer, token)
  if (state === 'unknown') return refuse(401, 'UNAUTHENTICATED', { family: 'authenticationError', code: 'CUSTOMER_NOT_FOUND' }, no)
  if (state === 'good' || desk.grantsOf('google', token).some((granted) => granted.startsWith(`${customer}/`))) return undefined
  return refuse(403, 'PERMISSION_DENIED', { family: 'authorizationError', code: 'USER_PERMISSION_DENIED' }, no)
}

function search(desk: Desk, incoming: Incoming, customer: string, token: string, body: unknown): Result {
  const wrong = customerProblem(desk, customer, token, incoming.no)
  if (wrong !== undefined) return { answer: { ...wrong.answer, body: `[${wrong.answer.body}]` } }
  const isKnown = (action: string): boolean => desk.judgeAccount('google', `${customer}/${action}`, token) === 'good'
  const rows = answerQuery(isFields(body) ? textOf(body['query']) : '', customer, isKnown)
  if (rows === undefined)
    return refuse(400, 'INVALID_ARGUMENT', { family: 'queryError', code: 'BAD_RESOURCE_TYPE_IN_FROM_CLAUSE' }, incoming.no)
  const parts = rows.length === 0 ? [] : [{ results: rows, requestId: requestId(incoming.no) }]
  return { answer: json(200, parts, { 'request-id': requestId(incoming.no) }), bookings: [] }
}

interface Upload {
  readonly incoming: Incoming
  readonly customer: string
  readonly token: string
}

function upload(desk: Desk, conversions: Conversions, call: Upload, body: unknown): Result {
  const { incoming, customer, token } = call
  const { no } = incoming
  const unread = jsonProblem(body)
  if (unread !== undefined) return { answer: unreadableJson(unread.field, unread.description, no) }
  const { conversions: list, partialFailure: isPartial, validateOnly } = body as Fields
  const rows = (list ?? []) as readonly Fields[]
  const wrong = customerProblem(desk, customer, token, no)
  if (wrong !== undefined) return wrong
  const problem = requestProblem(rows, isPartial)
  if (problem !== undefined) return refuse(400, 'INVALID_ARGUMENT', problem, no)
  const isTest = validateOnly === true
  const judged = conversions.judge(rows, { at: incoming.at, customer, token, isTest })
  if (judged === 'refused') return { answer: unreadableJson('', 'Request contains an invalid argument.', no) }
  const problems = [...judged.entries()].flatMap(([row, found]) => (found === undefined ? [] : [{ ...found, row }]))
  const results = rows.map((row, at) => (judged[at] === undefined ? resultOf(row) : {}))
  const answer = {
    ...(problems.length === 0 ? {} : { partialFailureError: partialFailure(problems, no) }),
    ...(isTest ? {} : { results, jobId: String(2 ** 31 + no) }),
  }
  return { answer: named(answer, incoming), bookings: rows.map((row, at) => book(row, judged[at], call, isTest)) }
}

function jsonProblem(body: unknown): { readonly field: string; readonly description: string } | undefined {
  if (!isFields(body)) return { field: '', description: 'Invalid JSON payload received. Unexpected token.' }
  const odd = Object.keys(body).find((name) => !REQUEST_FIELDS.has(name))
  if (odd !== undefined) return { field: '', description: `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.` }
  const rows = body['conversions'] ?? []
  if (!Array.isArray(rows)) return { field: 'conversions', description: 'Proto field is not repeating, cannot start list.' }
  for (const [index, row] of rows.entries()) {
    const description = findJsonProblem(row)
    if (description !== undefined) return { field: `conversions[${index}]`, description }
  }
  return undefined
}

function requestProblem(rows: readonly Fields[], isPartial: unknown): AdsProblem | undefined {
  if (isPartial !== true) return { family: 'partialFailureError', code: 'PARTIAL_FAILURE_MODE_REQUIRED' }
  if (rows.length === 0) return { family: 'fieldError', code: 'REQUIRED', field: 'conversions' }
  return rows.length > MAX_ROWS ? { family: 'conversionUploadError', code: 'TOO_MANY_CONVERSIONS_IN_REQUEST' } : undefined
}

function resultOf({ gclid, gbraid, wbraid, conversionAction, conversionDateTime, userIdentifiers }: Fields): Fields {
  const given = { gclid, gbraid, wbraid, conversionAction, conversionDateTime, userIdentifiers }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** A row that was recorded before arrives once more; a row with any other error is rejected. */
function book(row: Fields, problem: AdsProblem | undefined, { customer }: Upload, isTest: boolean): Booking {
  const isRecorded = problem === undefined || /^(?:ORDER_ID_ALREADY_IN_USE|CLICK_CONVERSION_ALREADY_EXISTS)$/.test(problem.code)
  const id = textOf(row['orderId'])
  const key = id === '' ? `${textOf(row['gclid'])} ${textOf(row['conversionDateTime'])}` : id
  const timeS = Math.floor(timeOf(row) / 1000)
  return {
    account: accountOf(customer, row),
    name: '',
    id,
    timeS: Number.isNaN(timeS) ? 0 : timeS,
    key,
    as: isTest ? 'test' : isRecorded ? 'live' : 'rejected',
  }
}
