import type { ConversionEvent, UserData } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { sha256Hex } from '@relay/prepare/hash'
import { describe, expect, it } from 'vitest'
import type { Account, Http, HttpAnswer, HttpRequest } from '../contract.ts'
import { conformance } from '../testing/conformance.ts'
import { conversionEvent, NOW, preparedFor } from '../testing/events.ts'
import { accountOf, answerOf, bodiesOf, contextOf, type Fixtures } from '../testing/fixtures.ts'
import type { SnapchatCredentials } from './credentials.ts'
import { examples } from './examples.ts'
import { snapchat } from './index.ts'

const PIXEL = '11111111-2222-3333-4444-555555555555'
const HOUR_MS = 3_600_000
const fixtures: Fixtures<SnapchatCredentials> = {
  credentials: { access_token: 'eyJhbGciOi.token0123456789abcdef' },
  settings: { pixel_id: PIXEL },
  examples,
  sendable: conversionEvent({ user_data: { email: 'person@example.com' } }),
  unsendable: { event: conversionEvent({ user_data: { external_id: '7' } }), code: 'IDENTITY_MISSING' },
  accepted: () => answerOf(200, { status: 'VALID', reason: 'Events have been processed successfully.' }),
  deadCredentials: (reason) => answerOf(401, { status: 'INVALID', reason }),
  rateLimited: () => answerOf(429, { status: 'INVALID', reason: 'Slow down' }),
}
conformance(snapchat, fixtures)

const account = accountOf(fixtures)
const context = contextOf(snapchat, fixtures.settings)
const identified = (userData: UserData, more: Partial<ConversionEvent> = {}) =>
  snapchat.identify(conversionEvent({ user_data: userData, ...more }), { settings: fixtures.settings, receivedAt: NOW })
const read = (answer: HttpAnswer, count = 1, given = context) =>
  snapchat
    .classify(answer, bodiesOf(snapchat, fixtures, count), given)
    .map((outcome) => [outcome.kind, outcome.kind === 'delivered' ? null : outcome.error.code])
const times = (count: number, ...row: readonly (string | null)[]) => Array.from({ length: count }, () => [...row])
const invalid = (more: JsonObject = {}): HttpAnswer =>
  answerOf(400, { status: 'INVALID', reason: 'Bad event', errors: { codes: ['E12', 'E13'], error_msgs: ['x'] }, ...more })

describe('snapchat: identifiers', () => {
  // https://developers.snap.com/marketing-api/Conversions-API/Parameters, read 2026-11-24
  it.each([
    ['em', { email: '    test123@example.com  ' }, '20b82517b67108ed3a171539dc5dd1da605660249b02f38dd70f572a545c7d18'],
    ['ph', { phone: '+44 844 412 4653' }, 'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383'],
    ['ph', { phone: '0044-447-234-2344' }, sha256Hex('444472342344')],
    ['ph', { phone: '+44-0447-234-2344' }, sha256Hex('444472342344')],
    ['ph', { phone: '+44 0447 234 2344' }, sha256Hex('444472342344')],
    ['ln', { last_name: "O'Connor" }, sha256Hex('oconnor')],
    ['st', { state: 'California', country: 'US' }, sha256Hex('ca')],
    ['ct', { city: 'Los Angeles' }, sha256Hex('losangeles')],
    ['zp', { zip: 'M1 1AE' }, sha256Hex('m11ae')],
    ['country', { country: 'Germany' }, sha256Hex('de')],
    ['external_id', { external_id: ' User 123 ' }, sha256Hex('user123')],
  ] as const)('hashes %s of %j', (key, userData, hash) => {
    expect(identified(userData).user[key]).toEqual([hash])
  })

  it('guesses no country code, where the old SDKs assumed +1', () => {
    expect(identified({ phone: '(447)-234-2344' })).toEqual({
      user: {},
      warnings: [{ field: 'user_data.phone', reason: 'PHONE_WITHOUT_COUNTRY' }],
    })
  })

  it("leaves out Meta's appendix form", () => {
    expect(identified({ email: `${sha256Hex('a@example.com')}.AbC_-123` }).warnings).toEqual([
      { field: 'user_data.email', reason: 'HASH_WITH_APPENDIX' },
    ])
  })

  it('prefers the click id that the producer gives over the one in the URL', () => {
    const url = { event_source_url: 'https://shop.example/?ScCid=FromUrl' }
    expect(identified({}, url).user).toEqual({ sc_click_id: 'FromUrl' })
    expect(identified({ sc_click_id: 'Given' }, url).user).toEqual({ sc_click_id: 'Given' })
  })
})

const encoded = (event: Partial<ConversionEvent>, settings = {}) => {
  const given = conversionEvent({ user_data: { email: 'a@example.com' }, ...event })
  return snapchat.encodeEvent(preparedFor(snapchat, given, fixtures.settings).event, { ...fixtures.settings, ...settings })
}

describe('snapchat: bodies', () => {
  it('skips an unmapped name where its slot is taken', () => {
    const settings = { event_names: { Lead: 'CUSTOM_EVENT_1' } }
    expect(encoded({ event_name: 'Quiz' }, settings)).toMatchObject({ refusal: { kind: 'skip', error: { code: 'EVENT_UNMAPPED' } } })
    expect(encoded({ event_name: 'Lead' }, settings)).toMatchObject({ body: { event_name: 'CUSTOM_EVENT_1' } })
  })

  it('counts a name of its own five slots or of its list as no stand-in', () => {
    expect(snapchat.mapEvent('APP_INSTALL', {})).toEqual({ kind: 'name', name: 'APP_INSTALL', unmapped: false })
    expect(snapchat.mapEvent('Lead', {})).toEqual({ kind: 'name', name: 'CUSTOM_EVENT_1', unmapped: true })
    expect(snapchat.mapEvent('Lead', { unmapped: 'drop' })).toMatchObject({ kind: 'none' })
  })

  it('keeps app events and all others apart where the connection says what its asset is', () => {
    expect(encoded({}, { event_source: 'app' })).toMatchObject({ refusal: { error: { code: 'EVENT_FILTERED' } } })
    expect(encoded({ action_source: 'app' }, { event_source: 'web' })).toMatchObject({ refusal: { error: { code: 'EVENT_FILTERED' } } })
    expect(encoded({ action_source: 'app' }, { event_source: 'app' })).toMatchObject({ kind: 'body' })
  })

  it('sends a currency that it does not know, and says so', () => {
    expect(encoded({ custom_data: { currency: 'uyu', value: 1 } })).toMatchObject({
      body: { custom_data: { currency: 'UYU' } },
      warnings: [{ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' }],
    })
  })

  it('refuses settings with an event that Snapchat does not have', () => {
    expect(snapchat.settings.safeParse({ pixel_id: PIXEL, event_names: { Lead: 'ADD_TO_CART' } }).success).toBe(false)
  })

  it('has the token in the query, apart from what may be logged', () => {
    const request = snapchat.encodeRequest([{ event_name: 'X' }], account, 'TEST1')
    expect(request.url).toBe(`https://platform.example/v3/${PIXEL}/events?access_token=${fixtures.credentials.access_token}`)
    expect(request.redactedUrl).toBe(`https://platform.example/v3/${PIXEL}/events?access_token=***`)
    expect(JSON.parse(request.body ?? '')).toEqual({ data: [{ event_name: 'X' }], test_event_code: 'TEST1' })
  })
})

const young = (ageMs: number) =>
  snapchat.classify(answerOf(401, { status: 'INVALID' }), bodiesOf(snapchat, fixtures, 1), {
    ...context,
    credentialsSavedAt: NOW - ageMs,
  })

describe('snapchat: verdicts', () => {
  it.each([
    ['200 VALID', answerOf(200, { status: 'VALID' }), 'delivered', null],
    ['200 INVALID', answerOf(200, { status: 'INVALID' }), 'reject', 'EVENT_REJECTED'],
    ['200 of another status', answerOf(200, { status: 'PARTIAL' }), 'retry', 'UNEXPECTED_RESPONSE'],
    ['200 without a status', answerOf(200, {}), 'retry', 'UNEXPECTED_RESPONSE'],
    ['400 INVALID', invalid({ event: 1 }), 'reject', 'EVENT_REJECTED'],
    ['400 of something else', answerOf(400, { message: 'x' }), 'retry', 'UNEXPECTED_RESPONSE'],
    ['401 of the API', answerOf(401, { status: 'INVALID' }), 'reject', 'CREDENTIALS_EXPIRED'],
    [
      '401 with a bearer error',
      answerOf(401, '', { 'www-authenticate': 'Bearer realm="x", error="invalid_token"' }),
      'reject',
      'CREDENTIALS_EXPIRED',
    ],
    ['403 of the API', answerOf(403, { reason: 'no' }), 'reject', 'PERMISSION_DENIED'],
    ['403 of a gateway', answerOf(403, { error: 'blocked' }), 'retry', 'UNEXPECTED_RESPONSE'],
    ['404 with JSON', answerOf(404, { reason: 'no asset' }), 'reject', 'DESTINATION_INVALID'],
    ['408', answerOf(408, ''), 'retry', 'PLATFORM_ERROR'],
    ['418', answerOf(418, { status: 'X' }), 'retry', 'UNEXPECTED_RESPONSE'],
    ['500 INVALID', answerOf(500, { status: 'INVALID' }), 'retry', 'PLATFORM_ERROR'],
  ] as const)('reads %s', (_, answer, kind, code) => {
    expect(read(answer)).toEqual([[kind, code]])
  })

  it('condemns no event of several by an index whose base nobody knows', () => {
    expect(read(invalid({ event: 2 }), 3)).toEqual(times(3, 'hold', 'BATCH_REFUSED'))
  })

  it('holds a token that may be too young for Snapchat, once an hour and until it is a day old', () => {
    expect(young(0)[0]).toMatchObject({ kind: 'hold', until: NOW + HOUR_MS, error: { code: 'CREDENTIALS_PENDING' } })
    expect(young(23.5 * HOUR_MS)[0]).toMatchObject({ kind: 'hold', until: NOW + HOUR_MS / 2 })
    expect(young(24 * HOUR_MS)[0]).toMatchObject({ kind: 'reject', error: { code: 'CREDENTIALS_EXPIRED' } })
  })

  it('names the first of the error codes', () => {
    expect(snapchat.classify(invalid(), bodiesOf(snapchat, fixtures, 1), context)[0]).toMatchObject({ error: { platformCode: 'E12' } })
  })
})

/** Answers in turn by a part of the URL, and notes what was asked. */
function scripted(
  answers: Readonly<Record<string, HttpAnswer | ((request: HttpRequest) => HttpAnswer)>>,
): Http & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    send(request) {
      const path = new URL(request.url).pathname.split('/').slice(3).join('/')
      asked.push(path)
      const answer = answers[path] ?? answers[new URL(request.url).host]
      if (answer === undefined) throw new Error(`Nobody answers ${path}`)
      return Promise.resolve(typeof answer === 'function' ? answer(request) : answer)
    },
  }
}

const STATS = 'events/validate/stats'
const VALIDATE = 'events/validate'
const statsGood = answerOf(200, { status: 'SUCCESS', stats: {} })
/** A validator that calls these events invalid, by one log per event counted from 1. */
const validator =
  (...bad: readonly string[]) =>
  (request: HttpRequest): HttpAnswer => {
    const events = (JSON.parse(request.body ?? '{}') as { data: { event_id: string }[] }).data
    const event_logs = events.map((event, index) => ({ event: index + 1, status: bad.includes(event.event_id) ? 'INVALID' : 'VALID' }))
    return answerOf(event_logs.some((log) => log.status === 'INVALID') ? 400 : 200, { status: 'INVALID', test_event: true, event_logs })
  }
const settle = async (answer: HttpAnswer, count: number, http: Http) =>
  read((await snapchat.inquire?.(answer, bodiesOf(snapchat, fixtures, count), account, http))!, count)

describe('snapchat: inquire', () => {
  it('peels off what the validator names', async () => {
    const http = scripted({ [STATS]: statsGood, [VALIDATE]: validator('event-1', 'event-3') })
    const outcomes = await settle(invalid(), 5, http)
    expect(outcomes.map(([kind]) => kind)).toEqual(['hold', 'reject', 'hold', 'reject', 'hold'])
    expect(http.asked).toEqual([STATS, VALIDATE])
  })

  it('tries both readings of an index, and asks no more', async () => {
    for (const bad of ['event-1', 'event-2']) {
      const http = scripted({ [VALIDATE]: validator(bad) })
      const outcomes = await settle(invalid({ event: 2 }), 4, http)
      expect(outcomes.map(([kind]) => kind).indexOf('reject')).toBe(Number(bad.slice(-1)))
      expect(outcomes.filter(([kind]) => kind === 'reject')).toHaveLength(1)
      expect(http.asked).toEqual([VALIDATE])
    }
  })

  it('leaves the request to be halved where the validator finds nothing', async () => {
    expect(await settle(invalid(), 3, scripted({ [STATS]: statsGood, [VALIDATE]: validator() }))).toEqual(times(3, 'hold', 'BATCH_REFUSED'))
  })

  it('blames the token for an INVALID where the counters refuse it too', async () => {
    for (const stats of [
      answerOf(401, { error: 'unauthorized' }),
      answerOf(200, { status: 'FAILURE', reason: 'no' }),
      answerOf(400, { status: 'INVALID' }),
    ]) {
      expect(await settle(invalid(), 2, scripted({ [STATS]: stats }))).toEqual(times(2, 'reject', 'CREDENTIALS_EXPIRED'))
    }
  })

  it('waits where nobody can say whose fault it is', async () => {
    for (const stats of [answerOf(502, '<html>'), answerOf(200, '<html>'), answerOf(403, 'Forbidden')]) {
      expect((await settle(invalid(), 2, scripted({ [STATS]: stats }))).map(([kind]) => kind)).toEqual(['retry', 'retry'])
    }
    const fault: HttpAnswer = { kind: 'fault', maybeTaken: true, error: { code: 'NETWORK_ERROR', message: 'reset' } }
    expect(await snapchat.inquire?.(invalid(), bodiesOf(snapchat, fixtures, 2), account, scripted({ [STATS]: fault }))).toMatchObject({
      kind: 'fault',
      maybeTaken: false,
    })
  })

  it('asks about a bare 401, and believes only a readable refusal', async () => {
    expect(await settle(answerOf(401, ''), 1, scripted({ [STATS]: answerOf(401, { reason: 'no' }) }))).toEqual(
      times(1, 'reject', 'CREDENTIALS_EXPIRED'),
    )
    expect(await settle(answerOf(401, ''), 1, scripted({ [STATS]: statsGood }))).toEqual(times(1, 'retry', 'UNEXPECTED_RESPONSE'))
  })

  it('asks nothing of an answer that speaks for itself', async () => {
    const http = scripted({})
    for (const answer of [fixtures.accepted(1), answerOf(500, ''), fixtures.rateLimited(), answerOf(413, '')]) await settle(answer, 1, http)
    expect(http.asked).toEqual([])
  })
})

describe('snapchat: check', () => {
  it('verifies a token that may read and write the asset', async () => {
    const http = scripted({ [STATS]: statsGood, [VALIDATE]: answerOf(200, { status: 'VALID' }) })
    expect(await snapchat.check(account, http)).toEqual({ verdict: 'verified' })
  })

  it('refuses a token that the counters refuse, and says that a new one may be too young', async () => {
    const report = await snapchat.check(account, scripted({ [STATS]: answerOf(401, { status: 'FAILURE', reason: 'Invalid token' }) }))
    expect(report).toMatchObject({
      verdict: 'refused',
      details: { platform: 'snapchat', error_code: 401, error_message: 'Invalid token', field: 'credentials.access_token' },
    })
    expect(report).toHaveProperty('message', expect.stringContaining('24 hours'))
  })

  it('blames the asset for a 404', async () => {
    expect(await snapchat.check(account, scripted({ [STATS]: answerOf(404, { reason: 'no' }) }))).toMatchObject({
      verdict: 'refused',
      details: { field: 'settings.pixel_id' },
    })
  })

  it('stays unverified where writing is not confirmed', async () => {
    expect(await snapchat.check(account, scripted({ [STATS]: statsGood, [VALIDATE]: invalid() }))).toMatchObject({ verdict: 'unverified' })
  })

  it('fetches an access token first where the credentials are of that kind', async () => {
    const oauth: Account<SnapchatCredentials> = {
      ...account,
      credentials: { client_id: 'id', client_secret: 'secret', refresh_token: 'rt' },
    }
    const good = scripted({
      'tokens.example': answerOf(200, { access_token: 'at' }),
      [STATS]: statsGood,
      [VALIDATE]: answerOf(200, { status: 'VALID' }),
    })
    expect(await snapchat.check(oauth, good)).toEqual({ verdict: 'verified' })
    expect(await snapchat.check(oauth, scripted({ 'tokens.example': answerOf(400, { error: 'invalid_client' }) }))).toMatchObject({
      verdict: 'refused',
      details: { field: 'credentials.client_secret' },
    })
  })
})

describe('snapchat: refresh', () => {
  const oauth: Account<SnapchatCredentials> = { ...account, credentials: { client_id: 'id', client_secret: 'secret', refresh_token: 'rt' } }
  const run = (answer: HttpAnswer) => snapchat.refresh!.run(oauth, scripted({ 'tokens.example': answer }))

  it('is for OAuth credentials alone', () => {
    expect([snapchat.refresh?.appliesTo(oauth.credentials), snapchat.refresh?.appliesTo(fixtures.credentials)]).toEqual([true, false])
  })

  it('takes an hour where no life is named, and a new refresh token where one comes', async () => {
    expect(await run(answerOf(200, { access_token: 'at' }))).toEqual({ kind: 'refreshed', accessToken: 'at', expiresInMs: HOUR_MS })
    expect(await run(answerOf(200, { access_token: 'at', expires_in: 1800, refresh_token: 'rt2' }))).toEqual({
      kind: 'refreshed',
      accessToken: 'at',
      expiresInMs: 1_800_000,
      rotatedRefreshToken: 'rt2',
    })
  })

  it('tells a dead grant from an ill server', async () => {
    expect(await run(answerOf(400, { error: 'invalid_grant' }))).toMatchObject({ kind: 'dead', error: { code: 'CREDENTIALS_EXPIRED' } })
    for (const answer of [answerOf(500, ''), answerOf(401, ''), answerOf(200, '<html>'), answerOf(400, { error: 'invalid_request' })]) {
      expect(await run(answer)).toMatchObject({ kind: 'unavailable', error: { code: 'ACCESS_TOKEN_EXPIRED' } })
    }
  })
})
