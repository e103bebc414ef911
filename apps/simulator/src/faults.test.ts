import { describe, expect, it } from 'vitest'
import { createFaults } from './faults.ts'
import { createClient } from './testing/client.ts'
import { googleEvent, metaEvent, snapchatEvent, tiktokEvent } from './testing/samples.ts'

describe('faults that come instead of the platform', () => {
  it('answers a rate limit in each platform’s own words, and counts the events as throttled', async () => {
    const { order, sendMeta, sendGoogle, sendTikTok, sendSnapchat, simulator } = createClient()
    await order({ platform: '*', kind: 'rate_limited', retry_after_s: 120 })
    const meta = await sendMeta([metaEvent()])
    expect([meta.status, meta.body]).toMatchObject([400, { error: { code: 80004 } }])
    expect(JSON.parse(meta.headers.get('x-business-use-case-usage') ?? '')).toMatchObject({
      1001: [{ estimated_time_to_regain_access: 2 }],
    })
    const google = await sendGoogle([googleEvent()])
    expect([google.status, google.body, google.headers.get('retry-after')]).toMatchObject([
      429,
      { error: { status: 'RESOURCE_EXHAUSTED' } },
      '120',
    ])
    const tiktok = await sendTikTok([tiktokEvent()])
    expect([tiktok.status, tiktok.body['code']]).toEqual([200, 40100])
    expect((await sendSnapchat([snapchatEvent()])).status).toBe(429)
    for (const counts of Object.values(simulator.ledger.summary())) expect(counts).toMatchObject({ events: 1, throttled: 1, counted: 0 })
  })

  it('answers a fault of the platform in its own words', async () => {
    const { order, sendMeta, sendGoogle, sendTikTok, sendSnapchat } = createClient()
    await order({ platform: '*', kind: 'server_error', times: 4 })
    expect(await sendMeta([metaEvent()])).toMatchObject({ status: 500, body: { error: { code: 2, is_transient: true } } })
    expect(await sendGoogle([googleEvent()])).toMatchObject({ status: 500, body: { error: { status: 'INTERNAL' } } })
    expect(await sendTikTok([tiktokEvent()])).toMatchObject({ status: 200, body: { code: 50000 } })
    expect(await sendSnapchat([snapchatEvent()])).toMatchObject({ status: 500, body: { status: 'INVALID' } })
    expect((await sendMeta([metaEvent()])).status).toBe(200)
    await order({ platform: 'tiktok', kind: 'server_error', status: 502 })
    expect((await sendTikTok([tiktokEvent()])).text).toContain('<h1>502 Bad Gateway</h1>')
  })

  it('answers maintenance, with the time where one is given', async () => {
    const { order, sendMeta, sendGoogle, sendTikTok, sendSnapchat } = createClient()
    await order({ platform: '*', kind: 'maintenance', retry_after_s: 300 })
    for (const reply of [await sendMeta([metaEvent()]), await sendGoogle([googleEvent()]), await sendSnapchat([snapchatEvent()])]) {
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '300'])
    }
    expect(await sendTikTok([tiktokEvent()])).toMatchObject({ status: 200, body: { code: 60001 } })
  })

  it('gives garbage before or after counting, and any answer that is asked for', async () => {
    const { order, sendMeta, simulator } = createClient()
    await order({ platform: 'meta', kind: 'garbage', times: 1 })
    expect(await sendMeta([metaEvent()])).toMatchObject({ status: 200, body: {} })
    expect(simulator.ledger.summary().meta).toMatchObject({ unserved: 1, counted: 0 })
    await order({ platform: 'meta', kind: 'garbage', counted: true, times: 1 })
    expect(await sendMeta([metaEvent()])).toMatchObject({ status: 200, body: {} })
    expect(simulator.ledger.summary().meta).toMatchObject({ unserved: 1, counted: 1 })
    await order({ platform: 'meta', kind: 'http_status', status: 418, body: { short: 'stout' }, headers: { 'x-pot': 'tea' }, times: 1 })
    const teapot = await sendMeta([metaEvent()])
    expect([teapot.status, teapot.body, teapot.headers.get('x-pot')]).toEqual([418, { short: 'stout' }, 'tea'])
  })

  it('resets and keeps silent without counting', async () => {
    const { order, sendMeta, simulator } = createClient()
    await order({ platform: 'meta', kind: 'reset', times: 1 })
    await expect(sendMeta([metaEvent()])).rejects.toThrow('fetch failed')
    await order({ platform: 'meta', kind: 'timeout', times: 1 })
    const silent = sendMeta([metaEvent()])
    await simulator.close()
    await expect(silent).rejects.toThrow('fetch failed')
    expect(simulator.ledger.summary().meta).toMatchObject({ requests: 2, unserved: 2, counted: 0 })
    expect(simulator.ledger.requests().meta).toMatchObject({ total: 2, by_door: { events: { none: 2 } } })
  })
})

describe('faults that spoil the answer after counting', () => {
  it('loses or cuts the answer to a request that was taken, so that a second send is a repeat', async () => {
    const { order, sendMeta, simulator } = createClient()
    await order({ platform: 'meta', kind: 'lost_answer', times: 1 })
    await expect(sendMeta([metaEvent()])).rejects.toThrow('fetch failed')
    await order({ platform: 'meta', kind: 'truncated', times: 1 })
    const cut = await sendMeta([metaEvent()])
    expect([cut.status, cut.body, cut.text.startsWith('{"events_received"')]).toEqual([200, {}, true])
    expect((await sendMeta([metaEvent()])).status).toBe(200)
    expect(simulator.ledger.summary().meta).toMatchObject({ counted: 1, repeated: 2 })
  })

  it('waits for a request that is taken: a refused one does not use it up', async () => {
    const { order, sendMeta, simulator } = createClient()
    await order({ platform: 'meta', kind: 'lost_answer', times: 1 })
    expect((await sendMeta([metaEvent({ event_name: '' })])).status).toBe(400)
    expect(simulator.faults.list()).toHaveLength(1)
  })

  it('tells how much of Meta’s limit is used', async () => {
    const { order, sendMeta } = createClient()
    await order({ platform: 'meta', kind: 'usage_header', percent: 93, regain_minutes: 5 })
    const { status, headers } = await sendMeta([metaEvent()])
    expect(status).toBe(200)
    expect(JSON.parse(headers.get('x-app-usage') ?? '')).toEqual({ call_count: 93, total_cputime: 93, total_time: 93 })
    expect(headers.get('x-business-use-case-usage')).toContain('"estimated_time_to_regain_access":5')
  })
})

describe('a bad event', () => {
  it('takes its whole batch down until it is gone, named as each platform names it', async () => {
    const { order, sendMeta, sendGoogle, sendTikTok, sendSnapchat, simulator } = createClient()
    for (const event_id of ['bad-1', 'bad-2']) await order({ platform: '*', kind: 'bad_event', event_id })
    const meta = await sendMeta([metaEvent(), metaEvent({ event_id: 'bad-1' })])
    expect(meta.body).toMatchObject({ error: { code: 100, error_subcode: 2804001 } })
    const google = await sendGoogle([googleEvent(), googleEvent({ transactionId: 'bad-2' })])
    expect(google.body).toMatchObject({
      error: { details: [{ fieldViolations: [{ field: 'events.events[1]', reason: 'INVALID_EVENT' }] }, {}] },
    })
    const tiktok = await sendTikTok([tiktokEvent(), tiktokEvent({ event_id: 'bad-1' })])
    expect(tiktok.body).toMatchObject({ code: 40002, message: expect.stringMatching(/data\.1\.event$/) as unknown })
    const snapchat = await sendSnapchat([snapchatEvent(), snapchatEvent({ event_id: 'bad-2' })])
    expect(snapchat.body).toMatchObject({ status: 'INVALID', event: 2 })
    for (const counts of Object.values(simulator.ledger.summary())) expect(counts).toMatchObject({ refused: 2, counted: 0 })
    expect((await sendMeta([metaEvent()])).status).toBe(200)
  })

  it('may go unnamed', async () => {
    const { order, sendGoogle, sendTikTok, sendSnapchat } = createClient()
    await order({ platform: '*', kind: 'bad_event', event_id: 'bad-1', named: false })
    expect((await sendGoogle([googleEvent({ transactionId: 'bad-1' })])).text).not.toContain('fieldViolations')
    expect((await sendTikTok([tiktokEvent({ event_id: 'bad-1' })])).text).not.toContain('data.0')
    expect(await sendSnapchat([snapchatEvent({ event_id: 'bad-1' })])).toMatchObject({ status: 400, body: { status: 'INVALID' } })
  })
})

describe('whom a fault hits', () => {
  it('only the account and token it names, only so often, only so long', async () => {
    const { order, sendMeta, move } = createClient()
    const status = async (pixel: string, token = 't'): Promise<number> => (await sendMeta([metaEvent()], { pixel, token })).status
    await order({ platform: 'meta', kind: 'server_error', account: 'A', times: 2 })
    expect([await status('A'), await status('B'), await status('A'), await status('A')]).toEqual([500, 200, 500, 200])
    await order({ platform: 'meta', kind: 'server_error', token: 'tired', for_ms: 1000 })
    expect([await status('A'), await status('A', 'tired')]).toEqual([200, 500])
    move(1000)
    expect(await status('A', 'tired')).toBe(200)
  })

  it('only the door it names: sending, unless told otherwise', async () => {
    const { order, call } = createClient()
    const stats = () => call('/snapchat/v3/0f2d7b9e-3c1a-4f57-9d1e-6a1b2c3d4e5f/events/validate/stats?access_token=t')
    await order({ platform: 'snapchat', kind: 'server_error' })
    expect((await stats()).status).toBe(200)
    await order({ platform: 'snapchat', kind: 'server_error', door: 'check' })
    expect((await stats()).status).toBe(500)
  })

  it('only as often as the dice say', async () => {
    const dice = [0.9, 0.4]
    const { order, sendMeta } = createClient({ random: () => dice.shift() ?? 0.9 })
    await order({ platform: 'meta', kind: 'server_error', probability: 0.5 })
    expect([(await sendMeta([metaEvent()])).status, (await sendMeta([metaEvent()])).status]).toEqual([200, 500])
  })

  it('a token that expired or was revoked, until it is deleted', async () => {
    const { order, sendTikTok, call } = createClient()
    const expired = await order({ platform: 'tiktok', kind: 'expired_token', token: 'tiktok-token-1' })
    expect((await sendTikTok([tiktokEvent()])).body['code']).toBe(40102)
    expect((await call(`/faults/${expired}`, { method: 'DELETE' })).status).toBe(200)
    await order({ platform: 'tiktok', kind: 'revoked_token', token: 'tiktok-token-1' })
    expect((await sendTikTok([tiktokEvent()])).body['code']).toBe(40105)
    expect((await sendTikTok([tiktokEvent()], { token: 'another' })).body['code']).toBe(0)
  })
})

describe('orders that are wrong', () => {
  it.each([
    ['', 'no object'],
    ['kind', { platform: 'meta', kind: 'explode' }],
    ['platform', { platform: 'bing', kind: 'timeout' }],
    ['ms', { platform: 'meta', kind: 'latency' }],
    ['mss', { platform: 'meta', kind: 'latency', ms: 1, mss: 2 }],
    ['token', { platform: 'meta', kind: 'expired_token' }],
    ['account', { platform: 'meta', kind: 'revoked_token', token: 't', account: 'a' }],
    ['door', { platform: 'meta', kind: 'bad_event', event_id: 'x', door: 'events' }],
    ['times', { platform: 'meta', kind: 'timeout', times: 0 }],
    ['for_ms', { platform: 'meta', kind: 'timeout', for_ms: 'long' }],
    ['probability', { platform: 'meta', kind: 'timeout', probability: 2 }],
    ['status', { platform: 'meta', kind: 'http_status', status: 99 }],
    ['headers', { platform: 'meta', kind: 'http_status', status: 500, headers: { a: 1 } }],
  ])('name the field %j', (path, input) => {
    const faults = createFaults({ now: () => 0, random: () => 0 })
    expect(faults.add(input)).toMatchObject({ path })
    expect(faults.list()).toEqual([])
  })
})
