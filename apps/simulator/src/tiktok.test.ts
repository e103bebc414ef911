import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import { NOW_S, tiktokEvent } from './testing/samples.ts'

const DAY_S = 86_400

describe('events that TikTok takes', () => {
  it('answers code 0, and deduplicates by source, event and id', async () => {
    const { sendTikTok, simulator } = createClient()
    expect((await sendTikTok([tiktokEvent()])).body).toMatchObject({ code: 0, message: 'OK' })
    await sendTikTok([tiktokEvent(), tiktokEvent({ event: 'Lead' })])
    expect(simulator.ledger.summary().tiktok).toMatchObject({ requests: 2, events: 3, counted: 2, repeated: 1 })
    expect(simulator.ledger.doubled()).toEqual([])
  })

  it('counts an event without an id every time it comes', async () => {
    const { sendTikTok, simulator } = createClient()
    await sendTikTok([tiktokEvent({ event_id: undefined })])
    await sendTikTok([tiktokEvent({ event_id: undefined })])
    expect([...simulator.ledger.entries()].map((each) => [each.event_id, each.counted])).toEqual([
      [null, 'counted'],
      [null, 'counted'],
    ])
  })

  it.each([
    ['an offline event of 27 days', { event_source: 'offline' }, { event_time: NOW_S - 27 * DAY_S, page: undefined }],
    ['a CRM event with its lead', { event_source: 'crm' }, { event: 'Won', lead: { lead_id: '42' }, page: undefined }],
    ['an app event', { event_source: 'app' }, { app: { app_id: 'a1' }, user: { gaid: 'abc' } }],
    ['a custom web event', {}, { event: 'LoyaltyTier', properties: undefined }],
  ])('takes %s', async (_, body, changes) => {
    const { sendTikTok } = createClient()
    expect((await sendTikTok([tiktokEvent(changes)], { body })).body).toMatchObject({ code: 0 })
  })
})

describe('events that TikTok refuses, with HTTP 200', () => {
  it.each([
    [40002, 'data.1.event_id', 'a numeric id', { event_id: 1001 }],
    [40002, 'data.1.properties.contents.0.content_id', 'a numeric content id', { properties: { contents: [{ content_id: 1 }] } }],
    [40002, 'data.1.properties.currency', 'a currency it does not take', { properties: { currency: 'UYU' } }],
    [40002, 'data.1.properties.value', 'a value as text', { properties: { value: '49.90' } }],
    [40002, 'data.1.event_time', 'milliseconds', { event_time: NOW_S * 1000 }],
    [40002, 'data.1.event_time', 'an ISO time', { event_time: '2026-11-24T12:00:00Z' }],
    [40002, 'data.1.event_time', 'a time 8 days ago', { event_time: NOW_S - 8 * DAY_S }],
    [40002, 'data.1.page.url', 'no page', { page: undefined }],
    [40062, 'data.1.user.email', 'a raw e-mail', { user: { email: 'alice@example.com' } }],
    [40062, 'data.1.user.phone', 'an uppercase hash', { user: { phone: ['A'.repeat(64)] } }],
    [40002, 'data.1.user.country', 'a hashed country', { user: { country: 'a'.repeat(64) } }],
    [40002, 'data.1.user', 'an IP address alone', { user: { ip: '203.0.113.7' } }],
  ])('%i names %s for %s, and takes none of its batch', async (code, path, _, changes) => {
    const { sendTikTok, simulator } = createClient()
    const { status, body } = await sendTikTok([tiktokEvent(), tiktokEvent(changes)])
    expect(status).toBe(200)
    expect(body['code']).toBe(code)
    expect(body['message']).toMatch(new RegExp(`${path.replaceAll('.', '\\.')}$`))
    expect(simulator.ledger.summary().tiktok).toMatchObject({ events: 2, refused: 2, counted: 0 })
  })

  it.each([
    [40061, { data: Array.from({ length: 1001 }, () => tiktokEvent()) }],
    [40002, { data: [] }],
    [40002, { event_source: 'shop' }],
    [40002, { event_source_id: 12345 }],
    [40063, { partner_name: 'Relay' }],
    [40007, { event_source_id: 'unknown-pixel' }],
    [40001, { event_source_id: 'forbidden-pixel' }],
  ])('%i for a request that is wrong as a whole', async (code, body) => {
    const { sendTikTok } = createClient()
    expect((await sendTikTok([tiktokEvent()], { body })).body['code']).toBe(code)
  })

  it('takes only standard names offline', async () => {
    const { sendTikTok } = createClient()
    const reply = await sendTikTok([tiktokEvent({ event: 'LoyaltyTier' })], { body: { event_source: 'offline' } })
    expect(reply.body['code']).toBe(40002)
  })
})

describe('tokens, addresses and checks', () => {
  it.each([
    ['', 40104],
    ['wrong-1', 40105],
    ['revoked-1', 40105],
    ['expired-1', 40102],
  ])('answers the token "%s" with %i', async (token, code) => {
    const { sendTikTok } = createClient()
    const reply = await sendTikTok([tiktokEvent()], { token, headers: { authorization: 'Bearer ignored' } })
    expect([reply.status, reply.body['code']]).toEqual([200, code])
  })

  it('wants the trailing slash and the version', async () => {
    const { call } = createClient()
    const init = { method: 'POST', headers: { 'access-token': 't' }, body: '{}' }
    expect((await call('/tiktok/open_api/v1.3/event/track', init)).body['code']).toBe(40400)
    expect((await call('/tiktok/open_api/v1.2/event/track/', init)).body['code']).toBe(40006)
  })

  it('lists a pixel to a good token, and tells it who it is', async () => {
    const { call } = createClient()
    const init = { headers: { 'access-token': 't' } }
    const found = await call('/tiktok/open_api/v1.3/pixel/list/?advertiser_id=7&code=C4PIXEL', init)
    expect(found.body).toMatchObject({ code: 0, data: { pixels: [{ pixel_code: 'C4PIXEL' }] } })
    const none = await call('/tiktok/open_api/v1.3/pixel/list/?advertiser_id=7&code=unknown-1', init)
    expect(none.body).toMatchObject({ code: 0, data: { pixels: [] } })
    expect((await call('/tiktok/open_api/v1.3/user/info/', init)).body).toMatchObject({ code: 0 })
    expect((await call('/tiktok/open_api/v1.3/user/info/', { headers: { 'access-token': 'bad' } })).body).toMatchObject({ code: 40105 })
  })
})
