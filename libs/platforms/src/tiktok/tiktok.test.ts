import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, PreparedEvent, UserData } from '@relay/core/event'
import type { ConnectionId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import type { HttpAnswer } from '../contract.ts'
import { conformance } from '../testing/conformance.ts'
import { conversionEvent } from '../testing/events.ts'
import { answerOf } from '../testing/fixtures.ts'
import { TIKTOK_CODES } from './codes.ts'
import { SETTINGS, TIKTOK_EXAMPLES } from './examples.ts'
import { tiktok } from './index.ts'

const sendable = conversionEvent({ event_name: 'Purchase', user_data: { email: 'ann@example.com' } })

conformance(tiktok, {
  credentials: { access_token: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567' },
  settings: SETTINGS,
  examples: TIKTOK_EXAMPLES,
  sendable,
  unsendable: { event: { ...sendable, event_name: 'PageView' }, code: 'EVENT_UNMAPPED' },
  accepted: () => answerOf(200, { code: 0, message: 'OK', request_id: '2026112412000001', data: {} }),
  deadCredentials: (message) => answerOf(200, { code: 40_105, message, request_id: '2026112412000002', data: {} }),
  rateLimited: () => answerOf(200, { code: 40_100, message: 'Too many requests', request_id: '2026112412000003', data: {} }),
})

const NOW = Date.UTC(2026, 10, 2, 12)
const EVENT_TIME = 1_793_620_800
const web: ConnectionSettings = { event_source_id: 'PIXELCODE' }

const event = (fields: Partial<ConversionEvent> = {}): ConversionEvent => ({
  event_id: 'ord-1001',
  event_name: 'Purchase',
  event_time: EVENT_TIME,
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  custom_data: {},
  consent: {},
  user_data: { email: 'ann@example.com' },
  ...fields,
})

function prepare(from: ConversionEvent, settings: ConnectionSettings): PreparedEvent {
  const { user_data: _user, destinations: _destinations, ...rest } = from
  return { ...rest, user: tiktok.identify(from, { settings, receivedAt: NOW }).user }
}

const encode = (fields: Partial<ConversionEvent> = {}, settings = web) => tiktok.encodeEvent(prepare(event(fields), settings), settings)

function bodyOf(fields: Partial<ConversionEvent> = {}, settings = web): JsonObject {
  const encoded = encode(fields, settings)
  if (encoded.kind !== 'body') throw new Error(`refused: ${encoded.refusal.error.code}`)
  return encoded.body
}

const refusalOf = (fields: Partial<ConversionEvent>, settings = web): string | undefined => {
  const encoded = encode(fields, settings)
  return encoded.kind === 'refused' ? encoded.refusal.error.code : undefined
}

const userOf = (user_data: UserData, settings = web): JsonObject =>
  tiktok.identify(event({ user_data }), { settings, receivedAt: NOW }).user
const warningsOf = (user_data: UserData, settings = web) => tiktok.identify(event({ user_data }), { settings, receivedAt: NOW }).warnings

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): HttpAnswer => ({
  kind: 'answer',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  truncated: false,
})

const classify = (given: HttpAnswer, count = 1, settings = web): EventOutcome[] =>
  tiktok.classify(
    given,
    Array.from({ length: count }, () => ({})),
    { now: NOW, settings, credentialsSavedAt: 0, retryDelaysMs: [5_000, 10_000, 20_000] },
  )
const short = (outcome: EventOutcome | undefined): string =>
  outcome === undefined ? 'none' : outcome.kind === 'delivered' ? 'delivered' : `${outcome.kind} ${outcome.error.code}`

// Published pairs: bububa/tiktok-business `track.go`, hontrio-com/edinio.com conformity tests, hanyrosliany9/invoice-generator-monomi; read 2026-11-24.
test.each([
  ['email', { email: ' ALICE_abc@gmail.com ' }, ['848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f']],
  ['phone', { phone: '(+1)2133734253' }, ['9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd']],
  ['phone', { phone: '+6281234567890' }, ['62397bbd6a8c9ae53bc914a6017300eb6b13af5be20e4cc9ad2dc3d61ecb24cd']],
  ['external_id', { external_id: 'user_123' }, ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b']],
  ['first_name', { first_name: 'Jane' }, '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2'],
  ['last_name', { last_name: "O'Connor" }, '7a0fbfdf40cbeb97429bdb88f512cecd27f0d44b7e57986ab578423bb61936ac'],
  ['first_name', { first_name: 'Jean-Pierre' }, 'fbcc8fa66b9a007dc3649ee989950d38f12ed91b9f18a3d215b04ff77546dca0'],
  ['first_name', { first_name: 'Élise' }, 'd0f9b0b26aff2fccd28c49f60a008fa99ab98fee5942815757bef94357f01a41'],
  ['zip_code', { zip: '95110' }, '383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1'],
  ['zip_code', { zip: 'M5V 3L9' }, '5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7'],
  ['city', { city: 'Târgu Mureș' }, 'targumures'],
  ['city', { city: 'São Paulo' }, 'saopaulo'],
  ['country', { country: 'DE' }, 'de'],
] satisfies [string, UserData, unknown][])('%s of %o', (key, userData, expected) => {
  expect(userOf(userData)[key]).toEqual(expected)
})

test('a city of which nothing is left in a–z is left out with a warning that does not quote it', () => {
  expect(userOf({ city: '東京' })).toEqual({})
  expect(warningsOf({ city: '東京' })).toEqual([{ field: 'user_data.city', reason: 'INVALID_CITY' }])
})

test('the case of external_id stays, and two values that become equal are one', () => {
  expect(userOf({ external_id: [' Ab1', 'Ab1 ', 'ab1'] })['external_id']).toHaveLength(2)
})

test('ttclid is found in the URL, kept whole and in its case, and the explicit one wins', () => {
  const long = `E.C.P.${'aB9-_'.repeat(199)}`
  const from = event({ event_source_url: `https://shop.example/?ttclid=${long}`, user_data: {} })
  expect(tiktok.identify(from, { settings: web, receivedAt: NOW }).user['ttclid']).toBe(long)
  const explicit = { ...from, user_data: { ttclid: 'E.C.P.own' } }
  expect(tiktok.identify(explicit, { settings: web, receivedAt: NOW }).user['ttclid']).toBe('E.C.P.own')
})

test.each([
  ['web', ['email', 'external_id', 'ip', 'phone', 'ttclid', 'ttp', 'user_agent']],
  ['app', ['email', 'gaid', 'ip', 'phone', 'user_agent']],
  ['offline', ['email', 'phone']],
  ['crm', ['email', 'external_id', 'lead_id', 'phone']],
] as const)('%s events get only the user fields that belong to them', (event_source, expected) => {
  const user = userOf(
    {
      email: 'ann@example.com',
      phone: '+12133734253',
      external_id: 'u1',
      ttclid: 'E.C.P.x',
      ttp: 'cookie',
      client_ip_address: '203.0.113.7',
      client_user_agent: 'Mozilla/5.0 (Linux; Android 15)',
      mobile_ad_id: '38400000-8cf0-11bd-b23e-10b96e40000d',
      lead_id: '123',
    },
    { ...web, event_source },
  )
  expect(Object.keys(user).toSorted()).toEqual(expected)
})

const extinfo = (platform: string): string[] => [platform, ...Array.from({ length: 15 }, () => '')]

test('an iOS id is sent in upper case, an Android id in lower case', () => {
  const id = '38400000-8CF0-11BD-B23E-10B96E40000D'
  const app = { ...web, event_source: 'app' as const }
  const user = (platform: string) =>
    tiktok.identify(
      event({
        action_source: 'app',
        user_data: { mobile_ad_id: id },
        app_data: { extinfo: extinfo(platform), advertiser_tracking_enabled: true },
      }),
      { settings: app, receivedAt: NOW },
    ).user
  expect(user('i2')).toEqual({ idfa: id, att_status: 'AUTHORIZED' })
  expect(user('a2')).toEqual({ gaid: id.toLowerCase() })
})

test('a web purchase becomes the body of the reference', () => {
  const encoded = encode({
    user_data: { ttclid: 'E.C.P.x', client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' },
    custom_data: {
      currency: 'eur',
      value: 49.9,
      order_id: '1001',
      content_type: 'product',
      contents: [{ id: '1', quantity: 1, item_price: 49.9, title: 'Shoe', brand: 'Acme', category: 'Shoes' }],
      num_items: 1,
    },
  })
  expect(encoded).toEqual({
    kind: 'body',
    warnings: [],
    body: {
      event: 'Purchase',
      event_time: EVENT_TIME,
      event_id: 'ord-1001',
      user: { ttclid: 'E.C.P.x', ip: '203.0.113.7', user_agent: 'Mozilla/5.0' },
      page: { url: 'https://shop.example/thanks' },
      properties: {
        currency: 'EUR',
        value: 49.9,
        order_id: '1001',
        content_type: 'product',
        contents: [{ content_id: '1', content_name: 'Shoe', content_category: 'Shoes', brand: 'Acme', price: 49.9, quantity: 1 }],
        num_items: 1,
      },
    },
  })
})

test('a currency that TikTok does not take goes with all amounts, since they would be read in another one', () => {
  const encoded = encode({ custom_data: { currency: 'UYU', value: 1_000, contents: [{ id: 'a', item_price: 1_000 }], order_id: 'o' } })
  expect(encoded).toMatchObject({ kind: 'body', warnings: [{ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' }] })
  expect(encoded.kind === 'body' && encoded.body['properties']).toEqual({ contents: [{ content_id: 'a' }], order_id: 'o' })
})

test('an app event has its app and no event_id, a CRM event its lead, an offline event neither page nor limited use', () => {
  const app = bodyOf(
    { action_source: 'app', app_data: { app_id: '123' }, consent: { data_processing_options: ['LDU'] } },
    { ...web, event_source: 'app' },
  )
  expect(app).toMatchObject({ app: { app_id: '123' }, limited_data_use: true })
  expect(app).not.toHaveProperty('event_id')
  expect(app).not.toHaveProperty('page')

  const crm = bodyOf(
    { event_name: 'qualified', action_source: 'system_generated', user_data: { lead_id: '77' } },
    { ...web, event_source: 'crm', unmapped: 'original' },
  )
  expect(crm).toEqual({ event: 'qualified', event_time: EVENT_TIME, event_id: 'ord-1001', lead: { lead_id: '77' } })

  const offline = bodyOf({ action_source: 'physical_store' }, { ...web, event_source: 'offline' })
  expect(Object.keys(offline).toSorted()).toEqual(['event', 'event_id', 'event_time', 'user'])
})

test.each([
  ['nothing but a name and a city', { user_data: { first_name: 'Ann', city: 'Rome' } }, web, 'IDENTITY_MISSING'],
  ['an address without a browser', { user_data: { client_ip_address: '203.0.113.7' } }, web, 'IDENTITY_MISSING'],
  ['denied personalisation', { consent: { ad_personalization: 'DENIED' } }, web, 'CONSENT_DENIED'],
  ['no consent where it is required', {}, { ...web, require_consent: true }, 'CONSENT_MISSING'],
  ['a page view', { event_name: 'PageView' }, web, 'EVENT_UNMAPPED'],
  ['a donation', { event_name: 'Donate' }, web, 'EVENT_UNMAPPED'],
  [
    'a custom name for an offline set',
    { event_name: 'quiz', action_source: 'physical_store' },
    { ...web, event_source: 'offline' },
    'EVENT_UNMAPPED',
  ],
  ['a standard name for a CRM set', { event_name: 'Lead', user_data: { lead_id: '1' } }, { ...web, event_source: 'crm' }, 'EVENT_UNMAPPED'],
  ['a store sale for a web pixel', { action_source: 'physical_store' }, web, 'EVENT_FILTERED'],
  ['an app event for a web pixel', { action_source: 'app' }, web, 'EVENT_FILTERED'],
  ['a website event for an app', {}, { ...web, event_source: 'app' }, 'EVENT_FILTERED'],
  ['an app event without its app id', { action_source: 'app' }, { ...web, event_source: 'app' }, 'INVALID_EVENT'],
  ['a CRM event without its lead id', { event_name: 'qualified' }, { ...web, event_source: 'crm' }, 'INVALID_EVENT'],
  [
    'limited data use that an offline set cannot be told of',
    { action_source: 'physical_store', consent: { data_processing_options: ['LDU'] } },
    { ...web, event_source: 'offline' },
    'CONSENT_DENIED',
  ],
] satisfies [string, Partial<ConversionEvent>, ConnectionSettings, string][])('%s is refused', (_what, fields, settings, code) => {
  expect(refusalOf(fields, settings)).toBe(code)
})

test.each([
  ['Lead', web, 'Lead', false],
  ['Download', web, 'Download', false],
  ['quiz', web, 'quiz', true],
  ['quiz', { ...web, unmapped: 'generic' }, 'CustomEvent', true],
  ['PageView', { ...web, event_names: { page_view: 'Pageview' } }, 'Pageview', false],
  ['InitiateCheckout', { ...web, event_source: 'app' }, 'Checkout', false],
  ['CompleteRegistration', { ...web, event_source: 'app' }, 'Registration', false],
  ['quiz', { ...web, event_source: 'app' }, 'CustomEvent', true],
  ['qualified', { ...web, event_source: 'crm', event_names: { qualified: 'SQL' } }, 'SQL', false],
] satisfies [string, ConnectionSettings, string, boolean][])('%s with %o is called %s', (name, settings, expected, unmapped) => {
  expect(tiktok.mapEvent(name, settings)).toEqual({ kind: 'name', name: expected, unmapped })
})

test('a custom name that travels generic keeps its own in the description', () => {
  expect(bodyOf({ event_name: 'quiz' }, { ...web, unmapped: 'generic' })).toMatchObject({
    event: 'CustomEvent',
    properties: { description: 'quiz' },
  })
})

test('the request carries one source, the token in its own header, and a test code only where there is one', () => {
  const account = {
    connectionId: 'c1' as ConnectionId,
    settings: web,
    credentials: { access_token: 'secret' },
    baseUrl: 'http://localhost:1/tiktok',
    credentialsSavedAt: 0,
  }
  const request = tiktok.encodeRequest([{ event: 'Purchase' }], account, undefined)
  expect(request).toMatchObject({
    method: 'POST',
    url: 'http://localhost:1/tiktok/open_api/v1.3/event/track/',
    headers: { 'Access-Token': 'secret', 'Content-Type': 'application/json' },
  })
  expect(JSON.parse(request.body ?? '')).toEqual({ event_source: 'web', event_source_id: 'PIXELCODE', data: [{ event: 'Purchase' }] })
  expect(JSON.parse(tiktok.encodeRequest([{}], account, 'TEST1').body ?? '')).toMatchObject({ test_event_code: 'TEST1' })
})

test('a web event is taken for 7 days, an offline one for 28', () => {
  const prepared = prepare(event(), web)
  expect(tiktok.acceptsUntil(prepared, web)).toBe((EVENT_TIME + 7 * 86_400) * 1_000)
  expect(tiktok.acceptsUntil(prepared, { ...web, event_source: 'offline' })).toBe((EVENT_TIME + 28 * 86_400) * 1_000)
})

test.each([
  [{ code: 0, message: 'OK', request_id: 'r' }, 200, 'delivered'],
  [{ code: 0 }, 500, 'delivered'],
  [{ code: 20_001, request_id: 'r' }, 200, 'retry UNEXPECTED_RESPONSE'],
  [{ code: 40_050 }, 200, 'retry UNEXPECTED_RESPONSE'],
  [{ code: 40_001 }, 200, 'reject PERMISSION_DENIED'],
  [{ code: 40_002, message: 'Invalid value at data.0.event_id' }, 200, 'reject EVENT_REJECTED'],
  [{ code: 40_006 }, 200, 'hold PLATFORM_MISCONFIGURED'],
  [{ code: 40_007 }, 200, 'reject DESTINATION_INVALID'],
  [{ code: 40_061 }, 200, 'reject PAYLOAD_TOO_LARGE'],
  [{ code: 40_100, message: 'Too many requests' }, 200, 'hold RATE_LIMITED'],
  [{ code: 40_105 }, 200, 'reject CREDENTIALS_EXPIRED'],
  [{ code: 40_105 }, 401, 'reject CREDENTIALS_EXPIRED'],
  [{ code: 40_113 }, 200, 'reject PERMISSION_DENIED'],
  [{ code: 50_000 }, 200, 'retry PLATFORM_ERROR'],
  [{ code: 50_000 }, 503, 'hold PLATFORM_ERROR'],
  [{ code: 60_001 }, 200, 'hold PLATFORM_MAINTENANCE'],
  [{ code: 40_011 }, 200, 'retry UNEXPECTED_RESPONSE'],
  [{ code: 99_999 }, 200, 'retry UNEXPECTED_RESPONSE'],
  [{ code: '0' }, 200, 'retry UNEXPECTED_RESPONSE'],
  ['<html>502 Bad Gateway</html>', 502, 'retry PLATFORM_ERROR'],
  ['<html>', 200, 'retry UNEXPECTED_RESPONSE'],
  ['', 401, 'retry UNEXPECTED_RESPONSE'],
  ['', 403, 'retry UNEXPECTED_RESPONSE'],
  ['', 404, 'retry UNEXPECTED_RESPONSE'],
  ['', 413, 'reject PAYLOAD_TOO_LARGE'],
  ['', 429, 'hold RATE_LIMITED'],
  ['', 503, 'hold PLATFORM_ERROR'],
])('%o with status %i means %s', (body, status, expected) => {
  expect(short(classify(answer(body, status))[0])).toBe(expected)
})

test('code and request id stand in the outcome', () => {
  expect(classify(answer({ code: 0, request_id: 'r1' }))).toEqual([{ kind: 'delivered', platformRequestId: 'r1' }])
  expect(classify(answer({ code: 40_105, request_id: 'r2' }))[0]).toMatchObject({
    error: { platformCode: '40105', platformRequestId: 'r2' },
  })
})

test('a 503 with a time is maintenance until then, whatever code its body has', () => {
  const given = answer({ code: 50_000 }, 503, { 'retry-after': '120' })
  expect(classify(given)[0]).toMatchObject({
    kind: 'hold',
    until: NOW + 120_000,
    error: { code: 'PLATFORM_MAINTENANCE', estimatedEnd: NOW + 120_000 },
  })
})

test('an unreadable answer counts for the breaker, an unknown code does not', () => {
  expect(classify(answer('<html>'))[0]).toMatchObject({ error: { unreadable: true } })
  expect(classify({ ...answer('{"code":0,"mess'), truncated: true } as HttpAnswer)[0]).toMatchObject({ error: { unreadable: true } })
  expect(classify(answer({ code: 99_999 }))[0]).toMatchObject({ error: { unreadable: false, platformCode: '99999' } })
})

test.each(['Invalid data.2.user.email', 'Batch.2.event_id: type error', 'bad value at data[2].event', 'DATA.2.properties'])(
  'of a refused request the event that "%s" names is rejected, the others wait for the repair',
  (message) => {
    expect(classify(answer({ code: 40_002, message }), 4).map(short)).toEqual([
      'hold BATCH_REFUSED',
      'hold BATCH_REFUSED',
      'reject EVENT_REJECTED',
      'hold BATCH_REFUSED',
    ])
  },
)

test.each(['something is wrong', 'data.9.event_id', ''])('where "%s" names no event of the request all wait for the repair', (message) => {
  expect(classify(answer({ code: 40_002, message }), 3).map(short)).toEqual(Array.from({ length: 3 }, () => 'hold BATCH_REFUSED'))
})

test('a request that is too large is halved, not buried', () => {
  expect(classify(answer({ code: 40_061 }), 2).map(short)).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
  expect(classify(answer('', 413), 2).map(short)).toEqual(['hold BATCH_REFUSED', 'hold BATCH_REFUSED'])
})

test('a timeout is a retry, but an app event that may have been taken is parked: TikTok would count it twice', () => {
  const timeout: HttpAnswer = {
    kind: 'fault',
    maybeTaken: true,
    error: { code: 'TIMEOUT', message: 'Request timeout after 30 seconds', phase: 'headers', limitMs: 30_000 },
  }
  expect(short(classify(timeout)[0])).toBe('retry TIMEOUT')
  expect(short(classify(timeout, 1, { ...web, event_source: 'app' })[0])).toBe('reject AMBIGUOUS')
  expect(short(classify({ ...timeout, maybeTaken: false }, 1, { ...web, event_source: 'app' })[0])).toBe('retry TIMEOUT')
})

test('every documented code gives one outcome per event, in order, and only 0 is delivered', () => {
  for (const code of Object.keys(TIKTOK_CODES).map(Number)) {
    const outcomes = classify(answer({ code, message: 'm' }), 3)
    expect(outcomes).toHaveLength(3)
    expect(outcomes.some((outcome) => outcome.kind === 'delivered')).toBe(code === 0)
  }
})

test('no answer whatever makes classify throw, lose an event or deliver one by mistake', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json()),
      fc.integer({ min: 200, max: 599 }),
      fc.integer({ min: 0, max: 5 }),
      (body, status, count) => {
        const outcomes = classify(answer(body, status), count)
        expect(outcomes).toHaveLength(count)
        expect(outcomes.every((outcome) => outcome.kind !== 'delivered')).toBe(true)
      },
    ),
  )
})

const account = (baseUrl = 'https://business-api.tiktok.com') => ({
  connectionId: 'c1' as ConnectionId,
  settings: web,
  credentials: { access_token: 'tok-secret' },
  baseUrl,
  credentialsSavedAt: 0,
})

test.each([
  [40_102, 'refused'],
  [40_104, 'refused'],
  [40_105, 'refused'],
  [40_001, 'unverified'],
  [40_100, 'unverified'],
  [0, 'unverified'],
])('a check that gets code %i is %s', async (code, verdict) => {
  const urls: string[] = []
  const report = await tiktok.check(account(), {
    send: (request) => {
      urls.push(request.url)
      return Promise.resolve(answer({ code, message: 'Access token is incorrect or has been revoked.' }))
    },
  })
  expect(report.verdict).toBe(verdict)
  expect(JSON.stringify(report)).not.toContain('tok-secret')
  expect(urls).toEqual(['https://business-api.tiktok.com/open_api/v1.3/user/info/'])
  if (report.verdict === 'refused') {
    expect(report.details).toEqual({
      platform: 'tiktok',
      error_code: code,
      error_message: 'Access token is incorrect or has been revoked.',
      field: 'credentials.access_token',
    })
  }
})

test('settings without a source id, and a token that cannot stand in a header, are refused with their path', () => {
  expect(tiktok.settings.safeParse({}).error?.issues[0]?.path).toEqual(['event_source_id'])
  expect(tiktok.credentials.safeParse({ access_token: 'two words' }).success).toBe(false)
  expect(tiktok.credentials.safeParse({ access_token: ' tok\n' }).data).toEqual({ access_token: 'tok' })
})
