import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import type { Client, Reply } from './testing/client.ts'
import { GOOGLE_ACCOUNT, NOW } from './testing/samples.ts'

type Json = Readonly<Record<string, unknown>>

const HASH = '509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a'
const CUSTOMER = '1234567890'

const row = (changes: Json = {}): Json => ({
  conversionAction: `customers/${CUSTOMER}/conversionActions/777`,
  conversionDateTime: '2026-11-24 12:59:00+01:00',
  gclid: 'Cj0KCQ',
  orderId: 'order-1001',
  conversionValue: 49.9,
  currencyCode: 'EUR',
  ...changes,
})

interface Sending {
  readonly body?: Json
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

const post = ({ call }: Client, path: string, body: Json, headers: Readonly<Record<string, string>> = {}): Promise<Reply> =>
  call(`/google/${path}`, { method: 'POST', headers: { authorization: 'Bearer ya29-token-1', ...headers }, body: JSON.stringify(body) })

const send = (client: Client, rows: readonly unknown[], { body = {}, headers = {}, path }: Sending = {}): Promise<Reply> =>
  post(client, path ?? `v26/customers/${CUSTOMER}:uploadClickConversions`, { conversions: rows, partialFailure: true, ...body }, headers)

/** Row → code of each error inside a 200, or `family.code` of a refused request. */
function errorsOf({ body }: Reply): readonly string[] {
  const status = (body['partialFailureError'] ?? body['error']) as { details?: readonly { errors?: readonly Json[] }[] } | undefined
  return (status?.details ?? []).flatMap(({ errors = [] }) =>
    errors.map(({ errorCode, location }) => {
      const [[family, code] = []] = Object.entries(errorCode as Json)
      const path =
        (location as { fieldPathElements: readonly { fieldName: string; index?: number }[] } | undefined)?.fieldPathElements ?? []
      const at = path.find(({ fieldName }) => fieldName === 'conversions')?.index
      return at === undefined ? `${family}.${String(code)}` : `${at} ${String(code)}`
    }),
  )
}

describe('conversions that the Google Ads API takes', () => {
  it('answers one result a row; the same order again is refused for what it is and counted once', async () => {
    const client = createClient()
    const first = await send(client, [row(), row({ orderId: 'order-2', gclid: undefined, userIdentifiers: [{ hashedEmail: HASH }] })])
    expect(first.status).toBe(200)
    expect(first.body['results']).toMatchObject([{ gclid: 'Cj0KCQ' }, { userIdentifiers: [{ hashedEmail: HASH }] }])
    expect(first.body).not.toHaveProperty('partialFailureError')
    expect(errorsOf(await send(client, [row(), row({ orderId: 'order-3' })]))).toEqual(['0 ORDER_ID_ALREADY_IN_USE'])
    expect(client.simulator.ledger.summary().google).toMatchObject({ events: 4, counted: 3, repeated: 1, rejected: 0 })
    expect([...client.simulator.ledger.entries()][0]).toMatchObject({
      account: GOOGLE_ACCOUNT,
      event_id: 'order-1001',
      event_time: NOW / 1000 - 60,
    })
    expect(client.simulator.ledger.doubled()).toEqual([])
  })

  it('without an order id knows the click at its time', async () => {
    const client = createClient()
    await send(client, [row({ orderId: undefined })])
    expect(errorsOf(await send(client, [row({ orderId: undefined })]))).toEqual(['0 CLICK_CONVERSION_ALREADY_EXISTS'])
  })

  it('validates without results and without recording', async () => {
    const client = createClient()
    expect((await send(client, [row()], { body: { validateOnly: true } })).body).toEqual({})
    expect((await send(client, [row()])).body).toHaveProperty('results')
    expect(client.simulator.ledger.summary().google).toMatchObject({ test: 1, counted: 1 })
  })
})

describe('rows that the Google Ads API refuses', () => {
  it.each([
    ['REQUIRED', { conversionAction: undefined }],
    ['RESOURCE_NAME_MALFORMED', { conversionAction: '777' }],
    ['REQUIRED', { conversionDateTime: undefined }],
    ['INVALID_STRING_DATE_TIME_SECONDS_WITH_OFFSET', { conversionDateTime: '2026-11-24T12:00:00Z' }],
    ['INVALID_STRING_DATE_TIME_SECONDS_WITH_OFFSET', { conversionDateTime: '2026-11-24 12:00:00' }],
    ['LATER_THAN_MAXIMUM_DATE', { conversionDateTime: '2026-11-26 12:00:00+00:00' }],
    ['EXPIRED_EVENT', { conversionDateTime: '2026-08-01 12:00:00+00:00' }],
    ['GBRAID_WBRAID_BOTH_SET', { gbraid: 'g', wbraid: 'w' }],
    ['UNPARSEABLE_GCLID', { gclid: 'bad click' }],
    ['REQUIRED', { gclid: undefined }],
    ['TOO_MANY', { userIdentifiers: Array.from({ length: 6 }, () => ({ hashedEmail: HASH })) }],
    ['INVALID_USER_IDENTIFIER', { userIdentifiers: [{ hashedEmail: 'alexz@example.com' }] }],
    ['INVALID_USER_IDENTIFIER', { userIdentifiers: [{ hashedPhoneNumber: HASH.toUpperCase() }] }],
    ['UNSUPPORTED_USER_IDENTIFIER', { userIdentifiers: [{ addressInfo: { countryCode: 'US' } }] }],
    ['TOO_LONG', { orderId: 'x'.repeat(65) }],
    ['ORDER_ID_CONTAINS_PII', { orderId: 'ann@example.com' }],
    ['UNSUPPORTED', { currencyCode: 'euro' }],
    ['VALUE_MUST_BE_UNSET', { consent: { adUserData: 'GRANTED', adPersonalization: 'GRANTED' } }],
    ['CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE', { userIpAddress: '203.0.113.7' }],
    ['CUSTOM_VARIABLE_NOT_ENABLED', { customVariables: [{ conversionCustomVariable: 'x', value: 'y' }] }],
  ])('%s, and the other row is recorded', async (code, changes) => {
    const client = createClient()
    const reply = await send(client, [row({ orderId: 'order-2', ...changes }), row()])
    expect([reply.status, errorsOf(reply)]).toEqual([200, [`0 ${code}`]])
    expect(reply.body['results']).toMatchObject([{}, { gclid: 'Cj0KCQ' }])
    expect(client.simulator.ledger.summary().google).toMatchObject({ events: 2, counted: 1, rejected: 1 })
  })

  it('refuses both of two rows for one order, and records neither', async () => {
    const client = createClient()
    const reply = await send(client, [row(), row({ orderId: 'order-2' }), row()])
    expect(errorsOf(reply)).toEqual(['0 DUPLICATE_ORDER_ID', '2 DUPLICATE_ORDER_ID'])
    expect(errorsOf(await send(client, [row()]))).toEqual([])
  })

  it('refuses the event that a fault names, with any error of any family', async () => {
    const client = createClient()
    await client.order({ platform: 'google', kind: 'bad_event', event_id: 'order-1001', reason: 'TOO_RECENT_EVENT', times: 1 })
    expect(errorsOf(await send(client, [row(), row({ orderId: 'order-2' })]))).toEqual(['0 TOO_RECENT_EVENT'])
    await client.order({
      platform: 'google',
      kind: 'bad_event',
      account: GOOGLE_ACCOUNT,
      event_id: 'order-1001',
      reason: 'internalError.TRANSIENT_ERROR',
      times: 1,
    })
    expect(errorsOf(await send(client, [row()]))).toEqual(['0 TRANSIENT_ERROR'])
    await client.order({ platform: 'google', kind: 'bad_event', event_id: 'order-1001', named: false, times: 1 })
    expect((await send(client, [row()])).status).toBe(400)
  })

  it('refuses every row where the upload is closed to the account', async () => {
    const client = createClient()
    await client.call('/settings/google', { method: 'PUT', body: JSON.stringify({ click_upload: 'closed' }) })
    const code = 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE'
    expect(errorsOf(await send(client, [row(), row({ orderId: 'order-2' })]))).toEqual([`0 ${code}`, `1 ${code}`])
  })

  it('knows no action that a fault calls unknown', async () => {
    const client = createClient()
    await client.order({ platform: 'google', kind: 'unknown_account', account: GOOGLE_ACCOUNT })
    const other = row({ orderId: 'order-2', conversionAction: `customers/1/conversionActions/888` })
    expect(errorsOf(await send(client, [row(), other]))).toEqual(['0 NO_CONVERSION_ACTION_FOUND'])
  })
})

describe('requests that the Google Ads API refuses', () => {
  it.each<[number, string, Sending]>([
    [400, 'partialFailureError.PARTIAL_FAILURE_MODE_REQUIRED', { body: { partialFailure: undefined } }],
    [400, 'conversionUploadError.TOO_MANY_CONVERSIONS_IN_REQUEST', { body: { conversions: Array.from({ length: 2001 }, () => row()) } }],
    [400, 'fieldError.REQUIRED', { body: { conversions: [] } }],
    [400, 'requestError.UNSUPPORTED_VERSION', { path: `v22/customers/${CUSTOMER}:uploadClickConversions` }],
    [400, 'requestError.INVALID_CUSTOMER_ID', { path: 'v26/customers/123-456-7890:uploadClickConversions' }],
    [400, 'headerError.INVALID_LOGIN_CUSTOMER_ID', { headers: { 'login-customer-id': '999-888-7776' } }],
    [401, 'authenticationError.OAUTH_TOKEN_INVALID', { headers: { authorization: 'Bearer wrong-1' } }],
    [401, 'authenticationError.OAUTH_TOKEN_REVOKED', { headers: { authorization: 'Bearer revoked-1' } }],
  ])('%i %s', async (status, error, sending) => {
    const client = createClient()
    const reply = await send(client, [row()], sending)
    expect([reply.status, errorsOf(reply)]).toEqual([status, [error]])
    expect(reply.headers.get('request-id')).toMatch(/^sim/)
    expect(client.simulator.ledger.summary().google.counted).toBe(0)
  })

  it.each([
    ['an unknown name', { orderID: '1' }],
    ['the consent names of the other API', { consent: { adUserData: 'CONSENT_GRANTED' } }],
    ['a value that is no number', { conversionValue: '49,90' }],
    ['a quantity that is no whole number', { cartData: { items: [{ productId: 'p', quantity: 1.5 }] } }],
  ])('%s is no JSON for it: nothing is recorded', async (_what, changes) => {
    const client = createClient()
    const reply = await send(client, [row(), row({ orderId: 'order-2', ...changes })])
    expect(reply.body).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ fieldViolations: [{ field: 'conversions[1]' }] }] },
    })
    expect(client.simulator.ledger.summary().google).toMatchObject({ events: 2, refused: 2 })
  })

  it('says busy and broken in its own words', async () => {
    const client = createClient()
    await client.order({ platform: 'google', kind: 'rate_limited', retry_after_s: 30, scope: 'account', times: 1 })
    const busy = await send(client, [row()])
    expect([busy.status, errorsOf(busy)]).toEqual([429, ['quotaError.RESOURCE_TEMPORARILY_EXHAUSTED']])
    expect(busy.text).toContain('"retryDelay":"30s"')
    await client.order({ platform: 'google', kind: 'server_error', times: 1 })
    expect(errorsOf(await send(client, [row()]))).toEqual(['internalError.INTERNAL_ERROR'])
  })
})

describe('looking at an account', () => {
  const look = (client: Client, query: string): Promise<Reply> =>
    post(client, `v26/customers/${CUSTOMER}/googleAds:searchStream`, { query })

  it('lists customers, settings and conversion actions', async () => {
    const client = createClient()
    const list = await client.call('/google/v26/customers:listAccessibleCustomers', { headers: { authorization: 'Bearer t' } })
    expect(list.body).toEqual({ resourceNames: ['customers/1234567890'] })
    expect(JSON.parse((await look(client, 'SELECT customer.id FROM customer')).text)).toMatchObject([
      { results: [{ customer: { conversionTrackingSetting: { acceptedCustomerDataTerms: true } } }] },
    ])
    await client.order({ platform: 'google', kind: 'unknown_account', account: `${CUSTOMER}/888` })
    const query = 'SELECT conversion_action.id FROM conversion_action WHERE conversion_action.id IN (777, 888)'
    expect(JSON.parse((await look(client, query)).text)).toMatchObject([
      { results: [{ conversionAction: { id: '777', type: 'UPLOAD_CLICKS' } }] },
    ])
  })

  it('refuses a closed account, an error in a list', async () => {
    const client = createClient()
    await client.order({ platform: 'google', kind: 'forbidden_account', account: CUSTOMER })
    expect(JSON.parse((await look(client, 'SELECT customer.id FROM customer')).text)).toMatchObject([{ error: { code: 403 } }])
    expect(errorsOf(await send(client, [row()]))).toEqual(['authorizationError.USER_PERMISSION_DENIED'])
  })
})
