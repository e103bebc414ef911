import type { ConversionEvent } from '@relay/core/event'
import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Account, CheckReport, HttpAnswer, HttpRequest } from '../../contract.ts'
import { conformance } from '../../testing/conformance.ts'
import { conversionEvent, NOW, preparedFor } from '../../testing/events.ts'
import { accountOf, answerOf, contextOf, type Fixtures } from '../../testing/fixtures.ts'
import type { GoogleCredentials } from '../credentials.ts'
import { google } from '../index.ts'
import { ADS_EXAMPLES, ADS_SETTINGS } from './examples.ts'
import { adsError, documentedErrors } from './families.ts'

const sendable = conversionEvent({ event_name: 'Purchase', user_data: { gclid: 'Cj0KCQ_AbC' } })

interface OneError {
  readonly code: JsonObject
  /** Absent: an error of no row. `noIndex`: the list is named and its index is missing. */
  readonly at?: number | 'noIndex'
  readonly details?: JsonObject
}

const upload = (value: string): JsonObject => ({ conversionUploadError: value })

const failureOf = (errors: readonly OneError[]): JsonObject => ({
  '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure',
  errors: errors.map(({ code, at, details }) => ({
    errorCode: code,
    message: 'words that are not read: conversions[7]',
    ...(details === undefined ? {} : { details }),
    ...(at === undefined
      ? {}
      : {
          location: {
            fieldPathElements: [
              at === 'noIndex' ? { fieldName: 'conversions' } : { fieldName: 'conversions', index: at },
              { fieldName: 'user_identifiers', index: 4 },
            ],
          },
        }),
  })),
  requestId: 'req-9',
})

const result = { gclid: 'x', conversionAction: 'customers/1/conversionActions/2', conversionDateTime: '2026-11-24 12:00:00+00:00' }

/** A 200 of `count` rows in which these errors happened. */
const partial = (errors: readonly OneError[], results?: readonly JsonObject[]): HttpAnswer =>
  answerOf(200, {
    partialFailureError: { code: 3, message: 'Multiple errors', details: [failureOf(errors)] },
    ...(results === undefined ? {} : { results }),
  })

const refused = (http: number, status: string, errors: readonly OneError[], reason?: string, headers = {}): HttpAnswer =>
  answerOf(
    http,
    {
      error: {
        code: http,
        status,
        message: 'Request failed',
        details: [
          ...(reason === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }]),
          ...(errors.length === 0 ? [] : [failureOf(errors)]),
        ],
      },
    },
    headers,
  )

const fixtures: Fixtures<GoogleCredentials> = {
  credentials: {
    client_id: 'client-1.apps.example',
    client_secret: 'canary-secret-2',
    refresh_token: 'canary-refresh-3',
    developer_token: 'canary-developer-5',
  },
  accessToken: 'canary-access-4',
  settings: ADS_SETTINGS,
  examples: ADS_EXAMPLES,
  sendable,
  unsendable: { event: { ...sendable, user_data: { city: 'Rome' } }, code: 'IDENTITY_MISSING' },
  accepted: (count) => answerOf(200, { results: Array.from({ length: count }, () => result), jobId: '4294967296' }),
  deadCredentials: (message) => {
    const answer = refused(401, 'UNAUTHENTICATED', [{ code: { authenticationError: 'OAUTH_TOKEN_REVOKED' } }])
    return answer.kind === 'answer'
      ? { ...answer, body: answer.body.replace('Request failed', JSON.stringify(message).slice(1, -1)) }
      : answer
  },
  rateLimited: () => refused(429, 'RESOURCE_EXHAUSTED', [{ code: { quotaError: 'RESOURCE_TEMPORARILY_EXHAUSTED' } }]),
}

conformance(google, fixtures)

const bodyOf = (fields: Partial<ConversionEvent>, settings = ADS_SETTINGS): JsonObject => {
  const encoded = google.encodeEvent(preparedFor(google, { ...sendable, ...fields }, settings).event, settings)
  if (encoded.kind === 'refused') throw new Error(encoded.refusal.error.code)
  return encoded.body
}
const rows = (count: number): JsonObject[] => Array.from({ length: count }, (_value, index) => ({ orderId: `order-${index}` }))
const classify = (answer: HttpAnswer, count: number, test = false): EventOutcome[] =>
  google.classify(answer, rows(count), { ...contextOf(google, ADS_SETTINGS), ...(test ? { testEventCode: 'T' } : {}) })
const short = (outcome: EventOutcome): string =>
  outcome.kind === 'delivered' ? `delivered${outcome.note === undefined ? '' : ' again'}` : `${outcome.kind} ${outcome.error.code}`
const shorts = (answer: HttpAnswer, count: number, test = false): string[] => classify(answer, count, test).map(short)

test('the request goes through the manager to the account, with partial failure and the developer token', () => {
  const request = google.encodeRequest([bodyOf({})], { ...accountOf(fixtures), baseUrl: google.api.baseUrl }, undefined)
  expect(request).toMatchObject({
    url: 'https://googleads.googleapis.com/v26/customers/1234567890:uploadClickConversions',
    headers: { Authorization: 'Bearer canary-access-4', 'developer-token': 'canary-developer-5', 'login-customer-id': '9998887776' },
  })
  const body = JSON.parse(request.body ?? '') as JsonObject
  expect(body).toMatchObject({ partialFailure: true })
  expect(Object.keys(body)).toEqual(['conversions', 'partialFailure'])
})

test('a direct user names no manager, and a test event is only validated', () => {
  const { login_account: _manager, ...settings } = ADS_SETTINGS
  const request = google.encodeRequest([bodyOf({})], { ...accountOf(fixtures), settings }, 'TEST1')
  expect(request.headers).not.toHaveProperty('login-customer-id')
  expect(request.url).toBe('https://platform.example/v26/customers/1234567890:uploadClickConversions')
  expect(JSON.parse(request.body ?? '')).toMatchObject({ partialFailure: true, validateOnly: true })
})

test.each([
  ['app', { gbraid: 'g' }],
  ['website', { wbraid: 'w' }],
  ['physical_store', { wbraid: 'w' }],
] as const)('of both braids %s keeps its own', (action_source, kept) => {
  const body = bodyOf({ action_source, user_data: { gclid: 'c', gbraid: 'g', wbraid: 'w' } })
  expect(body).toMatchObject({ gclid: 'c', ...kept })
  expect(['gbraid', 'wbraid'].filter((name) => name in body)).toEqual(Object.keys(kept))
})

test('five identifiers at most, e-mail and phone first, and never an address', () => {
  const email = Array.from({ length: 6 }, (_value, index) => `a${index}@example.com`)
  const person = { email, phone: '+441134960987', first_name: 'Ann', last_name: 'Lee', country: 'GB', zip: 'EC1A 1BB' }
  const { event, warnings } = preparedFor(google, { ...sendable, user_data: person }, ADS_SETTINGS)
  const encoded = google.encodeEvent(event, ADS_SETTINGS)
  expect(encoded).toMatchObject({ kind: 'body', body: { userIdentifiers: { length: 5 } } })
  const kinds = encoded.kind === 'body' ? (encoded.body['userIdentifiers'] as JsonObject[]).map((one) => Object.keys(one)[1]) : []
  expect(kinds).toEqual(['hashedEmail', 'hashedPhoneNumber', 'hashedEmail', 'hashedEmail', 'hashedEmail'])
  expect(warnings).toEqual([{ field: 'user_data.email', reason: 'TOO_MANY_VALUES' }])
})

test('an event prepared for the Data Manager API, replayed here, keeps what this API takes', () => {
  const person = { email: 'alexz@example.com', first_name: 'Ann', last_name: 'Lee', country: 'GB', zip: 'EC1A 1BB' }
  const { event } = preparedFor(google, { ...sendable, user_data: person }, { ...ADS_SETTINGS, api: 'data_manager' })
  expect(google.encodeEvent(event, ADS_SETTINGS)).toMatchObject({
    kind: 'body',
    body: { userIdentifiers: [{ hashedEmail: expect.any(String) }] },
  })
  const nameOnly = preparedFor(google, { ...sendable, user_data: { ...person, email: '' } }, { ...ADS_SETTINGS, api: 'data_manager' })
  expect(google.encodeEvent(nameOnly.event, ADS_SETTINGS)).toMatchObject({ refusal: { error: { code: 'IDENTITY_MISSING' } } })
})

test('consent has no field for personalisation here, and a denial is passed on', () => {
  expect(bodyOf({ consent: { ad_user_data: 'DENIED', ad_personalization: 'GRANTED' } })['consent']).toEqual({ adUserData: 'DENIED' })
  expect(bodyOf({ consent: { ad_personalization: 'GRANTED' } })).not.toHaveProperty('consent')
})

test('each order of an action stands in a request once', () => {
  const orders = ['a', 'b', 'a', 'a', 'b']
  const bodies = orders.map((order_id) => bodyOf({ custom_data: { order_id: `order-${order_id}` } }))
  expect(google.separate?.([...bodies, bodyOf({ event_name: 'Lead', custom_data: { order_id: 'order-a' } })], ADS_SETTINGS)).toEqual([
    [0, 1, 5],
    [2, 4],
    [3],
  ])
  fc.assert(
    fc.property(fc.array(fc.constantFrom('order-1', 'order-2', 'order-3'), { maxLength: 40 }), (ids) => {
      const many = ids.map((order_id) => bodyOf({ custom_data: { order_id } }))
      const groups = google.separate?.(many, ADS_SETTINGS) ?? []
      expect(groups.flat().toSorted((a, b) => a - b)).toEqual([...many.keys()])
      for (const group of groups) expect(new Set(group.map((at) => ids[at])).size).toBe(group.length)
    }),
  )
})

test('a 200 with a failure inside: the rows that it names, by the index of the list and no other', () => {
  const answer = partial(
    [
      { code: upload('INVALID_USER_IDENTIFIER'), at: 1 },
      { code: upload('ORDER_ID_ALREADY_IN_USE'), at: 3 },
      { code: upload('TOO_RECENT_EVENT'), at: 4 },
    ],
    [result, {}, result, {}, {}],
  )
  expect(shorts(answer, 5)).toEqual(['delivered', 'reject EVENT_REJECTED', 'delivered', 'delivered again', 'hold DEFERRED_BY_PLATFORM'])
  const outcomes = classify(answer, 5)
  expect(outcomes[1]).toMatchObject({ error: { platformCode: 'INVALID_USER_IDENTIFIER', platformRequestId: 'req-9' } })
  expect(outcomes[4]).toMatchObject({ until: NOW + 6 * 3_600_000, error: { platformCode: 'TOO_RECENT_EVENT' } })
})

test('a missing index is 0, unless the results show that 0 was taken', () => {
  const errors = [{ code: upload('UNPARSEABLE_GCLID'), at: 'noIndex' }] as const
  expect(shorts(partial(errors), 3)).toEqual(['reject EVENT_REJECTED', 'delivered', 'delivered'])
  expect(shorts(partial(errors, [{}, result]), 2)).toEqual(['reject EVENT_REJECTED', 'delivered'])
  expect(shorts(partial(errors, [result, {}]), 2)).toEqual(['delivered', 'reject EVENT_REJECTED'])
})

test('an error of no row falls on the only row that was not taken; of several they go again to find which', () => {
  const errors = [{ code: upload('CLICK_NOT_FOUND') }]
  expect(shorts(partial(errors, [result, {}, result]), 3)).toEqual(['delivered', 'reject EVENT_REJECTED', 'delivered'])
  expect(shorts(partial(errors, [{}, {}, result]), 3)).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED', 'delivered'])
  expect(shorts(partial(errors), 2)).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
  expect(shorts(partial(errors), 1)).toEqual(['reject EVENT_REJECTED'])
  expect(shorts(partial([{ code: { internalError: 'TRANSIENT_ERROR' } }], [result, {}]), 2)).toEqual(['delivered', 'retry PLATFORM_ERROR'])
})

test('several errors of one row: the gravest decides, and a duplicate hides none', () => {
  const at = 0
  const both = (one: string, other: string): string[] =>
    shorts(
      partial([
        { code: upload(one), at },
        { code: upload(other), at },
      ]),
      1,
    )
  expect(both('ORDER_ID_ALREADY_IN_USE', 'CLICK_NOT_FOUND')).toEqual(['reject EVENT_REJECTED'])
  expect(both('TOO_RECENT_EVENT', 'NO_CONVERSION_ACTION_FOUND')).toEqual(['reject DESTINATION_INVALID'])
  expect(both('A_CODE_OF_2027', 'ORDER_ID_ALREADY_IN_USE')).toEqual(['retry UNEXPECTED_RESPONSE'])
})

test('rows of one request that collide travel apart; one that collides with nothing is unknown', () => {
  const errors = [
    { code: upload('DUPLICATE_ORDER_ID'), at: 0 },
    { code: upload('DUPLICATE_ORDER_ID'), at: 2 },
  ]
  expect(shorts(partial(errors, [{}, result, {}]), 3)).toEqual(['hold BATCH_REFUSED', 'delivered', 'hold BATCH_REFUSED'])
  expect(shorts(partial([{ code: upload('DUPLICATE_ORDER_ID'), at: 0 }]), 1)).toEqual(['retry UNEXPECTED_RESPONSE'])
})

test('a 200 without one result for each event delivers nothing, but a validation has none', () => {
  expect(shorts(answerOf(200, {}), 2)).toEqual(['retry UNEXPECTED_RESPONSE', 'retry UNEXPECTED_RESPONSE'])
  expect(shorts(answerOf(200, { results: [result] }), 2)).toEqual(['retry UNEXPECTED_RESPONSE', 'retry UNEXPECTED_RESPONSE'])
  expect(shorts(answerOf(200, { results: [result, {}] }), 2)).toEqual(['delivered', 'retry UNEXPECTED_RESPONSE'])
  expect(shorts(answerOf(200, {}), 2, true)).toEqual(['delivered', 'delivered'])
  expect(shorts(answerOf(200, { partialFailureError: { code: 0 }, results: [result] }), 1)).toEqual(['delivered'])
  expect(shorts(answerOf(200, { partialFailureError: 'no', results: [result] }), 1)).toEqual(['retry UNEXPECTED_RESPONSE'])
  expect(shorts(answerOf(200, { partialFailureError: { code: 3 }, results: [result, {}] }), 2)).toEqual([
    'delivered',
    'retry UNEXPECTED_RESPONSE',
  ])
})

const quota = (code: string, retryDelay?: string, rateScope = 'DEVELOPER'): OneError => ({
  code: { quotaError: code },
  details: { quotaErrorDetails: { rateScope, ...(retryDelay === undefined ? {} : { retryDelay }) } },
})

test.each([
  [quota('RESOURCE_TEMPORARILY_EXHAUSTED', '30s'), 'RATE_LIMITED', 30_000, 'application'],
  [quota('RESOURCE_TEMPORARILY_EXHAUSTED', '1.5s', 'ACCOUNT'), 'RATE_LIMITED', 1_500, 'connection'],
  [quota('RESOURCE_TEMPORARILY_EXHAUSTED'), 'RATE_LIMITED', 1_000, 'application'],
  [quota('RESOURCE_EXHAUSTED', '7200s'), 'QUOTA_EXHAUSTED', 7_200_000, 'application'],
  [quota('RESOURCE_EXHAUSTED'), 'QUOTA_EXHAUSTED', 3_600_000, 'application'],
])('quota %#: held by the time and the scope that Google names', (error, code, waitMs, scope) => {
  expect(classify(refused(429, 'RESOURCE_EXHAUSTED', [error]), 2)[1]).toMatchObject({
    kind: 'hold',
    until: NOW + waitMs,
    error: { code, scope },
  })
  expect(classify(partial([{ ...error, at: 1 }], [result, {}]), 2)).toMatchObject([
    { kind: 'delivered' },
    { until: NOW + waitMs, error: { code } },
  ])
})

test.each([
  [401, 'UNAUTHENTICATED', { authenticationError: 'OAUTH_TOKEN_EXPIRED' }, 'hold ACCESS_TOKEN_EXPIRED'],
  [401, 'UNAUTHENTICATED', { authenticationError: 'NOT_ADS_USER' }, 'reject CREDENTIALS_EXPIRED'],
  [401, 'UNAUTHENTICATED', { authenticationError: 'SOMETHING_OF_2027' }, 'reject CREDENTIALS_EXPIRED'],
  [401, 'UNAUTHENTICATED', { authenticationError: 'DEVELOPER_TOKEN_INVALID' }, 'hold PLATFORM_MISCONFIGURED'],
  [403, 'PERMISSION_DENIED', { authorizationError: 'USER_PERMISSION_DENIED' }, 'reject PERMISSION_DENIED'],
  [403, 'PERMISSION_DENIED', { authorizationError: 'PROJECT_DISABLED' }, 'hold PLATFORM_MISCONFIGURED'],
  [403, 'PERMISSION_DENIED', { authorizationError: 'UNSPECIFIED' }, 'retry UNEXPECTED_RESPONSE'],
  [403, 'PERMISSION_DENIED', { notAllowlistedError: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' }, 'reject PERMISSION_DENIED'],
  [403, 'PERMISSION_DENIED', { quotaError: 'ACCESS_PROHIBITED' }, 'reject PERMISSION_DENIED'],
  [400, 'INVALID_ARGUMENT', { headerError: 'INVALID_LOGIN_CUSTOMER_ID' }, 'reject PERMISSION_DENIED'],
  [400, 'INVALID_ARGUMENT', { requestError: 'UNSUPPORTED_VERSION' }, 'hold PLATFORM_MISCONFIGURED'],
  [400, 'INVALID_ARGUMENT', { partialFailureError: 'PARTIAL_FAILURE_MODE_REQUIRED' }, 'retry UNEXPECTED_RESPONSE'],
  [400, 'INVALID_ARGUMENT', { constructor: 'NAME' }, 'retry UNEXPECTED_RESPONSE'],
  [400, 'INVALID_ARGUMENT', { databaseError: 'REQUEST_TOO_LARGE' }, 'hold BATCH_REFUSED'],
  [400, 'INVALID_ARGUMENT', { fieldError: 'REQUIRED' }, 'hold BATCH_REFUSED'],
  [500, 'INTERNAL', { internalError: 'INTERNAL_ERROR' }, 'retry PLATFORM_ERROR'],
  [503, 'UNAVAILABLE', { internalError: 'TRANSIENT_ERROR' }, 'hold PLATFORM_ERROR'],
])('a refused request, %i %s %o: %s', (http, status, code, expected) => {
  const answer = refused(http, status, [{ code }])
  expect(shorts(answer, 2)).toEqual([expected, expected])
  if (!expected.endsWith('BATCH_REFUSED')) expect(classify(answer, 1)[0]).toMatchObject({ error: { platformCode: Object.values(code)[0] } })
})

test.each([
  [403, 'PERMISSION_DENIED', 'SERVICE_DISABLED', 'hold PLATFORM_MISCONFIGURED'],
  [403, 'PERMISSION_DENIED', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'reject CREDENTIALS_EXPIRED'],
  [403, 'PERMISSION_DENIED', undefined, 'reject PERMISSION_DENIED'],
  [401, 'UNAUTHENTICATED', undefined, 'hold ACCESS_TOKEN_EXPIRED'],
  [429, 'RESOURCE_EXHAUSTED', undefined, 'hold RATE_LIMITED'],
  [400, 'INVALID_ARGUMENT', undefined, 'reject EVENT_REJECTED'],
  [400, 'INVALID_ARGUMENT', 'INVALID_CURRENCY_CODE', 'retry UNEXPECTED_RESPONSE'],
])('a refusal without a failure, %i %s %s: %s', (http, status, reason, expected) => {
  const [outcome] = classify(refused(http, status, [], reason), 1)
  expect(outcome === undefined ? '' : short(outcome)).toBe(expected)
  expect(outcome).toMatchObject({ error: { platformCode: reason ?? status } })
})

test("the front end's reason comes before the code of an error", () => {
  const answer = refused(403, 'PERMISSION_DENIED', [{ code: { authorizationError: 'MISSING_TOS' } }], 'CONSUMER_SUSPENDED')
  expect(classify(answer, 1)[0]).toMatchObject({ error: { code: 'PERMISSION_DENIED', platformCode: 'CONSUMER_SUSPENDED' } })
})

test('JSON that the front end cannot read: the row that it names, and the others again', () => {
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'conversions[1].conversion_value', description: 'x' }],
    },
  ]
  const answer = answerOf(400, { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'x', details } })
  expect(shorts(answer, 3)).toEqual(['hold BATCH_REFUSED', 'reject EVENT_REJECTED', 'hold BATCH_REFUSED'])
})

test('too many rows are halved', () => {
  const answer = refused(400, 'INVALID_ARGUMENT', [{ code: upload('TOO_MANY_CONVERSIONS_IN_REQUEST') }])
  expect(shorts(answer, 2)).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
  expect(shorts(answer, 1)).toEqual(['reject PAYLOAD_TOO_LARGE'])
})

test('the only errors that deliver are those of what was recorded before', () => {
  const delivering = documentedErrors().filter(({ error }) => error.class === 'duplicate')
  expect(delivering.map(({ value }) => value)).toEqual([
    'ORDER_ID_ALREADY_IN_USE',
    'CLICK_CONVERSION_ALREADY_EXISTS',
    'CONVERSION_ALREADY_ENHANCED',
  ])
  for (const { family, value, error } of documentedErrors()) {
    const [outcome] = classify(partial([{ code: { [family]: value }, at: 0 }], [{}]), 1)
    expect([value, outcome?.kind === 'delivered']).toEqual([value, error.class === 'duplicate'])
  }
})

test('random partial failures: one outcome per row, in order, and a row is delivered if and only if Google says so', () => {
  const codes = documentedErrors().filter(({ error }) => error.scope !== 'request' && error.class !== 'collision')
  const failing = fc.option(fc.constantFrom(...codes), { freq: 2 })
  fc.assert(
    fc.property(fc.array(failing, { minLength: 1, maxLength: 60 }), fc.boolean(), (fates, withResults) => {
      const errors = fates.flatMap((fate, at) =>
        fate === null ? [] : [{ code: { [fate.family]: fate.value }, at: at === 0 ? ('noIndex' as const) : at }],
      )
      const results = fates.map((fate) => (fate === null ? result : {}))
      const answer = errors.length === 0 ? answerOf(200, { results }) : partial(errors.toReversed(), withResults ? results : undefined)
      const outcomes = classify(answer, fates.length)
      expect(outcomes).toHaveLength(fates.length)
      for (const [at, fate] of fates.entries()) {
        const outcome = outcomes[at]
        expect(outcome?.kind === 'delivered').toBe(fate === null || fate.error.class === 'duplicate')
        if (outcome?.kind !== 'delivered') expect(outcome?.error.platformCode).toBe(fate?.value)
      }
    }),
    { numRuns: 300 },
  )
})

test('random shapes of an answer throw nothing and deliver nothing that has no result', () => {
  const anything = fc.jsonValue({ maxDepth: 5 })
  const element = fc.record({ fieldName: fc.constantFrom('conversions', 'operations', 'gclid'), index: anything }, { requiredKeys: [] })
  const error = fc.record(
    { errorCode: anything, location: fc.record({ fieldPathElements: fc.array(element) }), details: anything },
    { requiredKeys: [] },
  )
  const body = fc.record(
    {
      partialFailureError: fc.oneof(anything, fc.record({ code: anything, details: fc.array(fc.record({ errors: fc.array(error) })) })),
      results: anything,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(body, fc.integer({ min: 0, max: 5 }), (value, count) => {
      const given = JSON.parse(JSON.stringify(value)) as JsonObject
      const outcomes = classify(answerOf(200, given), count)
      expect(outcomes).toHaveLength(count)
      const failure = given['partialFailureError']
      const isSuccess = !isJsonObject(failure) || failure['code'] === 0
      if (isSuccess && !Array.isArray(given['results'])) expect(outcomes.every(({ kind }) => kind !== 'delivered')).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('a family that nobody knows, and a value that is no value, are unknown', () => {
  expect(adsError('newError', 'WHATEVER').class).toBe('unknown')
  expect(adsError('authenticationError', 'UNKNOWN').class).toBe('unknown')
  expect(adsError('conversionUploadError', 'toString').class).toBe('unknown')
})

const token = (scope?: string): HttpAnswer =>
  answerOf(200, { access_token: 'ya29.fresh', expires_in: 3_599, ...(scope === undefined ? {} : { scope }) })
const BOTH = 'https://www.googleapis.com/auth/adwords https://www.googleapis.com/auth/datamanager'
const list = answerOf(200, { resourceNames: ['customers/9998887776'] })
const customer = (setting: JsonObject = {}): HttpAnswer => {
  const conversionTrackingSetting = { acceptedCustomerDataTerms: true, enhancedConversionsForLeadsEnabled: true, ...setting }
  return answerOf(200, JSON.stringify([{ results: [{ customer: { conversionTrackingSetting } }] }]))
}
const actions = (...changes: readonly JsonObject[]): HttpAnswer =>
  answerOf(
    200,
    JSON.stringify([
      {
        results: ['111222333', '444555666'].map((id, at) => ({
          conversionAction: { id, type: 'UPLOAD_CLICKS', status: 'ENABLED', ...changes[at] },
        })),
      },
    ]),
  )
const madeUpClick = partial([
  { code: upload('UNPARSEABLE_GCLID'), at: 0 },
  { code: upload('UNPARSEABLE_GCLID'), at: 1 },
])

async function check(answers: readonly HttpAnswer[], account: Partial<Account<GoogleCredentials>> = {}) {
  const requests: HttpRequest[] = []
  const report: CheckReport = await google.check(
    { ...accountOf(fixtures), ...account },
    {
      send: (request) => {
        requests.push(request)
        return Promise.resolve(answers[requests.length - 1] ?? answerOf(500, ''))
      },
    },
  )
  return { report, requests }
}

test('a check asks for access, settings and actions, then tries made-up clicks, and records nothing', async () => {
  const { report, requests } = await check([token(), list, customer(), actions(), madeUpClick])
  expect(report).toEqual({
    verdict: 'verified',
    apis: [
      { api: 'ads', usable: 'yes' },
      { api: 'data_manager', usable: 'unknown', why: expect.any(String) },
    ],
  })
  expect(requests.map(({ method, url }) => `${method} ${url}`).slice(1)).toEqual([
    'GET https://platform.example/v26/customers:listAccessibleCustomers',
    'POST https://platform.example/v26/customers/1234567890/googleAds:searchStream',
    'POST https://platform.example/v26/customers/1234567890/googleAds:searchStream',
    'POST https://platform.example/v26/customers/1234567890:uploadClickConversions',
  ])
  expect(requests[1]?.headers).not.toHaveProperty('login-customer-id')
  expect(JSON.parse(requests[4]?.body ?? '')).toMatchObject({ validateOnly: true, partialFailure: true })
})

test('a check tells whether the grant can use the other API as well', async () => {
  const { report } = await check([
    token(BOTH),
    list,
    customer(),
    actions(),
    madeUpClick,
    answerOf(200, { requestId: 'r' }),
    answerOf(200, { requestId: 'r' }),
  ])
  expect(report.apis).toEqual([
    { api: 'ads', usable: 'yes' },
    { api: 'data_manager', usable: 'yes' },
  ])
})

test('an account that the upload is closed to is told to use the other API', async () => {
  const closed = partial([{ code: { notAllowlistedError: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' }, at: 0 }])
  const { report } = await check([
    token(BOTH),
    list,
    customer(),
    actions(),
    closed,
    answerOf(200, { requestId: 'r' }),
    answerOf(200, { requestId: 'r' }),
  ])
  expect(report).toMatchObject({
    verdict: 'refused',
    details: { field: 'settings.api', error_code: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' },
    apis: [
      { api: 'ads', usable: 'no' },
      { api: 'data_manager', usable: 'yes' },
    ],
  })
})

const noRight = refused(403, 'PERMISSION_DENIED', [{ code: { authorizationError: 'USER_PERMISSION_DENIED' } }])
test.each([
  ['no access', [token(), list, noRight], 'settings.login_account'],
  [
    'a dead token',
    [token(), refused(401, 'UNAUTHENTICATED', [{ code: { authenticationError: 'OAUTH_TOKEN_INVALID' } }])],
    'credentials.refresh_token',
  ],
  [
    'a wrong developer token',
    [token(), refused(401, 'UNAUTHENTICATED', [{ code: { authenticationError: 'DEVELOPER_TOKEN_INVALID' } }])],
    'credentials.developer_token',
  ],
  ['an action that is not there', [token(), list, customer(), answerOf(200, '[]')], 'settings.conversion_actions.Purchase'],
  [
    'actions of a manager',
    [token(), list, customer({ googleAdsConversionCustomer: 'customers/5' }), answerOf(200, '[]')],
    'settings.operating_account',
  ],
  ['an action of the tag', [token(), list, customer(), actions({}, { type: 'WEBPAGE' })], 'settings.conversion_actions.Lead'],
  ['a removed action', [token(), list, customer(), actions({ status: 'REMOVED' })], 'settings.conversion_actions.Purchase'],
] as const)('a check that meets %s names the field at fault', async (_what, answers, field) => {
  const { report } = await check(answers)
  expect(report).toMatchObject({ verdict: 'refused', details: { field } })
  expect(JSON.stringify(report)).not.toContain('canary')
})

test('a check without a developer token asks nobody', async () => {
  const { developer_token: _none, ...credentials } = fixtures.credentials
  const { report, requests } = await check([], { credentials })
  expect(report).toMatchObject({ verdict: 'refused', details: { field: 'credentials.developer_token' } })
  expect(requests).toEqual([])
})

test.each([
  ['a project without the API', [token(), refused(403, 'PERMISSION_DENIED', [], 'SERVICE_DISABLED')]],
  ['an answer that cannot be read', [token(), list, answerOf(200, '<html>')]],
  ['a failure that says nothing', [token(), list, customer(), actions(), answerOf(200, { partialFailureError: { code: 3 } })]],
])('a check that meets %s is unverified', async (_what, answers) => {
  expect((await check(answers)).report.verdict).toBe('unverified')
})

test('an account without enhanced conversions for leads is verified with a remark', async () => {
  const { report } = await check([token(), list, customer({ acceptedCustomerDataTerms: false }), actions(), madeUpClick])
  expect(report).toMatchObject({ verdict: 'verified', remark: expect.stringContaining('click id') })
})
