import type { ConversionEvent, UserData } from '@relay/core/event'
import { sha256Hex } from '@relay/prepare/hash'
import { describe, expect, it } from 'vitest'
import type { Http, HttpAnswer, HttpRequest } from '../contract.ts'
import { conformance } from '../testing/conformance.ts'
import { conversionEvent, NOW, preparedFor } from '../testing/events.ts'
import { accountOf, answerOf, bodiesOf, contextOf, type Fixtures } from '../testing/fixtures.ts'
import type { MetaCredentials } from './credentials.ts'
import { examples } from './examples.ts'
import { meta } from './index.ts'

const PIXEL = '1234567890123456'
const metaError = (error: Record<string, string | number | boolean>, status = 400, headers: Record<string, string> = {}): HttpAnswer =>
  answerOf(status, { error: { fbtrace_id: 'Trace1', type: 'OAuthException', message: 'Words', ...error } }, headers)

const fixtures: Fixtures<MetaCredentials> = {
  credentials: { access_token: 'EAAtoken0123456789abcdefghij' },
  settings: { pixel_id: PIXEL },
  examples,
  sendable: conversionEvent({ user_data: { email: 'person@example.com' } }),
  unsendable: { event: conversionEvent({ user_data: { client_user_agent: 'Mozilla/5.0' } }), code: 'IDENTITY_MISSING' },
  accepted: (count) => answerOf(200, { events_received: count, messages: [], fbtrace_id: 'Trace1' }),
  deadCredentials: (message) => metaError({ code: 190, message }, 401),
  rateLimited: () => metaError({ code: 80004, error_subcode: 2446079 }),
}
conformance(meta, fixtures)

const account = accountOf(fixtures)
const identified = (userData: UserData, more: Partial<ConversionEvent> = {}, settings = fixtures.settings) =>
  meta.identify(conversionEvent({ user_data: userData, ...more }), { settings, receivedAt: NOW })
const classified = (answer: HttpAnswer, count = 1) =>
  meta
    .classify(answer, bodiesOf(meta, fixtures, count), contextOf(meta, fixtures.settings))
    .map((outcome) => [outcome.kind, outcome.kind === 'delivered' ? null : outcome.error.code])

describe('meta: identifiers', () => {
  // https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters, read 2026-11-24
  it.each([
    ['em', { email: 'John_Smith@gmail.com' }, '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
    ['ph', { phone: '(650)555-1212', country: 'US' }, 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'],
    ['ph', { phone: '14251234567', country: 'US' }, '6f4fcb9deaeadc8f9746ae76d97ce1239e98b404efe5da3ee0b7149740f89ad6'],
    ['fn', { first_name: 'Mary' }, '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
    ['fn', { first_name: '정' }, '8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14'],
    ['fn', { first_name: 'Valéry' }, '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
    ['db', { date_of_birth: '1997-02-16' }, '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c'],
    ['country', { country: 'United States' }, '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
    ['zp', { zip: 'M1 1AE' }, '1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5'],
    ['ct', { city: 'New York' }, '350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5'],
    ['st', { state: 'CA' }, '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'],
    ['st', { state: 'California', country: 'us' }, '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'],
  ] as const)('hashes %s of %j as the page does', (key, userData, hash) => {
    expect(identified(userData).user[key]).toEqual([hash])
  })

  it.each([
    ['ph', { phone: '+001 (616) 954-78 88' }, '16169547888'],
    ['fn', { first_name: "Na'than-Boile" }, 'nathanboile'],
    ['ln', { last_name: 'Van Der Berg' }, 'vanderberg'],
    ['ct', { city: 'Washington, D.C.' }, 'washingtondc'],
    ['ct', { city: 'Zürich' }, 'zürich'],
    ['zp', { zip: '37221-3312' }, '37221'],
    ['zp', { zip: '100-0001', country: 'JP' }, '1000001'],
    ['external_id', { external_id: 'User 123' }, 'User 123'],
  ] as const)('normalises %s of %j', (key, userData, text) => {
    expect(identified(userData).user[key]).toEqual([sha256Hex(text)])
  })

  it('takes hashes as they are, its own appendix form untouched, and refuses what is no SHA-256', () => {
    const hash = sha256Hex('person@example.com')
    const { user, warnings } = identified({
      email: [hash.toUpperCase(), `${hash}.AbC_-123`, 'd41d8cd98f00b204e9800998ecf8427e', sha256Hex('')],
      phone: hash,
    })
    expect(user).toEqual({ em: [hash, `${hash}.AbC_-123`], ph: [hash] })
    expect(warnings).toEqual([
      { field: 'user_data.email[2]', reason: 'HASH_NOT_SHA256' },
      { field: 'user_data.email[3]', reason: 'HASH_OF_NOTHING' },
      { field: 'user_data.phone', reason: 'HASHED_UNVERIFIED' },
    ])
  })

  it('sends external_id as it is where the connection says so', () => {
    expect(identified({ external_id: ' User 123 ' }, {}, { pixel_id: PIXEL, hash_external_id: false }).user).toEqual({
      external_id: ['User 123'],
    })
  })

  it('reads phones in the country of the user, then of the connection', () => {
    const settings = { pixel_id: PIXEL, default_country: 'DE' }
    expect(identified({ phone: '020 7946 0958', country: 'Großbritannien' }, {}, settings).user['ph']).toEqual([sha256Hex('442079460958')])
    expect(identified({ phone: '030 123456' }, {}, settings).user['ph']).toEqual([sha256Hex('4930123456')])
    expect(identified({ phone: '030 123456' }).warnings).toEqual([{ field: 'user_data.phone', reason: 'PHONE_WITHOUT_COUNTRY' }])
  })

  it('types the lead id as a number while one can hold it', () => {
    expect(identified({ lead_id: '525645896321548' }).user['lead_id']).toBe(525645896321548)
    expect(identified({ lead_id: '92256458963215480001' }).user['lead_id']).toBe('92256458963215480001')
    expect(identified({ lead_id: 'x1' }).warnings).toEqual([{ field: 'user_data.lead_id', reason: 'INVALID_VALUE' }])
  })
})

const page = (fbclid: string) => ({ event_source_url: `https://shop.example/?a=1&fbclid=${fbclid}` })

describe('meta: fbc', () => {
  const cookie = 'fb.1.1554763741205.AbCdEfGhIjKlMnOp'

  it.each([
    ['keeps the cookie without an fbclid', { fbc: cookie }, {}, cookie],
    ['keeps the cookie of the same fbclid, time included', { fbc: cookie }, page('AbCdEfGhIjKlMnOp'), cookie],
    ['keeps the cookie with its appendix', { fbc: `${cookie}.AQYBAQIA` }, page('AbCdEfGhIjKlMnOp'), `${cookie}.AQYBAQIA`],
    ['builds a new one for another fbclid, case kept', { fbc: cookie }, page('Other-One_x'), `fb.1.${NOW}.Other-One_x`],
    ['builds one from the referrer', {}, { referrer_url: 'https://x.example/?fbclid=Ref' }, `fb.1.${NOW}.Ref`],
  ] as const)('%s', (_, userData, urls, fbc) => {
    expect(identified(userData, urls)).toEqual({ user: { fbc }, warnings: [] })
  })

  it('drops a cookie of another form', () => {
    expect(identified({ fbc: 'AbCd', fbp: 'x' })).toEqual({
      user: {},
      warnings: [
        { field: 'user_data.fbc', reason: 'INVALID_CLICK_ID' },
        { field: 'user_data.fbp', reason: 'INVALID_CLICK_ID' },
      ],
    })
  })
})

describe('meta: bodies', () => {
  it.each([
    [{ client_user_agent: 'x', city: 'Paris', gender: 'f' }, 'refused'],
    [{ date_of_birth: '1990-01-01', client_user_agent: 'x' }, 'refused'],
    [{ first_name: 'A', gender: 'f' }, 'refused'],
    [{ last_name: 'A', gender: 'f' }, 'refused'],
    [{ first_name: 'A', last_name: 'B' }, 'body'],
    [{ date_of_birth: '1990-01-01', gender: 'f' }, 'body'],
    [{ client_ip_address: '8.8.8.8' }, 'body'],
    [{ external_id: '7' }, 'body'],
    [{}, 'refused'],
  ] as const)('judges %j as too weak or not: %s', (userData, kind) => {
    expect(
      meta.encodeEvent(preparedFor(meta, conversionEvent({ user_data: userData }), fixtures.settings).event, fixtures.settings).kind,
    ).toBe(kind)
  })

  it('follows the connection on custom names', () => {
    expect(meta.mapEvent('Quiz', { unmapped: 'generic' })).toEqual({ kind: 'name', name: 'CustomEvent', unmapped: true })
    expect(meta.mapEvent('Quiz', { unmapped: 'drop' })).toMatchObject({
      kind: 'none',
      refusal: { kind: 'skip', error: { code: 'EVENT_UNMAPPED' } },
    })
    expect(meta.mapEvent('Quiz', { event_names: { Quiz: 'Lead' } })).toEqual({ kind: 'name', name: 'Lead', unmapped: false })
    const { event } = preparedFor(meta, { ...fixtures.sendable, event_name: 'Quiz' }, fixtures.settings)
    expect(meta.encodeEvent(event, { pixel_id: PIXEL, unmapped: 'generic' })).toMatchObject({
      body: { event_name: 'CustomEvent', custom_data: { original_event_name: 'Quiz' } },
    })
  })

  it('skips an event without consent only where the connection demands it', () => {
    const { event } = preparedFor(meta, fixtures.sendable, fixtures.settings)
    expect(meta.encodeEvent(event, { pixel_id: PIXEL, require_consent: true })).toMatchObject({
      refusal: { kind: 'skip', error: { code: 'CONSENT_MISSING' } },
    })
  })

  it('leaves out what Meta has no form for, with a warning', () => {
    const event = conversionEvent({
      action_source: 'app',
      user_data: { email: 'a@example.com' },
      app_data: { extinfo: ['a2'] },
      custom_data: { currency: 'euros', delivery_category: 'drone', extra: { nested: { a: 1 } } },
    })
    const encoded = meta.encodeEvent(preparedFor(meta, event, fixtures.settings).event, fixtures.settings)
    expect(encoded.warnings).toEqual([
      { field: 'custom_data.nested', reason: 'UNSUPPORTED_HERE' },
      { field: 'custom_data.currency', reason: 'INVALID_VALUE' },
      { field: 'custom_data.delivery_category', reason: 'INVALID_VALUE' },
      { field: 'app_data.extinfo', reason: 'INVALID_EXTINFO' },
    ])
    expect(encoded).not.toHaveProperty('body.custom_data')
  })

  it('puts the test code beside the data and the token into the header', () => {
    const request = meta.encodeRequest([{ event_name: 'X' }], account, 'TEST1')
    expect(request).toMatchObject({ method: 'POST', url: `https://platform.example/v26.0/${PIXEL}/events` })
    expect(request.headers['authorization']).toBe(`Bearer ${fixtures.credentials.access_token}`)
    expect(JSON.parse(request.body ?? '')).toEqual({ data: [{ event_name: 'X' }], test_event_code: 'TEST1' })
  })

  it('takes events of shops for 62 days and others for 7', () => {
    const windows = (['website', 'physical_store'] as const).map(
      (action_source) => meta.acceptsUntil({ ...conversionEvent({ action_source }), user: {} }, fixtures.settings) - NOW,
    )
    expect(windows).toEqual([7 * 86_400_000, 62 * 86_400_000])
  })
})

describe('meta: verdicts', () => {
  it.each([
    [{ code: 190 }, 'reject', 'CREDENTIALS_EXPIRED'],
    [{ code: 190, error_subcode: 463 }, 'reject', 'CREDENTIALS_EXPIRED'],
    [{ code: 102 }, 'reject', 'CREDENTIALS_EXPIRED'],
    [{ code: 104 }, 'reject', 'CREDENTIALS_EXPIRED'],
    [{ type: 'OAuthException' }, 'reject', 'CREDENTIALS_EXPIRED'],
    [{ code: 3 }, 'reject', 'PERMISSION_DENIED'],
    [{ code: 10 }, 'reject', 'PERMISSION_DENIED'],
    [{ code: 294 }, 'reject', 'PERMISSION_DENIED'],
    [{ code: 100, error_subcode: 33 }, 'reject', 'DESTINATION_INVALID'],
    [{ code: 803 }, 'reject', 'DESTINATION_INVALID'],
    [{ code: 4, error_subcode: 1504022 }, 'hold', 'RATE_LIMITED'],
    [{ code: 613 }, 'hold', 'RATE_LIMITED'],
    [{ code: 80014 }, 'hold', 'RATE_LIMITED'],
    [{ code: 1 }, 'retry', 'PLATFORM_ERROR'],
    [{ code: 2, is_transient: true }, 'retry', 'PLATFORM_ERROR'],
    [{ code: 21009 }, 'retry', 'PLATFORM_ERROR'],
    [{ code: 100, is_transient: true }, 'retry', 'PLATFORM_ERROR'],
    [{ code: -3 }, 'retry', 'PLATFORM_ERROR'],
    [{ code: 368 }, 'hold', 'DEFERRED_BY_PLATFORM'],
    [{ code: 100, error_subcode: 2804003 }, 'reject', 'EVENT_REJECTED'],
    [{ code: 100 }, 'reject', 'EVENT_REJECTED'],
    [{ code: 100, error_subcode: 1487079 }, 'reject', 'EVENT_REJECTED'],
    [{ code: 105 }, 'reject', 'EVENT_REJECTED'],
    [{ code: 99999 }, 'retry', 'UNEXPECTED_RESPONSE'],
  ] as const)('reads %j of one event as %s %s, whatever the status', (error, kind, code) => {
    for (const status of [200, 400, 401, 403, 500]) expect(classified(metaError(error, status))).toEqual([[kind, code]])
  })

  it('lets a request of several be repaired when an event in it is bad', () => {
    expect(classified(metaError({ code: 100, error_subcode: 2804050 }), 3)).toEqual(
      Array.from({ length: 3 }, () => ['hold', 'BATCH_REFUSED']),
    )
  })

  it('believes no count but the one that was sent', () => {
    for (const body of [{ events_received: 1 }, { events_received: 3 }, { events_received: '2' }, {}]) {
      expect(classified(answerOf(200, body), 2)).toEqual([
        ['retry', 'UNEXPECTED_RESPONSE'],
        ['retry', 'UNEXPECTED_RESPONSE'],
      ])
    }
  })

  it('names code and trace as the support asks for them', () => {
    const [outcome] = meta.classify(
      metaError({ code: 100, error_subcode: 2804003 }),
      bodiesOf(meta, fixtures, 1),
      contextOf(meta, fixtures.settings),
    )
    expect(outcome).toMatchObject({ error: { platformCode: '100/2804003', platformRequestId: 'Trace1' } })
  })

  it('waits as long as the usage headers say', () => {
    const usage = JSON.stringify({ '123': [{ type: 'ads_management', call_count: 100, estimated_time_to_regain_access: 3 }] })
    const [outcome] = meta.classify(
      metaError({ code: 80004 }, 400, { 'x-business-use-case-usage': usage }),
      bodiesOf(meta, fixtures, 1),
      contextOf(meta, fixtures.settings),
    )
    expect(outcome).toMatchObject({ kind: 'hold', until: NOW + 180_000, error: { scope: 'connection', retryAfterMs: 180_000 } })
  })

  it('takes a gateway page for a failed attempt even as 401', () => {
    expect(classified(answerOf(401, '<html>login</html>'))).toEqual([['retry', 'UNEXPECTED_RESPONSE']])
  })
})

/** Answers by a part of the URL, and notes what was asked. */
function scripted(answers: Readonly<Record<string, HttpAnswer>>): Http & { readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = []
  return {
    asked,
    send(request) {
      asked.push(request)
      const found = Object.entries(answers).find(([part]) => request.url.includes(part))
      return Promise.resolve(found?.[1] ?? metaError({ code: 100, message: '(#100) Missing Permission' }))
    },
  }
}
const token = (data: Record<string, unknown>): HttpAnswer => answerOf(200, JSON.stringify({ data }))
const scopeFor = (...targets: string[]) => ({
  is_valid: true,
  granular_scopes: [{ scope: 'read_ads_dataset_quality', target_ids: targets }],
})

describe('meta: check', () => {
  it('refuses a dead token and names the field', async () => {
    expect(
      await meta.check(account, scripted({ debug_token: metaError({ code: 190, message: 'Invalid OAuth 2.0 Access Token' }, 401) })),
    ).toEqual({
      verdict: 'refused',
      message: 'Authentication failed with Meta API',
      details: { platform: 'meta', error_code: 190, error_message: 'Invalid OAuth 2.0 Access Token', field: 'credentials.access_token' },
    })
    expect(await meta.check(account, scripted({ debug_token: token({ is_valid: false }) }))).toMatchObject({
      verdict: 'refused',
      details: { field: 'credentials.access_token' },
    })
  })

  it('verifies a token that was made for this dataset, without another call', async () => {
    const http = scripted({ debug_token: token(scopeFor('1', PIXEL)) })
    expect(await meta.check(account, http)).toMatchObject({ verdict: 'verified' })
    expect(http.asked).toHaveLength(1)
  })

  it('refuses the pixel where the token was made for others and may not see it', async () => {
    expect(await meta.check(account, scripted({ debug_token: token(scopeFor('1')) }))).toMatchObject({
      verdict: 'refused',
      details: { field: 'settings.pixel_id' },
    })
    expect(await meta.check(account, scripted({ debug_token: token(scopeFor('1')), dataset_quality: answerOf(200, {}) }))).toMatchObject({
      verdict: 'verified',
    })
  })

  it('condemns nobody for a missing permission', async () => {
    expect(await meta.check(account, scripted({}))).toMatchObject({ verdict: 'unverified' })
  })

  it('only reads', async () => {
    const http = scripted({})
    await meta.check(account, http)
    expect(http.asked.map((request) => request.method)).toEqual(['GET', 'GET', 'GET'])
  })
})

describe('meta: inquire', () => {
  const sent = bodiesOf(meta, fixtures, 2)
  const badRequest = metaError({ code: 100 })

  it('puts an invalid parameter to the check, and lets it blame the token or the pixel', async () => {
    const dead = await meta.inquire?.(badRequest, sent, account, scripted({ debug_token: token({ is_valid: false }) }))
    expect(classified(dead!, 2)).toEqual(Array.from({ length: 2 }, () => ['reject', 'CREDENTIALS_EXPIRED']))
    const wrong = await meta.inquire?.(badRequest, sent, account, scripted({ debug_token: token(scopeFor('1')) }))
    expect(classified(wrong!, 2)).toEqual(Array.from({ length: 2 }, () => ['reject', 'DESTINATION_INVALID']))
  })

  it('leaves every other answer as it was, and asks nothing', async () => {
    const http = scripted({})
    for (const answer of [metaError({ code: 100, error_subcode: 2804003 }), answerOf(500, ''), fixtures.accepted(2)]) {
      expect(await meta.inquire?.(answer, sent, account, http)).toBe(answer)
    }
    expect(http.asked).toEqual([])
    expect(await meta.inquire?.(badRequest, sent, account, http)).toBe(badRequest)
  })
})
