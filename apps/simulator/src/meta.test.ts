import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import { NOW_S, metaEvent } from './testing/samples.ts'

const DAY_S = 86_400
const HOUR_MS = 3_600_000

function refusedWith(code: number, subcode?: number) {
  return { error: expect.objectContaining({ code, ...(subcode === undefined ? {} : { error_subcode: subcode }) }) as unknown }
}

describe('events that Meta takes', () => {
  it('answers with the number received and no per-event list', async () => {
    const { sendMeta, simulator } = createClient()
    const { status, body } = await sendMeta([metaEvent(), metaEvent({ event_id: 'ord-1002' })])
    expect(status).toBe(200)
    expect(body).toMatchObject({ events_received: 2, messages: [] })
    expect([...simulator.ledger.entries()]).toMatchObject([
      { platform: 'meta', account: '1001', event_name: 'Purchase', event_id: 'ord-1001', event_time: NOW_S - 60, counted: 'counted' },
      { event_id: 'ord-1002', counted: 'counted' },
    ])
  })

  it('takes the token from header, query or body, and data as a form field', async () => {
    const { call } = createClient()
    const data = JSON.stringify([metaEvent()])
    const form = new URLSearchParams({ access_token: 't1', data })
    const byForm = await call('/meta/v25.0/1/events', { method: 'POST', body: form })
    const byQuery = await call('/meta/v25.0/1/events?access_token=t1', { method: 'POST', body: `{"data":${data}}` })
    expect([byForm.status, byQuery.status]).toEqual([200, 200])
  })

  it.each([
    ['a builder hash with its appendix', { user_data: { em: `${'a'.repeat(64)}.AQIBAAAA` } }],
    ['an event without a user agent', { user_data: { fbp: 'fb.1.1596403881668.1116446470' } }],
    ['a store event 61 days old', { action_source: 'physical_store', event_time: NOW_S - 61 * DAY_S }],
    ['a custom name', { event_name: 'LoyaltyTier', custom_data: undefined }],
    [
      'limited data use with country and state',
      { data_processing_options: ['LDU'], data_processing_options_country: 1, data_processing_options_state: 1000 },
    ],
  ])('takes %s', async (_, changes) => {
    const { sendMeta } = createClient()
    expect((await sendMeta([metaEvent(changes)])).status).toBe(200)
  })
})

describe('events that Meta refuses', () => {
  it.each([
    [2804003, 'older than 7 days', { event_time: NOW_S - 7 * DAY_S - 1 }],
    [2804001, 'with milliseconds', { event_time: NOW_S * 1000 }],
    [2804001, 'with a time as text', { event_time: String(NOW_S) }],
    [2804001, 'without a name', { event_name: '' }],
    [2804001, 'with an unknown action source', { action_source: 'WEB' }],
    [2804016, 'with a raw e-mail', { user_data: { em: 'john@example.com' } }],
    [2804016, 'with an uppercase hash', { user_data: { em: 'A'.repeat(64) } }],
    [2804016, 'with MD5', { user_data: { em: 'a'.repeat(32) } }],
    [2804016, 'with the hash of nothing', { user_data: { em: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' } }],
    [2804001, 'with a hashed IP address', { user_data: { client_ip_address: 'a'.repeat(64) } }],
    [2804050, 'with a bare user agent', { user_data: { client_user_agent: 'Mozilla/5.0' } }],
    [2804050, 'with city and country alone', { user_data: { ct: 'a'.repeat(64), country: 'b'.repeat(64) } }],
    [2804009, 'that is a purchase without value', { custom_data: { currency: 'EUR' } }],
    [
      2804001,
      'from an app with 18 fields of device data',
      {
        action_source: 'app',
        app_data: { advertiser_tracking_enabled: 1, application_tracking_enabled: 1, extinfo: ['a2', ...Array<string>(17).fill('')] },
      },
    ],
    [2804030, 'with limited data use, a country and no state', { data_processing_options: ['LDU'], data_processing_options_country: 1 }],
  ])('answers %i to one %s, and takes none of its batch', async (subcode, _, changes) => {
    const { sendMeta, simulator } = createClient()
    const { status, body } = await sendMeta([metaEvent(), metaEvent({ event_id: 'x', ...changes })])
    expect(status).toBe(400)
    expect(body).toMatchObject(refusedWith(100, subcode))
    expect([...simulator.ledger.entries()]).toEqual([])
    expect(simulator.ledger.summary().meta).toMatchObject({ requests: 1, events: 2, refused: 2, counted: 0 })
  })

  it('refuses an empty list, more than 1000 events, and a body that is no JSON', async () => {
    const { sendMeta, call } = createClient()
    expect((await sendMeta([])).body).toMatchObject(refusedWith(100))
    expect((await sendMeta(Array.from({ length: 1001 }, () => metaEvent()))).body).toMatchObject(refusedWith(100))
    expect((await call('/meta/v26.0/1/events?access_token=t', { method: 'POST', body: '{"data":[' })).body).toMatchObject(refusedWith(100))
  })
})

describe('tokens, pixels and versions', () => {
  it.each([
    ['wrong-token', 401, 190, undefined],
    ['expired-token', 401, 190, 463],
    ['revoked-token', 401, 190, 467],
  ])('refuses the token %s', async (token, status, code, subcode) => {
    const { sendMeta } = createClient()
    const reply = await sendMeta([metaEvent()], { token })
    expect(reply.status).toBe(status)
    expect(reply.body).toMatchObject(refusedWith(code, subcode))
  })

  it('refuses an unknown pixel with 100/33, an ended version, and a request without a token', async () => {
    const { sendMeta, call } = createClient()
    expect((await sendMeta([metaEvent()], { pixel: 'unknown-1' })).body).toMatchObject(refusedWith(100, 33))
    expect((await sendMeta([metaEvent()], { version: 'v20.0' })).body).toMatchObject(refusedWith(2635))
    expect((await call('/meta/v26.0/1/events', { method: 'POST', body: '{}' })).body).toMatchObject(refusedWith(104))
    expect((await call('/meta/1/events', { method: 'POST' })).status).toBe(400)
  })

  it('answers the calls that check credentials', async () => {
    const { call } = createClient()
    await call('/tokens', { method: 'POST', body: JSON.stringify({ platform: 'meta', token: 'T', accounts: ['1001'] }) })
    const bearer = { headers: { authorization: 'Bearer T' } }
    const described = await call('/meta/v26.0/debug_token?input_token=T', bearer)
    expect(described.body).toMatchObject({
      data: { is_valid: true, granular_scopes: [{ scope: 'read_ads_dataset_quality', target_ids: ['1001'] }] },
    })
    expect((await call('/meta/v26.0/dataset_quality?dataset_id=1001&fields=web%7Bevent_name%7D', bearer)).body).toEqual({})
    expect((await call('/meta/v26.0/dataset_quality?dataset_id=2002', bearer)).body).toMatchObject(refusedWith(100, 33))
    expect((await call('/meta/v26.0/1001?fields=id,name', bearer)).body).toMatchObject({ error: { message: '(#100) Missing Permission' } })
  })
})

describe('deduplication', () => {
  it('counts an id once per pixel and name for 48 h from its first receipt', async () => {
    const { sendMeta, simulator, move } = createClient()
    await sendMeta([metaEvent()])
    move(24 * HOUR_MS)
    await sendMeta([metaEvent()])
    move(24 * HOUR_MS - 1)
    await sendMeta([metaEvent(), metaEvent({ event_name: 'Lead' })])
    await sendMeta([metaEvent()], { pixel: '2002' })
    move(1)
    await sendMeta([metaEvent()])
    expect([...simulator.ledger.entries()].map((each) => each.counted)).toEqual([
      'counted',
      'repeated',
      'repeated',
      'counted',
      'counted',
      'counted',
    ])
    expect(simulator.ledger.doubled()).toMatchObject([
      { platform: 'meta', account: '1001', event_name: 'Purchase', event_id: 'ord-1001', counted: 2 },
    ])
  })

  it('keeps test events apart, also from the deduplication of live ones', async () => {
    const { sendMeta, simulator } = createClient()
    await sendMeta([metaEvent()], { body: { test_event_code: 'TEST1' } })
    await sendMeta([metaEvent()])
    expect(simulator.ledger.summary().meta).toMatchObject({ test: 1, counted: 1, repeated: 0 })
  })
})
