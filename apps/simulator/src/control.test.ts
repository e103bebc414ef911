import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import { GOOGLE_ACCOUNT, googleEvent, metaEvent, snapchatEvent } from './testing/samples.ts'

describe('asking what arrived', () => {
  it('gives the ledger as NDJSON, however long', async () => {
    const { sendMeta, sendGoogle, call } = createClient()
    for (let request = 0; request < 5; request += 1) {
      await sendMeta(Array.from({ length: 1000 }, (_, index) => metaEvent({ event_id: `${request}-${index}` })))
    }
    await sendGoogle([googleEvent()])
    const { headers, text } = await call('/ledger?platform=meta')
    expect(headers.get('content-type')).toBe('application/x-ndjson')
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(5000)
    expect(JSON.parse(lines[4999] ?? '')).toMatchObject({
      platform: 'meta',
      account: '1001',
      event_id: '4-999',
      counted: 'counted',
      request_no: 5,
    })
    expect((await call(`/ledger?account=${GOOGLE_ACCOUNT}`)).text.trimEnd().split('\n')).toHaveLength(1)
  })

  it('gives sums, windows, doubled events and requests by status', async () => {
    const { sendSnapchat, sendMeta, call } = createClient()
    await sendSnapchat([snapchatEvent()])
    await sendSnapchat([snapchatEvent({ event_time: 1_795_000_000 })])
    await sendMeta([metaEvent({ event_name: '' })])
    expect((await call('/ledger/summary')).body).toMatchObject({
      snapchat: { counted: 2 },
      meta: { refused: 1, by_account: { 1001: { refused: 1 } } },
    })
    expect((await call('/ledger/doubled')).body).toMatchObject({ doubled: [{ platform: 'snapchat', event_id: 'ord-1001', counted: 2 }] })
    expect((await call('/ledger/windows?platform=snapchat')).body).toMatchObject({ max_events: 2, max_requests: 2, window_ms: 60_000 })
    expect((await call('/requests/summary')).body).toMatchObject({ meta: { by_door: { events: { 400: 1 } } } })
    await call('/ledger', { method: 'DELETE' })
    expect((await call('/ledger/summary')).body).toMatchObject({ snapchat: { requests: 0, counted: 0 } })
  })

  it('keeps the last 50 bodies, without tokens and secrets', async () => {
    const { sendMeta, call } = createClient()
    for (let index = 0; index < 55; index += 1)
      await sendMeta([metaEvent({ event_id: `e${index}` })], { body: { access_token: 'EAAG-secret-1' }, token: 'EAAG-secret-2' })
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', client_secret: 'hush-1', refresh_token: 'hush-2' })
    await call('/google/token', { method: 'POST', body: form })
    const { bodies } = (await call('/ledger/bodies?platform=meta&last=99')).body as { bodies: readonly { body: string; status: number }[] }
    expect(bodies).toHaveLength(50)
    expect(bodies.at(-1)).toMatchObject({ status: 200, body: expect.stringContaining('"event_id":"e54"') as unknown })
    expect(JSON.stringify(bodies)).not.toContain('EAAG-secret')
    expect((await call('/ledger/bodies?platform=google&last=1')).text).not.toContain('hush')
  })
})

describe('limits that were set', () => {
  it('holds them in sliding windows and says so as the platform does', async () => {
    const { sendMeta, sendGoogle, call, move, simulator } = createClient()
    await call('/settings/meta', { method: 'PUT', body: '{"events_per_minute":3}' })
    await call('/settings/google', { method: 'PUT', body: '{"requests_per_second":1}' })
    const two = [metaEvent(), metaEvent({ event_id: 'b' })]
    expect((await sendMeta(two)).status).toBe(200)
    expect((await sendMeta(two)).body).toMatchObject({ error: { code: 80004 } })
    expect((await sendMeta(two, { pixel: '2002' })).status).toBe(200)
    move(60_000)
    expect((await sendMeta(two)).status).toBe(200)
    expect([(await sendGoogle([googleEvent()])).status, (await sendGoogle([googleEvent()])).status]).toEqual([200, 429])
    expect(simulator.ledger.summary().meta).toMatchObject({ events: 8, throttled: 2 })
  })

  it('refuses a body over the size that was set', async () => {
    const { sendSnapchat, call } = createClient()
    await call('/settings/snapchat', { method: 'PUT', body: '{"max_body_bytes":100}' })
    expect((await sendSnapchat([snapchatEvent()])).status).toBe(413)
    await call('/settings/snapchat', { method: 'PUT', body: '{"max_body_bytes":null}' })
    expect((await sendSnapchat([snapchatEvent()])).status).toBe(200)
  })
})

describe('asking wrongly', () => {
  it.each([
    ['GET', '/nowhere', undefined, 404, 'NOT_FOUND'],
    ['GET', '/ledger?platform=bing', undefined, 400, 'BAD_PLATFORM'],
    ['GET', '/ledger/windows', undefined, 400, 'BAD_PLATFORM'],
    ['GET', '/ledger/windows?platform=meta&window_ms=-1', undefined, 400, 'BAD_QUERY'],
    ['GET', '/ledger/bodies?platform=meta&last=x', undefined, 400, 'BAD_QUERY'],
    ['POST', '/faults', '{', 400, 'BAD_FAULT'],
    ['DELETE', '/faults/f9', undefined, 404, 'NOT_FOUND'],
    ['PUT', '/settings/meta', '{"speed":1}', 400, 'BAD_SETTING'],
    ['PUT', '/settings/meta', '{"requests_per_second":"1"}', 400, 'BAD_SETTING'],
    ['POST', '/tokens', '{"platform":"meta","token":"t"}', 400, 'BAD_TOKEN'],
  ])('%s %s answers %s %i %s', async (method, path, body, status, code) => {
    const { call } = createClient()
    const reply = await call(path, { method, ...(body === undefined ? {} : { body }) })
    expect([reply.status, reply.body]).toMatchObject([status, { error: { code } }])
  })

  it('forgets faults, settings, grants and arrivals on reset', async () => {
    const { call, order, sendMeta } = createClient()
    await order({ platform: 'meta', kind: 'server_error' })
    await call('/settings/meta', { method: 'PUT', body: '{"events_per_minute":1}' })
    await call('/tokens', { method: 'POST', body: '{"platform":"meta","token":"EAAG-token-1","accounts":["2"]}' })
    await call('/reset', { method: 'POST' })
    expect((await sendMeta([metaEvent(), metaEvent()])).status).toBe(200)
    expect((await call('/settings')).body).toMatchObject({ meta: { token_lifetime_s: 3600 } })
  })
})
