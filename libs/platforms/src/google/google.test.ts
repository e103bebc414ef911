import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, UserData } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import { sha256Hex } from '@relay/prepare/hash'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Account, CheckReport, HttpAnswer, HttpRequest } from '../contract.ts'
import { conformance } from '../testing/conformance.ts'
import { conversionEvent, NOW, preparedFor } from '../testing/events.ts'
import { accountOf, answerOf, contextOf, type Fixtures } from '../testing/fixtures.ts'
import type { GoogleCredentials } from './credentials.ts'
import { GOOGLE_EXAMPLES, SETTINGS } from './examples.ts'
import { google } from './index.ts'
import { GOOGLE_REASONS } from './reasons.ts'
import { transactionIdOf } from './transaction-id.ts'

const sendable = conversionEvent({ event_name: 'Purchase', user_data: { gclid: 'Cj0KCQ_AbC' } })

interface ErrorParts {
  readonly reason?: string
  readonly metadata?: JsonObject
  readonly violations?: readonly JsonObject[]
  readonly message?: string
}

const errorAnswer = (
  http: number,
  status: string,
  { reason, metadata, violations, message = 'There was a problem with the request.' }: ErrorParts = {},
  headers: Record<string, string> = {},
): HttpAnswer =>
  answerOf(
    http,
    {
      error: {
        code: http,
        status,
        message,
        details: [
          ...(reason === undefined
            ? []
            : [
                {
                  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                  reason,
                  domain: 'datamanager.googleapis.com',
                  metadata: metadata ?? {},
                },
              ]),
          ...(violations === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }]),
          { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'req-9' },
        ],
      },
    },
    headers,
  )

const fixtures: Fixtures<GoogleCredentials> = {
  credentials: { client_id: 'client-1.apps.example', client_secret: 'canary-secret-2', refresh_token: 'canary-refresh-3' },
  accessToken: 'canary-access-4',
  settings: SETTINGS,
  examples: GOOGLE_EXAMPLES,
  sendable,
  unsendable: { event: { ...sendable, user_data: { city: 'Rome' } }, code: 'IDENTITY_MISSING' },
  accepted: () => answerOf(200, { requestId: 'req-1' }),
  deadCredentials: (message) => errorAnswer(403, 'PERMISSION_DENIED', { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', message }),
  rateLimited: () =>
    errorAnswer(429, 'RESOURCE_EXHAUSTED', { reason: 'RATE_LIMIT_EXCEEDED', metadata: { quota_limit: 'IngestPerMinutePerProject' } }),
}

conformance(google, fixtures)

const userOf = (user_data: UserData, settings = SETTINGS): JsonObject =>
  preparedFor(google, { ...sendable, user_data }, settings).event.user
const encode = (fields: Partial<ConversionEvent>, settings = SETTINGS) =>
  google.encodeEvent(preparedFor(google, { ...sendable, ...fields }, settings).event, settings)
const bodyOf = (fields: Partial<ConversionEvent>, settings = SETTINGS): JsonObject => {
  const encoded = encode(fields, settings)
  if (encoded.kind === 'refused') throw new Error(encoded.refusal.error.code)
  return encoded.body
}
const codeOf = (fields: Partial<ConversionEvent>, settings = SETTINGS): string | undefined => {
  const encoded = encode(fields, settings)
  return encoded.kind === 'refused' ? encoded.refusal.error.code : undefined
}

const to = (...references: readonly string[]): JsonObject[] => references.map((reference) => ({ destinationReferences: [reference] }))
const classify = (answer: HttpAnswer, sent: readonly JsonObject[] = to('a')): EventOutcome[] =>
  google.classify(answer, sent, contextOf(google, SETTINGS))
const short = (outcome: EventOutcome | undefined): string =>
  outcome === undefined ? 'none' : outcome.kind === 'delivered' ? 'delivered' : `${outcome.kind} ${outcome.error.code}`
const shorts = (answer: HttpAnswer, sent: readonly JsonObject[]): string[] => classify(answer, sent).map(short)

// https://developers.google.com/data-manager/api/devguides/concepts/formatting and googleads/data-manager-node tests, read 2026-11-24.
test.each([
  [
    { email: 'Cloudy.SanFrancisco+shopping@gmail.com' },
    { emailAddress: '223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4' },
  ],
  [{ email: 'user.name+NYC@Example.com' }, { emailAddress: 'f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac' }],
  [
    { email: 'jefferson.Loves.hiking@googlemail.com' },
    { emailAddress: '2824967181c781aced84c32bf8bb51fc6401202eeff88263776f63c99df9314c' },
  ],
  [{ phone: '+44-113-496-0987' }, { phoneNumber: '0fac52d27ec377f8ad2f9de75d1f9bace693237e31868ae6f4616b8bbd0e94fb' }],
] satisfies [UserData, JsonObject][])('%o becomes one identifier', (userData, expected) => {
  expect(userOf(userData)).toEqual({ userIdentifiers: [expected] })
})

// Own examples by the rule of google/ads/datamanager/v1/user_data.proto: no punctuation in either name.
test('names lose their punctuation, titles and suffixes before they are hashed', () => {
  const address = {
    givenName: 'fbcc8fa66b9a007dc3649ee989950d38f12ed91b9f18a3d215b04ff77546dca0',
    familyName: '7a0fbfdf40cbeb97429bdb88f512cecd27f0d44b7e57986ab578423bb61936ac',
    regionCode: 'GB',
    postalCode: 'EC1A 1BB',
  }
  for (const [first_name, last_name] of [
    ['Jean-Pierre', "O'Connor"],
    ['Dr. JEAN-PIERRE', "o'connor Jr."],
  ] as const) {
    expect(userOf({ first_name, last_name, country: 'gb', zip: 'ec1a 1bb' })).toEqual({ userIdentifiers: [{ address }] })
  }
})

test('more than 10 identifiers are cut, the first of each kind before the second of any', () => {
  const emails = Array.from({ length: 10 }, (_value, index) => `a${index}@example.com`)
  const person = { email: emails, phone: '+441134960987', first_name: 'Ann', last_name: 'Lee', country: 'GB', zip: 'EC1A 1BB' }
  const { event, warnings } = preparedFor(google, { ...sendable, user_data: person }, SETTINGS)
  const kinds = (event.user['userIdentifiers'] as JsonObject[]).map((identifier) => Object.keys(identifier)[0])
  expect(kinds).toEqual(['emailAddress', 'phoneNumber', 'address', ...Array.from({ length: 7 }, () => 'emailAddress')])
  expect(warnings).toEqual([{ field: 'user_data.email', reason: 'TOO_MANY_VALUES' }])
})

test('the case of a gbraid stays, and an explicit click id wins over the one in the URL', () => {
  const event = { ...sendable, event_source_url: 'https://shop.example/?gclid=fromUrl&gbraid=0AAaA', user_data: { gclid: 'ownGclid' } }
  expect(preparedFor(google, event, SETTINGS).event.user).toEqual({ gclid: 'ownGclid', gbraid: '0AAaA' })
})

test.each([
  ['US', true],
  ['DE', false],
  ['GB', false],
  ['CH', false],
  [undefined, false],
])('the address of a visitor from %s is sent: %s', (country, sent) => {
  const user = userOf({ gclid: 'x', client_ip_address: '198.51.100.7', ...(country === undefined ? {} : { country }) })
  expect('ipAddress' in user).toBe(sent)
})

test.each([
  ['order-1001', 'order-1001'],
  ['1001', 'order-1001'],
  ['12345678', 'order-12345678'],
  ['A-1', 'order-A-1'],
  ['ABCDE', 'ABCDE'],
  ['x'.repeat(64), 'x'.repeat(64)],
  ['7'.repeat(59), sha256Hex(`order-${'7'.repeat(59)}`)],
  ['y'.repeat(65), sha256Hex('y'.repeat(65))],
])('order id %s', (order_id, expected) => {
  expect(transactionIdOf({ event_id: 'event-1', custom_data: { order_id } })).toBe(expected)
})

test('an exact id is sent byte for byte, and one that Google would refuse is refused here', () => {
  const exact = { ...SETTINGS, transaction_id: 'exact' } as const
  for (const order_id of ['2', '0012345', 'A', ' Ab-12345.0 ']) {
    expect(bodyOf({ custom_data: { order_id } }, exact)).toMatchObject({ transactionId: order_id })
  }
  const encoded = encode({ custom_data: { order_id: 'x'.repeat(65) } }, exact)
  expect(encoded).toMatchObject({ kind: 'refused', refusal: { error: { code: 'EVENT_REJECTED', path: 'custom_data.order_id' } } })
  expect(codeOf({ custom_data: { order_id: 'x'.repeat(65) } })).toBeUndefined()
})

test('more than 10 conversion actions go in several requests, each event once', () => {
  const bodies = to(...Array.from({ length: 50 }, (_value, index) => String(index % 25)))
  const groups = google.separate?.(bodies, SETTINGS) ?? []
  expect(groups.map((group) => new Set(group.map((at) => (bodies[at]!['destinationReferences'] as string[])[0])).size)).toEqual([10, 10, 5])
  expect(groups.flat().toSorted((a, b) => a - b)).toEqual([...bodies.keys()])
})

test('every transaction id has 5 to 64 characters, is not a bare number, and is the same for the same order', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 256 }), (order_id) => {
      const id = transactionIdOf({ event_id: 'event-1', custom_data: { order_id } })
      expect(id.length).toBeGreaterThanOrEqual(5)
      expect(id.length).toBeLessThanOrEqual(64)
      if (id.length < 64) expect(id).not.toMatch(/^\d+$/)
      expect(transactionIdOf({ event_id: 'another', custom_data: { order_id } })).toBe(id)
    }),
  )
  expect(transactionIdOf({ event_id: 'event-1', custom_data: {} })).toBe('event-1')
})

test.each([
  ['website', 'WEB'],
  ['app', 'APP'],
  ['physical_store', 'IN_STORE'],
  ['phone_call', 'PHONE'],
  ['chat', 'MESSAGE'],
  ['system_generated', 'OTHER'],
] as const)('%s is event source %s', (action_source, expected) => {
  expect(bodyOf({ action_source })).toMatchObject({ eventSource: expected })
})

test('a denial is passed on, since Google takes it', () => {
  expect(bodyOf({ consent: { ad_user_data: 'DENIED' } })).toMatchObject({ consent: { adUserData: 'CONSENT_DENIED' } })
})

test('a cart goes along with int64 as text, but not beside a gbraid', () => {
  const custom_data = { contents: [{ id: 'sku', quantity: 2, item_price: 5 }] }
  expect(bodyOf({ custom_data })).toMatchObject({ cartData: { items: [{ merchantProductId: 'sku', quantity: '2', unitPrice: 5 }] } })
  expect(bodyOf({ custom_data, user_data: { gbraid: '0AA' } })).not.toHaveProperty('cartData')
})

test('a currency that does not exist goes with its value', () => {
  const encoded = encode({ custom_data: { currency: 'EURO', value: 5 } })
  expect(encoded).toMatchObject({ kind: 'body', warnings: [{ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' }] })
  expect(bodyOf({ custom_data: { currency: 'EURO', value: 5 } })).not.toHaveProperty('conversionValue')
})

const anyOther = { ...SETTINGS, conversion_actions: { 'Order Completed': '1', '*': '9' } }
test.each([
  ['Purchase', anyOther, { kind: 'name', name: '1', unmapped: false }],
  ['AddToCart', anyOther, { kind: 'name', name: '9', unmapped: false }],
  ['quiz', anyOther, { kind: 'name', name: '9', unmapped: true }],
] as const)('%s goes to its conversion action, else to the one for all others', (name, settings, expected) => {
  expect(google.mapEvent(name, settings)).toEqual(expected)
})

test.each([
  ['a custom name without an action for it', { event_name: 'quiz' }, SETTINGS, 'EVENT_UNMAPPED'],
  ['a custom name that is dropped', { event_name: 'quiz' }, { ...anyOther, unmapped: 'drop' }, 'EVENT_UNMAPPED'],
  ['no identifier', { user_data: { city: 'Rome' } }, SETTINGS, 'IDENTITY_MISSING'],
  ['no consent where it is required', {}, { ...SETTINGS, require_consent: true }, 'CONSENT_MISSING'],
  ['limited data use, of which Google has no form', { consent: { data_processing_options: ['LDU'] } }, SETTINGS, 'CONSENT_DENIED'],
] satisfies [string, Partial<ConversionEvent>, ConnectionSettings, string][])('%s is refused', (_what, fields, settings, code) => {
  expect(codeOf(fields, settings)).toBe(code)
})

test('a request names each conversion action once, in the accounts that the settings give', () => {
  const settings = { ...SETTINGS, login_account: '9998887776' }
  const request = google.encodeRequest(to('b', 'a', 'b'), { ...accountOf(fixtures), settings }, undefined)
  expect(request).toMatchObject({ url: 'https://platform.example/v1/events:ingest', headers: { Authorization: 'Bearer canary-access-4' } })
  const body = JSON.parse(request.body ?? '') as JsonObject
  const account = {
    operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
    loginAccount: { accountType: 'GOOGLE_ADS', accountId: '9998887776' },
  }
  expect(body['destinations']).toEqual([
    { ...account, productDestinationId: 'b', reference: 'b' },
    { ...account, productDestinationId: 'a', reference: 'a' },
  ])
  expect(body).toMatchObject({ encoding: 'HEX' })
  expect(body).not.toHaveProperty('validateOnly')
})

test('a test event is only validated', () => {
  expect(JSON.parse(google.encodeRequest(to('a'), accountOf(fixtures), 'TEST1').body ?? '')).toMatchObject({ validateOnly: true })
})

const until = (user_data: UserData): number =>
  google.acceptsUntil(preparedFor(google, { ...sendable, user_data }, SETTINGS).event, SETTINGS)

test('an event with a click id is taken for 90 days, one with user data alone for 63', () => {
  expect(until({ wbraid: 'x' })).toBe(NOW + 90 * 86_400_000)
  expect(until({ email: 'ann@example.com' })).toBe(NOW + 63 * 86_400_000)
})

test('accepted means delivered, with the id under which Google judges later', () => {
  expect(
    classify(answerOf(200, { requestId: 'req-1', fieldWarnings: [{ reason: 'WARNING_REASON_GENERIC', field: 'events[0]' }] })),
  ).toEqual([{ kind: 'delivered', platformRequestId: 'req-1', warnings: [{ reason: 'WARNING_REASON_GENERIC', field: 'events[0]' }] }])
})

test('a warning stays with the event that it names, and its words are not kept', () => {
  const reason = 'WARNING_REASON_CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID'
  const fieldWarnings = [
    { reason, field: 'events.events[2].cart_data', description: 'of ann@example.com' },
    { reason: 'WARNING_REASON_OF_2027', field: 'events.events[2].user_data' },
    { reason: 'WARNING_REASON_GENERIC', field: 'events.events[9].x: ann@example.com' },
  ]
  const outcomes = classify(answerOf(200, { requestId: 'req-1', fieldWarnings }), to('a', 'a', 'a'))
  const plain = { kind: 'delivered', platformRequestId: 'req-1' }
  expect(outcomes).toEqual([
    { ...plain, warnings: [{ reason: 'WARNING_REASON_GENERIC', field: '' }] },
    plain,
    {
      ...plain,
      warnings: [
        { reason, field: 'events.events[2].cart_data' },
        { reason: 'WARNING_REASON_OF_2027', field: 'events.events[2].user_data' },
      ],
    },
  ])
})

test.each(['constructor', 'CONSTRUCTOR', '__proto__', 'toString'])('a reason called %s is one that nobody knows', (reason) => {
  for (const answer of [errorAnswer(400, 'INVALID_ARGUMENT', { reason }), errorAnswer(418, reason)]) {
    expect(classify(answer)[0]).toMatchObject({ kind: expect.stringMatching(/retry|reject/) })
  }
})

test.each([
  [errorAnswer(401, 'UNAUTHENTICATED', { reason: 'ACCESS_TOKEN_EXPIRED' }), 'hold ACCESS_TOKEN_EXPIRED', 'ACCESS_TOKEN_EXPIRED'],
  [errorAnswer(401, 'UNAUTHENTICATED'), 'hold ACCESS_TOKEN_EXPIRED', 'UNAUTHENTICATED'],
  [errorAnswer(401, 'UNAUTHENTICATED', { reason: 'SOMETHING_NEW' }), 'hold ACCESS_TOKEN_EXPIRED', 'SOMETHING_NEW'],
  [
    errorAnswer(403, 'PERMISSION_DENIED', { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }),
    'reject CREDENTIALS_EXPIRED',
    'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  ],
  [errorAnswer(403, 'PERMISSION_DENIED', { reason: 'SERVICE_DISABLED' }), 'hold PLATFORM_MISCONFIGURED', 'SERVICE_DISABLED'],
  [errorAnswer(403, 'PERMISSION_DENIED'), 'reject PERMISSION_DENIED', 'PERMISSION_DENIED'],
  [errorAnswer(404, 'NOT_FOUND'), 'reject DESTINATION_INVALID', 'NOT_FOUND'],
  [
    errorAnswer(400, 'INVALID_ARGUMENT', { reason: 'INVALID_CONVERSION_ACTION_ID' }),
    'reject DESTINATION_INVALID',
    'INVALID_CONVERSION_ACTION_ID',
  ],
  [errorAnswer(400, 'INVALID_ARGUMENT'), 'reject EVENT_REJECTED', 'INVALID_ARGUMENT'],
  [errorAnswer(400, 'INVALID_ARGUMENT', { reason: 'A_REASON_OF_2027' }), 'retry UNEXPECTED_RESPONSE', 'A_REASON_OF_2027'],
  [errorAnswer(400, 'INVALID_ARGUMENT', { reason: 'TOO_MANY_EVENTS' }), 'reject PAYLOAD_TOO_LARGE', 'TOO_MANY_EVENTS'],
  [errorAnswer(429, 'RESOURCE_EXHAUSTED'), 'hold RATE_LIMITED', 'RESOURCE_EXHAUSTED'],
  [errorAnswer(500, 'INTERNAL'), 'retry PLATFORM_ERROR', 'INTERNAL'],
  [errorAnswer(503, 'UNAVAILABLE'), 'hold PLATFORM_ERROR', 'UNAVAILABLE'],
  [errorAnswer(504, 'DEADLINE_EXCEEDED'), 'retry PLATFORM_ERROR', 'DEADLINE_EXCEEDED'],
  [errorAnswer(409, 'ABORTED'), 'retry PLATFORM_ERROR', 'ABORTED'],
  [answerOf(401, ''), 'retry UNEXPECTED_RESPONSE', undefined],
  [answerOf(403, { error: 'forbidden' }), 'retry UNEXPECTED_RESPONSE', undefined],
  [answerOf(404, '<html>'), 'retry UNEXPECTED_RESPONSE', undefined],
  [answerOf(200, {}), 'retry UNEXPECTED_RESPONSE', undefined],
])('answer %# means %s', (answer, expected, platformCode) => {
  const [outcome] = classify(answer)
  expect(short(outcome)).toBe(expected)
  expect(outcome).toMatchObject({ error: platformCode === undefined ? {} : { platformCode, platformRequestId: 'req-9' } })
})

test("a day's quota is probed once an hour, a minute's held by the first step", () => {
  const daily = errorAnswer(429, 'RESOURCE_EXHAUSTED', {
    reason: 'RATE_LIMIT_EXCEEDED',
    metadata: { quota_limit: 'IngestPerDayPerProject' },
  })
  expect(classify(daily)[0]).toMatchObject({
    kind: 'hold',
    until: NOW + 3_600_000,
    error: { code: 'QUOTA_EXHAUSTED', scope: 'application' },
  })
  expect(classify(fixtures.rateLimited())[0]).toMatchObject({ until: NOW + 1_000, error: { code: 'RATE_LIMITED', scope: 'application' } })
})

const violation = (field: string, reason: string): JsonObject => ({ field, reason, description: 'x' })
const refusedBy = (...violations: readonly JsonObject[]): HttpAnswer =>
  errorAnswer(400, 'INVALID_ARGUMENT', { reason: 'INVALID_ARGUMENT', violations })

test('the events that a violation names are rejected, the others wait for the repair', () => {
  const answer = refusedBy(
    violation('events.events[1].event_source', 'REQUIRED_FIELD_MISSING'),
    violation('events[3].currency', 'INVALID_CURRENCY_CODE'),
  )
  expect(shorts(answer, to('a', 'a', 'a', 'a'))).toEqual([
    'hold BATCH_REFUSED',
    'reject EVENT_REJECTED',
    'hold BATCH_REFUSED',
    'reject EVENT_REJECTED',
  ])
})

test('a bad conversion action takes its events with it and no others, whether destination or event is named', () => {
  const sent = to('a', 'b', 'a')
  const expected = ['reject DESTINATION_INVALID', 'hold BATCH_REFUSED', 'reject DESTINATION_INVALID']
  expect(shorts(refusedBy(violation('destinations[0].product_destination_id', 'INVALID_CONVERSION_ACTION_ID')), sent)).toEqual(expected)
  expect(shorts(refusedBy(violation('events[2]', 'EVENT_SOURCE_AND_DESTINATION_MISMATCH')), sent)).toEqual(expected)
  expect(shorts(refusedBy(violation('destinations[0].reference', 'REQUIRED_FIELD_MISSING')), sent)).toEqual(expected)
})

test('a permission fault without an index is everybody’s', () => {
  expect(shorts(refusedBy(violation('destinations', 'NOT_ALLOWLISTED')), to('a', 'b'))).toEqual([
    'reject PERMISSION_DENIED',
    'reject PERMISSION_DENIED',
  ])
})

test('a violation that names no event of the request leaves all of it for the repair', () => {
  expect(shorts(refusedBy(violation('events[9].currency', 'INVALID_CURRENCY_CODE')), to('a', 'a'))).toEqual([
    'hold BATCH_REFUSED',
    'hold BATCH_REFUSED',
  ])
  expect(shorts(refusedBy(violation('', 'INVALID_ARGUMENT')), to('a', 'a'))).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
  expect(shorts(refusedBy(violation('', 'INVALID_ARGUMENT')), to('a'))).toEqual(['reject EVENT_REJECTED'])
})

test('a reason that nobody knows is retried for the event it names', () => {
  expect(shorts(refusedBy(violation('events[0].x', 'REASON_OF_2027')), to('a', 'a'))).toEqual([
    'retry UNEXPECTED_RESPONSE',
    'hold BATCH_REFUSED',
  ])
})

test('what Google says of fields and reasons is repeated only in the form of a path or a name', () => {
  const answer = errorAnswer(400, 'INVALID_ARGUMENT', {
    reason: 'a sentence about ann@example.com',
    violations: [violation('events[0].user_data: ann@example.com', 'INVALID_FORMAT')],
  })
  expect(JSON.stringify(classify(answer))).not.toContain('ann@')
  expect(classify(answer)[0]).toMatchObject({ kind: 'reject', error: { platformCode: 'INVALID_ARGUMENT' } })
})

test('too many events are halved', () => {
  expect(shorts(refusedBy(violation('events', 'TOO_MANY_ELEMENTS')), to('a', 'a'))).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
  expect(shorts(refusedBy(violation('events[0].user_data', 'TOO_MANY_ELEMENTS')), to('a', 'a'))).toEqual([
    'reject EVENT_REJECTED',
    'hold BATCH_REFUSED',
  ])
})

test('every documented reason, named or not, gives one outcome per event and delivers none', () => {
  for (const reason of Object.keys(GOOGLE_REASONS)) {
    for (const answer of [errorAnswer(400, 'INVALID_ARGUMENT', { reason }), refusedBy(violation('events[1].x', reason))]) {
      const outcomes = classify(answer, to('a', 'b', 'a'))
      expect(outcomes).toHaveLength(3)
      expect(outcomes.every((outcome) => outcome.kind !== 'delivered')).toBe(true)
    }
  }
})

const token = answerOf(200, { access_token: 'ya29.fresh', expires_in: 3_599, token_type: 'Bearer' })
const refresh = (answer: HttpAnswer, seen: HttpRequest[] = []) =>
  google.refresh!.run(accountOf(fixtures), {
    send: (request) => {
      seen.push(request)
      return Promise.resolve(answer)
    },
  })

test('a refresh asks the configured token server by form, and keeps a rotated refresh token', async () => {
  const seen: HttpRequest[] = []
  expect(await refresh(token, seen)).toEqual({ kind: 'refreshed', accessToken: 'ya29.fresh', expiresInMs: 3_599_000 })
  expect(seen[0]).toMatchObject({
    method: 'POST',
    url: 'https://tokens.example/token',
    body: 'grant_type=refresh_token&client_id=client-1.apps.example&client_secret=canary-secret-2&refresh_token=canary-refresh-3',
  })
  const rotated = answerOf(200, { access_token: 'a', refresh_token: 'new' })
  expect(await refresh(rotated)).toMatchObject({ rotatedRefreshToken: 'new', expiresInMs: 59 * 60_000 })
})

test.each([
  [400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }, 'dead'],
  [401, { error: 'invalid_client' }, 'dead'],
  [400, { error: 'unauthorized_client' }, 'dead'],
  [400, { error: 'temporarily_odd' }, 'unavailable'],
  [400, {}, 'unavailable'],
  [403, '<html>', 'unavailable'],
  [500, '', 'unavailable'],
  [200, '{}', 'unavailable'],
])('token server: %i %o is %s', async (status, body, kind) => {
  const result = await refresh(answerOf(status, body))
  expect(result.kind).toBe(kind)
  expect(JSON.stringify(result)).not.toContain('canary')
})

async function check(answers: readonly HttpAnswer[], settings = SETTINGS): Promise<{ report: CheckReport; requests: HttpRequest[] }> {
  const requests: HttpRequest[] = []
  const account: Account<GoogleCredentials> = { ...accountOf(fixtures), settings }
  const report = await google.check(account, {
    send: (request) => {
      requests.push(request)
      return Promise.resolve(answers[requests.length - 1] ?? answerOf(500, ''))
    },
  })
  return { report, requests }
}

const accepted = answerOf(200, { requestId: 'req-1' })

test('a check refreshes, then validates a click and an e-mail against every conversion action, and ingests nothing', async () => {
  const { report, requests } = await check([token, accepted, accepted])
  expect(report).toEqual({
    verdict: 'verified',
    apis: [
      { api: 'data_manager', usable: 'yes' },
      { api: 'ads', usable: 'unknown', why: expect.any(String) },
    ],
  })
  const bodies = requests.slice(1).map((request) => JSON.parse(request.body ?? '') as JsonObject)
  for (const body of bodies) {
    expect(body).toMatchObject({ validateOnly: true, destinations: [{ reference: '111222333' }, { reference: '444555666' }] })
  }
  expect(bodies[0]).not.toHaveProperty('events.0.userData')
  expect(bodies[1]).not.toHaveProperty('events.0.adIdentifiers')
  expect(requests[1]?.headers['Authorization']).toBe('Bearer ya29.fresh')
})

test.each([
  ['a dead grant', [answerOf(400, { error: 'invalid_grant' })], 'credentials.refresh_token', 'invalid_grant'],
  ['an unknown client', [answerOf(401, { error: 'invalid_client' })], 'credentials.client_secret', 'invalid_client'],
  ['a 401', [token, errorAnswer(401, 'UNAUTHENTICATED')], 'credentials.refresh_token', 'UNAUTHENTICATED'],
  ['no access', [token, errorAnswer(403, 'PERMISSION_DENIED')], 'settings.operating_account', 'PERMISSION_DENIED'],
  [
    'a wrong conversion action',
    [token, refusedBy(violation('destinations[1].product_destination_id', 'INVALID_CONVERSION_ACTION_ID'))],
    'settings.conversion_actions.Lead',
    'INVALID_CONVERSION_ACTION_ID',
  ],
] as const)('a check that meets %s names the field at fault', async (_what, answers, field, code) => {
  const { report } = await check(answers)
  expect(report).toMatchObject({ verdict: 'refused', details: { platform: 'google', field, error_code: code } })
  expect(JSON.stringify(report)).not.toContain('canary')
})

test.each([
  ['only the made-up click id', [token, refusedBy(violation('events[0].ad_identifiers.gclid', 'INVALID_FORMAT'))]],
  ['a project without the API', [token, errorAnswer(403, 'PERMISSION_DENIED', { reason: 'SERVICE_DISABLED' })]],
  ['a quota', [token, fixtures.rateLimited()]],
  ['a token server that is ill', [answerOf(500, '')]],
])('a check that meets %s is unverified', async (_what, answers) => {
  expect((await check(answers)).report.verdict).toBe('unverified')
})

test("the token endpoint's word for a dead grant is one wherever it is read", () => {
  const answer = { kind: 'answer', status: 400, headers: {}, body: '{"error":"invalid_grant"}', truncated: false } as const
  const context = { now: 0, settings: {}, credentialsSavedAt: 0, retryDelaysMs: [1_000] }
  expect(google.classify(answer, [{}], context)).toMatchObject([
    { kind: 'reject', error: { code: 'CREDENTIALS_EXPIRED', platformCode: 'invalid_grant' } },
  ])
})

test('an account without enhanced conversions is verified with a remark: its clicks will be taken', async () => {
  const reason = 'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED'
  const { report } = await check([token, accepted, refusedBy(violation('destinations[0]', reason))])
  expect(report).toMatchObject({ verdict: 'verified', remark: expect.stringContaining(reason) })
})

test.each([
  ['operating_account', { conversion_actions: { '*': '1' } }, ['operating_account']],
  ['operating_account', { ...SETTINGS, operating_account: '12' }, ['operating_account']],
  ['conversion_actions', { operating_account: '1234567890' }, ['conversion_actions']],
  ['an action', { ...SETTINGS, conversion_actions: { Lead: 'customers/1/conversionActions/2' } }, ['conversion_actions', 'Lead']],
])('settings with a wrong %s are refused with its path', (_what, settings, path) => {
  expect(google.settings.safeParse(settings).error?.issues.map((issue) => issue.path)).toEqual([path])
})
