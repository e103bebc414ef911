import { json, page, retryAfter } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Booking, Call, Desk, Incoming, PlatformApi, Result } from './call.ts'
import type { Fault } from './faults.ts'
import { isFields, isText, parseJson, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { createAdsApi } from './google-ads.ts'
import { destinationsOf, findDestinationProblems, findReferenceProblem, readDestinations } from './google-destinations.ts'
import type { Destination } from './google-destinations.ts'
import { googleError, requestId } from './google-error.ts'
import { MAX_USER_DATA_AGE_DAYS, consentProblem, findGoogleProblem, findGoogleWarnings, hasClick } from './google-validate.ts'
import type { GoogleProblem } from './google-validate.ts'
import { createVerdicts } from './google-verdicts.ts'
import type { Judged, Verdicts } from './google-verdicts.ts'
import { refresh } from './oauth.ts'

const MAX_EVENTS = 2000
const DAY_MS = 86_400_000
const SCOPE = 'https://www.googleapis.com/auth/datamanager https://www.googleapis.com/auth/adwords'
const REQUEST_FIELDS = new Set(['destinations', 'events', 'encoding', 'consent', 'validateOnly', 'encryptionInfo'])
const SERVER_ERRORS: Readonly<Record<number, string>> = { 500: 'INTERNAL', 503: 'UNAVAILABLE', 504: 'DEADLINE_EXCEEDED' }

/** Google's Data Manager API, `events:ingest` with its later verdict; the Google Ads API; and the token endpoint of oauth2.googleapis.com under `/token`. */
export function createGoogle(desk: Desk): PlatformApi {
  const verdicts = createVerdicts(desk)
  const ads = createAdsApi(desk)
  return {
    id: 'google',
    // A transaction id has no end: a repeat adjusts the conversion, however late it comes.
    dedupWindowMs: Number.POSITIVE_INFINITY,
    // Per Cloud project, which is all that comes here.
    limitedBy: () => '',
    read: (incoming) => readCall(desk, verdicts, incoming) ?? ads.read(incoming, bearerOf(incoming)),
    notFound: () => page(404, 'Error 404 (Not Found)!!1'),
    rateLimited(params, call) {
      const ofAds = ads.rateLimited(params, call)
      if (ofAds !== undefined) return ofAds
      const limit = params.scope === 'day' ? 'IngestionRequestsPerDayPerProject' : 'IngestionRequestsPerMinutePerProject'
      const message = `Quota exceeded for quota metric 'Ingestion requests' and limit '${limit}'.`
      const metadata = { quota_limit: limit }
      const answer = googleError({ code: 429, status: 'RESOURCE_EXHAUSTED', message, reason: 'RATE_LIMIT_EXCEEDED', metadata }, 0)
      return { ...answer, headers: { ...answer.headers, ...retryAfter(params.retry_after_s) } }
    },
    serverError(params, call) {
      const { status = 500 } = params
      return (
        ads.serverError(params, call) ??
        googleError({ code: status, status: SERVER_ERRORS[status] ?? 'INTERNAL', message: 'Internal error encountered.' }, 0)
      )
    },
    maintenance(params) {
      const answer = googleError({ code: 503, status: 'UNAVAILABLE', message: 'The service is currently unavailable for maintenance.' }, 0)
      return { ...answer, headers: { ...answer.headers, ...retryAfter(params.retry_after_s) } }
    },
    tooLarge: () => googleError({ code: 413, status: 'INVALID_ARGUMENT', message: 'Request payload size exceeds the limit.' }, 0),
    clear() {
      verdicts.clear()
      ads.clear()
    },
  }
}

const bearerOf = (incoming: Incoming): string => /^Bearer (.+)$/.exec(incoming.header('authorization') ?? '')?.[1] ?? ''

function readCall(desk: Desk, verdicts: Verdicts, incoming: Incoming): Call | undefined {
  const route = `${incoming.method} ${incoming.path}`
  if (route === 'POST /token') {
    const form = new URLSearchParams(incoming.text)
    const token = form.get('refresh_token') ?? ''
    return { door: 'token', token, arrivals: new Map(), answer: () => refresh(desk, 'google', incoming, form, SCOPE) }
  }
  const token = bearerOf(incoming)
  if (route === 'GET /v1/requestStatus:retrieve') {
    const answer = (): Result => guard(desk, token, incoming.no) ?? statusResult(verdicts, incoming)
    return { door: 'status', token, arrivals: new Map(), answer }
  }
  if (route !== 'POST /v1/events:ingest') return undefined
  const body = parseJson(incoming.text)
  const arrivals = countArrivals(isFields(body) ? body : {})
  return { door: 'events', token, arrivals, answer: () => guard(desk, token, incoming.no) ?? ingest(desk, verdicts, incoming, token, body) }
}

/** An event for two destinations arrives at both; one for none that the request has is still an arrival. */
function countArrivals(body: Fields): ReadonlyMap<string, number> {
  const events = Array.isArray(body['events']) ? body['events'] : []
  const all = readDestinations(body)
  const arrivals = new Map(all.map((each) => [each.account, 0]))
  for (const event of events) {
    const accounts = destinationsOf(event, all).map((each) => each.account)
    for (const account of accounts.length === 0 ? [''] : accounts) arrivals.set(account, (arrivals.get(account) ?? 0) + 1)
  }
  return arrivals
}

function guard(desk: Desk, token: string, no: number): Result | undefined {
  const state = desk.judgeToken('google', token)
  if (state === 'good') return undefined
  const reasons = { missing: 'CREDENTIALS_MISSING', expired: 'ACCESS_TOKEN_EXPIRED', revoked: 'ACCOUNT_STATE_INVALID', bad: undefined }
  const reason = reasons[state]
  const message =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.'
  return { answer: googleError({ code: 401, status: 'UNAUTHENTICATED', message, ...(reason === undefined ? {} : { reason }) }, no) }
}

function statusResult(verdicts: Verdicts, incoming: Incoming): Result {
  const answer = verdicts.answer(incoming.query('requestId') ?? '', incoming)
  return answer.status === 200 ? { answer, bookings: [] } : { answer }
}

function ingest(desk: Desk, verdicts: Verdicts, incoming: Incoming, token: string, body: unknown): Result {
  const { no, at } = incoming
  if (!isFields(body)) return { answer: invalid(no, 'Invalid JSON payload received. Unexpected token.') }
  const all = readDestinations(body)
  const closed = all.find((each) => desk.judgeAccount('google', each.account, token) === 'forbidden')
  if (closed !== undefined) {
    return { answer: googleError({ code: 403, status: 'PERMISSION_DENIED', message: 'The caller does not have permission' }, no) }
  }
  const events: readonly unknown[] = Array.isArray(body['events']) ? body['events'] : []
  const isTest = body['validateOnly'] === true
  const violations = [...findDestinationProblems(body['destinations'], desk, token), ...requestProblems(body, events)]
  violations.push(...eventProblems(events, { now: at, encoding: body['encoding'], isValidateOnly: isTest }, all))
  if (violations.length > 0) return { answer: invalid(no, 'There was a problem with the request.', violations) }
  const marked = findMarked(desk, token, events, all)
  if (marked !== undefined) return { answer: refuseMarked(marked, no) }
  return accept(desk, verdicts, { no, at, token, isTest }, events.filter(isFields), all)
}

function found(field: string, reason: string, description: string): GoogleProblem {
  return { field, reason, description }
}

function requestProblems(body: Fields, events: readonly unknown[]): readonly GoogleProblem[] {
  const odd = Object.keys(body).filter((name) => !REQUEST_FIELDS.has(name))
  const hasUserData = events.some((event) => isFields(event) && event['userData'] !== undefined)
  const encoding = body['encoding']
  const consent = consentProblem(body['consent'])
  return [
    ...odd.map((name) => found('', 'INVALID_ARGUMENT', `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`)),
    ...(events.length === 0 ? [found('events', 'REQUIRED_FIELD_MISSING', 'The required field was not present.')] : []),
    ...(events.length > MAX_EVENTS ? [found('events', 'TOO_MANY_EVENTS', `At most ${MAX_EVENTS} events are allowed in one request.`)] : []),
    ...(hasUserData && encoding === undefined ? [found('encoding', 'REQUIRED_FIELD_MISSING', 'The required field was not present.')] : []),
    ...(encoding === undefined || encoding === 'HEX' || encoding === 'BASE64'
      ? []
      : [found('encoding', 'INVALID_ENUM_VALUE', 'HEX or BASE64.')]),
    ...(consent === undefined ? [] : [consent]),
  ]
}

/** One violation for every bad event: Google names them all at once. */
function eventProblems(
  events: readonly unknown[],
  context: Parameters<typeof findGoogleProblem>[1],
  all: readonly Destination[],
): readonly GoogleProblem[] {
  if (events.length > MAX_EVENTS) return []
  return events.flatMap((event, index) => {
    const problem = findGoogleProblem(event, context) ?? findReferenceProblem(event, all)
    return problem === undefined ? [] : [{ ...problem, field: fieldOf(index, problem.field) }]
  })
}

/** The doubled prefix is how the API has been seen to write it. */
function fieldOf(index: number, field: string): string {
  return field === '' ? `events.events[${index}]` : `events.events[${index}].${field}`
}

function findMarked(
  desk: Desk,
  token: string,
  events: readonly unknown[],
  all: readonly Destination[],
): { fault: Fault; index: number } | undefined {
  const marks = new Map(all.map((each) => [each.account, desk.markedEvents('bad_event', 'google', each.account, token)]))
  if ([...marks.values()].every((each) => each.size === 0)) return undefined
  for (const [index, event] of events.entries()) {
    const id = isFields(event) ? textOf(event['transactionId']) : ''
    for (const { account } of destinationsOf(event, all)) {
      const fault = marks.get(account)?.get(id)
      if (fault === undefined) continue
      desk.useFault(fault)
      return { fault, index }
    }
  }
  return undefined
}

function refuseMarked({ fault, index }: { readonly fault: Fault; readonly index: number }, no: number): Answer {
  const { named = true, reason = 'INVALID_EVENT' } = fault.params
  if (!named) return googleError({ code: 400, status: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' }, no)
  return invalid(no, 'There was a problem with the request.', [
    { field: fieldOf(index, ''), reason, description: 'The event is not valid.' },
  ])
}

interface Taking {
  readonly no: number
  readonly at: number
  readonly token: string
  readonly isTest: boolean
}

function accept(desk: Desk, verdicts: Verdicts, taking: Taking, events: readonly Fields[], all: readonly Destination[]): Result {
  const { no, at, token, isTest } = taking
  const late = new Map(all.map((each) => [each.account, desk.markedEvents('late_reject', 'google', each.account, token)]))
  const judged: Judged[] = []
  const bookings: Booking[] = []
  for (const [index, event] of events.entries()) {
    for (const { account, body } of destinationsOf(event, all)) {
      const fault = late.get(account)?.get(textOf(event['transactionId']))
      const reason = fault === undefined ? ageReason(event, at) : (fault.params.reason ?? 'INVALID_EVENT')
      if (fault !== undefined && !isTest) desk.useFault(fault)
      judged.push({ destination: body, account, index, ...(reason === undefined ? {} : { reason }) })
      bookings.push(book(account, event, isTest ? 'test' : reason === undefined ? 'live' : 'rejected'))
    }
  }
  if (!isTest) verdicts.keep(requestId(no), at, judged)
  const warnings = events.flatMap((event, index) =>
    findGoogleWarnings(event).map((each) => ({ ...each, field: fieldOf(index, each.field) })),
  )
  return { answer: json(200, { requestId: requestId(no), ...(warnings.length === 0 ? {} : { fieldWarnings: warnings }) }), bookings }
}

/** Without a click id an event is matched by user data, which reaches less far back; Google says so only in the verdict. */
function ageReason(event: Fields, at: number): string | undefined {
  const isOld = at - Date.parse(textOf(event['eventTimestamp'])) > MAX_USER_DATA_AGE_DAYS * DAY_MS
  return isOld && !hasClick(event) ? 'EVENT_TOO_OLD' : undefined
}

/** Without a transaction id only the same click at the same time is known to be the same. */
function book(account: string, event: Fields, as: Booking['as']): Booking {
  const id = textOf(event['transactionId'])
  const time = textOf(event['eventTimestamp'])
  const gclid = isFields(event['adIdentifiers']) ? textOf(event['adIdentifiers']['gclid']) : ''
  const key = isText(id) ? id : gclid === '' ? '' : `gclid ${gclid} ${time}`
  return { account, name: textOf(event['eventName']), id, timeS: Math.floor(Date.parse(time) / 1000), key, as }
}

function invalid(no: number, message: string, violations: readonly GoogleProblem[] = []): Answer {
  return googleError({ code: 400, status: 'INVALID_ARGUMENT', message, ...(violations.length === 0 ? {} : { violations }) }, no)
}
