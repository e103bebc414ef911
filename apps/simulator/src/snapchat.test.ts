import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import { NOW_S, SNAPCHAT_PIXEL, snapchatEvent } from './testing/samples.ts'

const DAY_S = 86_400
const EXTINFO = Array.from({ length: 16 }, () => '')

describe('events that Snapchat takes', () => {
  it('answers VALID, and deduplicates by id and time in either unit', async () => {
    const { sendSnapchat, simulator } = createClient()
    const { status, body } = await sendSnapchat([snapchatEvent()])
    expect([status, body['status']]).toEqual([200, 'VALID'])
    await sendSnapchat([snapchatEvent({ event_time: (NOW_S - 60) * 1000 })])
    expect(simulator.ledger.summary().snapchat).toMatchObject({ counted: 1, repeated: 1 })
  })

  it('counts the same id again at another time, and the ledger shows it as doubled', async () => {
    const { sendSnapchat, simulator } = createClient()
    await sendSnapchat([snapchatEvent()])
    await sendSnapchat([snapchatEvent({ event_time: NOW_S - 59 })])
    expect(simulator.ledger.doubled()).toMatchObject([{ platform: 'snapchat', event_id: 'ord-1001', counted: 2 }])
  })

  it.each([
    ['an alias of the kind', { action_source: 'website' }],
    ['an offline event without URL', { action_source: 'physical_store', event_source_url: undefined }],
    ['IP address with user agent', { user_data: { client_ip_address: '2001:db8::1', client_user_agent: 'Mozilla/5.0' } }],
    ['a slot for custom events', { event_name: 'CUSTOM_EVENT_1', custom_data: { event_tag: 'LoyaltyTier' } }],
  ])('takes %s', async (_, changes) => {
    const { sendSnapchat } = createClient()
    expect((await sendSnapchat([snapchatEvent(changes)])).body).toMatchObject({ status: 'VALID' })
  })

  it('takes app events at a Snap App ID, and a test code on request or event', async () => {
    const { sendSnapchat, simulator } = createClient()
    const app = {
      action_source: 'MOBILE_APP',
      app_data: { app_id: 'a1', extinfo: EXTINFO },
      user_data: { madid: 'abc-def' },
      event_source_url: undefined,
    }
    expect((await sendSnapchat([snapchatEvent(app)], { asset: 'app-1', body: { test_event_code: 'T1' } })).status).toBe(200)
    expect((await sendSnapchat([snapchatEvent({ test_event_code: 'T1' })])).status).toBe(200)
    expect(simulator.ledger.summary().snapchat).toMatchObject({ test: 2, counted: 0 })
  })
})

describe('events that Snapchat refuses', () => {
  it.each([
    ['UNHASHED_PII', { user_data: { em: 'person@example.com' } }],
    ['UNHASHED_PII', { user_data: { ph: [''] } }],
    ['INSUFFICIENT_PII', { user_data: { sc_click_id: SNAPCHAT_PIXEL } }],
    ['INSUFFICIENT_PII', { user_data: { client_ip_address: '203.0.113.7' } }],
    ['INVALID_IP', { user_data: { client_ip_address: 'a'.repeat(64) } }],
    ['MISSING_FIELD', { custom_data: { value: 1 } }],
    ['MISSING_FIELD', { event_source_url: undefined }],
    ['INVALID_FIELD', { event_name: 'ADD_TO_CART' }],
    ['INVALID_FIELD', { event_time: '2026-11-24' }],
    ['TIMESTAMP_OUT_OF_RANGE', { event_time: NOW_S - 7 * DAY_S - 1 }],
  ])('answers %s with the position, and takes none of the batch', async (code, changes) => {
    const { sendSnapchat, simulator } = createClient()
    const { status, body } = await sendSnapchat([snapchatEvent(), snapchatEvent(changes)])
    expect(status).toBe(400)
    expect(body).toMatchObject({ status: 'INVALID', event: 2, errors: { codes: [code] } })
    expect(simulator.ledger.summary().snapchat).toMatchObject({ events: 2, refused: 2, counted: 0 })
  })

  it('never mixes the two kinds of asset, and takes at most 2000 events', async () => {
    const { sendSnapchat } = createClient()
    const app = snapchatEvent({ action_source: 'MOBILE_APP' })
    for (const [events, asset, code] of [
      [[snapchatEvent(), app], SNAPCHAT_PIXEL, 'MIXED_EVENTS'],
      [[app], SNAPCHAT_PIXEL, 'INVALID_ASSET'],
      [[snapchatEvent()], 'not-a-uuid', 'INVALID_ASSET'],
      [Array.from({ length: 2001 }, () => snapchatEvent()), SNAPCHAT_PIXEL, 'TOO_MANY_EVENTS'],
    ] as const) {
      expect((await sendSnapchat(events, { asset })).body).toMatchObject({ status: 'INVALID', errors: { codes: [code] } })
    }
  })

  it('looks for the token in the query alone', async () => {
    const { call, sendSnapchat } = createClient()
    const init = { method: 'POST', headers: { authorization: 'Bearer snap-token-1' }, body: JSON.stringify({ data: [snapchatEvent()] }) }
    expect((await call(`/snapchat/v3/${SNAPCHAT_PIXEL}/events`, init)).status).toBe(401)
    expect((await sendSnapchat([snapchatEvent()], { token: 'wrong-1' })).status).toBe(401)
    await call('/settings/snapchat', { method: 'PUT', body: '{"bad_token_status":400}' })
    const asBad = await sendSnapchat([snapchatEvent()], { token: 'wrong-1' })
    expect([asBad.status, 'event' in asBad.body]).toEqual([400, false])
  })
})

function form(refresh: string): URLSearchParams {
  return new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', client_secret: 's', refresh_token: refresh })
}

describe('validator and OAuth', () => {
  it('looks at every event and records no conversion', async () => {
    const { sendSnapchat, simulator, call } = createClient()
    const { status, body } = await sendSnapchat([snapchatEvent(), snapchatEvent({ event_name: 'NOPE' })], { path: 'events/validate' })
    expect(status).toBe(400)
    expect(body).toMatchObject({
      status: 'INVALID',
      test_event: true,
      event_logs: [
        { event: 1, status: 'VALID' },
        { event: 2, status: 'INVALID' },
      ],
    })
    expect(simulator.ledger.summary().snapchat.requests).toBe(0)
    await sendSnapchat([snapchatEvent()])
    const stats = await call(`/snapchat/v3/${SNAPCHAT_PIXEL}/events/validate/stats?access_token=t`)
    expect(stats.body).toMatchObject({
      status: 'SUCCESS',
      stats: { test: { event_count_past_hour: 2 }, live: { event_count_past_hour: 1 } },
    })
  })

  it('gives out tokens that expire, and rotates the refresh token where that is set', async () => {
    const { call, sendSnapchat, move } = createClient()
    const refresh = (token: string) => call('/snapchat/login/oauth2/access_token', { method: 'POST', body: form(token) })
    const first = await refresh('r1')
    const token = String(first.body['access_token'])
    expect(first.body).toMatchObject({ expires_in: 3600, token_type: 'Bearer' })
    expect((await sendSnapchat([snapchatEvent()], { token })).status).toBe(200)
    move(3_600_000)
    expect((await sendSnapchat([snapchatEvent()], { token })).status).toBe(401)
    await call('/settings/snapchat', { method: 'PUT', body: '{"rotate_refresh_token":true}' })
    const rotated = String((await refresh('r1')).body['refresh_token'])
    expect((await refresh('r1')).body).toMatchObject({ error: 'invalid_grant' })
    expect((await refresh(rotated)).status).toBe(200)
  })
})
