import { describe, expect, it } from 'vitest'
import { createClient } from './testing/client.ts'
import type { Client, Reply } from './testing/client.ts'
import {
  GOOGLE_ACCOUNT,
  GOOGLE_EMAIL_BASE64,
  GOOGLE_FAMILY_NAME,
  GOOGLE_GIVEN_NAME,
  NOW,
  googleDestination,
  googleEvent,
} from './testing/samples.ts'

const DAY_MS = 86_400_000
const daysAgo = (days: number): string => new Date(NOW - days * DAY_MS).toISOString()

function violationsOf({ body }: Reply): readonly { readonly field: string; readonly reason: string }[] {
  const { error } = body as { error: { details: readonly { fieldViolations?: readonly { field: string; reason: string }[] }[] } }
  return error.details.flatMap((each) => each.fieldViolations ?? [])
}

function address(changes: Readonly<Record<string, unknown>> = {}) {
  const plain = { regionCode: 'US', postalCode: '94043', givenName: GOOGLE_GIVEN_NAME, familyName: GOOGLE_FAMILY_NAME }
  return { userData: { userIdentifiers: [{ address: { ...plain, ...changes } }] } }
}

const email = (value: unknown) => ({ userData: { userIdentifiers: [{ emailAddress: value }] } })

describe('events that Google takes', () => {
  it('answers with a request id; a repeat of a transaction id adjusts and is not counted again, ever', async () => {
    const { sendGoogle, simulator, move } = createClient()
    const { status, body } = await sendGoogle([googleEvent()])
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['requestId'])
    move(30 * DAY_MS)
    await sendGoogle([googleEvent({ conversionValue: 60 })])
    expect([...simulator.ledger.entries()]).toMatchObject([
      { account: GOOGLE_ACCOUNT, event_id: 'order-1001', counted: 'counted' },
      { account: GOOGLE_ACCOUNT, event_id: 'order-1001', counted: 'repeated' },
    ])
  })

  it('sends an event to the destinations it names, or to all', async () => {
    const { sendGoogle, simulator } = createClient()
    const destinations = [googleDestination(), googleDestination({ reference: 'd2', productDestinationId: '888' })]
    await sendGoogle([googleEvent(), googleEvent({ transactionId: 'order-2', destinationReferences: [] })], { body: { destinations } })
    const { requests, counted, by_account: accounts } = simulator.ledger.summary().google
    expect([requests, counted, accounts['1234567890/777']?.counted, accounts['1234567890/888']?.counted]).toEqual([1, 3, 2, 1])
    expect([...simulator.ledger.entries({ account: '1234567890' })]).toHaveLength(3)
  })

  it('counts validateOnly as a test, and its id has no status', async () => {
    const { sendGoogle, call, simulator } = createClient()
    const { body } = await sendGoogle([googleEvent()], { body: { validateOnly: true } })
    expect(simulator.ledger.summary().google).toMatchObject({ test: 1, counted: 0 })
    const status = await call(`/google/v1/requestStatus:retrieve?requestId=${String(body['requestId'])}`, {
      headers: { authorization: 'Bearer t' },
    })
    expect(violationsOf(status)).toMatchObject([{ reason: 'INVALID_REQUEST_ID' }])
  })

  it.each([
    ['an address', address()],
    ['a click id alone', { userData: undefined }],
    ['an uppercase hash', email('A'.repeat(64))],
  ])('takes %s', async (_, changes) => {
    const { sendGoogle } = createClient()
    expect((await sendGoogle([googleEvent(changes)])).status).toBe(200)
  })

  it('takes BASE64 of the raw digest', async () => {
    const { sendGoogle } = createClient()
    expect((await sendGoogle([googleEvent(email(GOOGLE_EMAIL_BASE64))], { body: { encoding: 'BASE64' } })).status).toBe(200)
  })

  it('warns of a cart that goes with a wbraid, and takes the event', async () => {
    const { sendGoogle, simulator } = createClient()
    const cart = { adIdentifiers: { wbraid: 'w' }, cartData: { items: [{ merchantProductId: 'p', quantity: '1', unitPrice: 1 }] } }
    const { status, body } = await sendGoogle([googleEvent(), googleEvent({ transactionId: 'order-2', ...cart })])
    expect(status).toBe(200)
    const reason = 'WARNING_REASON_CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID'
    expect(body['fieldWarnings']).toMatchObject([{ field: 'events.events[1].cart_data', reason }])
    expect(simulator.ledger.summary().google.counted).toBe(2)
  })
})

describe('events that Google refuses', () => {
  it.each([
    ['REQUIRED_FIELD_MISSING', '.event_source', { eventSource: undefined }],
    ['REQUIRED_FIELD_MISSING', '.event_timestamp', { eventTimestamp: undefined }],
    ['INVALID_FORMAT', '.event_timestamp', { eventTimestamp: '2026-11-24 12:00:00' }],
    ['EVENT_TIME_INVALID', '.event_timestamp', { eventTimestamp: daysAgo(91) }],
    ['FIELD_VALUE_TOO_LONG', '.transaction_id', { transactionId: 'x'.repeat(65) }],
    ['FIELD_VALUE_TOO_SHORT', '.transaction_id', { transactionId: '2' }],
    ['NO_IDENTIFIERS_PROVIDED', '', { userData: undefined, adIdentifiers: undefined }],
    ['INVALID_HEX_ENCODING', '.user_data.user_identifiers[0].email_address', email('alexz@example.com')],
    ['INVALID_SHA256_FORMAT', '.user_data.user_identifiers[0].email_address', email('a'.repeat(32))],
    ['TOO_FEW_ELEMENTS', '.user_data.user_identifiers', { userData: { userIdentifiers: [] } }],
    ['INVALID_POSTAL_CODE', '.user_data.user_identifiers[0].address.postal_code', address({ postalCode: 'M1 1AE' })],
    ['INVALID_REGION_CODE', '.user_data.user_identifiers[0].address.region_code', address({ regionCode: 'us' })],
    ['INVALID_CURRENCY_CODE', '.currency', { currency: 'euro' }],
    ['INVALID_NUMBER_FORMAT', '.conversion_value', { conversionValue: '49,90' }],
    ['INVALID_DESTINATION', '.destination_references', { destinationReferences: ['nope'] }],
    ['INVALID_ENUM_VALUE', '.consent', { consent: { adUserData: 'GRANTED' } }],
    ['INVALID_ARGUMENT', '', { event_source: 'WEB' }],
  ])('%s names the event%s, and nothing of the request is taken', async (reason, path, changes) => {
    const { sendGoogle, simulator } = createClient()
    const reply = await sendGoogle([googleEvent(), googleEvent({ transactionId: 'order-2', ...changes })])
    expect(reply.status).toBe(400)
    expect(violationsOf(reply)).toMatchObject([{ field: `events.events[1]${path}`, reason }])
    expect(simulator.ledger.summary().google).toMatchObject({ events: 2, refused: 2, counted: 0 })
  })

  it.each([
    ['REQUIRED_FIELD_MISSING', 'encoding', { encoding: undefined }],
    ['TOO_MANY_EVENTS', 'events', { events: Array.from({ length: 2001 }, () => googleEvent()) }],
    ['REQUIRED_FIELD_MISSING', 'events', { events: [] }],
    [
      'DUPLICATE_DESTINATION_REFERENCE',
      'destinations.destinations[1].reference',
      { destinations: [googleDestination(), googleDestination()] },
    ],
    [
      'INVALID_DESTINATION',
      'destinations.destinations[0].operating_account',
      { destinations: [googleDestination({ operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '123-456-7890' } })] },
    ],
    [
      'INVALID_CONVERSION_ACTION_ID',
      'destinations.destinations[0].product_destination_id',
      { destinations: [googleDestination({ productDestinationId: 'customers/1/conversionActions/7' })] },
    ],
  ])('%s names %s', async (reason, field, body) => {
    const { sendGoogle } = createClient()
    expect(violationsOf(await sendGoogle([googleEvent()], { body }))).toMatchObject([{ field, reason }])
  })

  it('names every bad event at once', async () => {
    const { sendGoogle } = createClient()
    const reply = await sendGoogle([googleEvent({ eventSource: 'X' }), googleEvent(), googleEvent({ currency: '' })])
    expect(violationsOf(reply).map((each) => each.field)).toEqual(['events.events[0].event_source', 'events.events[2].currency'])
  })
})

function refresh({ call }: Client, changes: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const form = { grant_type: 'refresh_token', client_id: 'c', client_secret: 's', refresh_token: 'r1', ...changes }
  return call('/google/token', { method: 'POST', body: new URLSearchParams(form) })
}

describe('OAuth and tokens', () => {
  it('gives out access tokens that expire and are revoked with their grant', async () => {
    const client = createClient()
    const { body } = await refresh(client)
    const token = String(body['access_token'])
    expect(body).toMatchObject({ expires_in: 3600, token_type: 'Bearer' })
    expect((await client.sendGoogle([googleEvent()], { token })).status).toBe(200)
    client.move(3_600_000)
    const late = await client.sendGoogle([googleEvent()], { token })
    expect(late.status).toBe(401)
    expect(late.body).toMatchObject({ error: { status: 'UNAUTHENTICATED', details: [{ reason: 'ACCESS_TOKEN_EXPIRED' }, {}] } })
    const next = String((await refresh(client)).body['access_token'])
    await client.order({ platform: 'google', kind: 'revoked_token', token: 'r1' })
    expect((await client.sendGoogle([googleEvent()], { token: next })).status).toBe(401)
    expect((await refresh(client)).body).toMatchObject({ error: 'invalid_grant' })
  })

  it.each([
    [400, 'invalid_grant', { refresh_token: 'revoked-1' }],
    [401, 'invalid_client', { client_secret: 'wrong-1' }],
    [400, 'invalid_request', { client_id: '' }],
    [400, 'unsupported_grant_type', { grant_type: 'password' }],
  ])('%i %s', async (status, error, changes) => {
    const reply = await refresh(createClient(), changes)
    expect([reply.status, reply.body['error']]).toEqual([status, error])
  })

  it('refuses wrong tokens with 401 and a closed account with 403', async () => {
    const client = createClient()
    expect((await client.sendGoogle([googleEvent()], { token: 'wrong-1' })).status).toBe(401)
    await client.order({ platform: 'google', kind: 'forbidden_account', account: '1234567890' })
    expect((await client.sendGoogle([googleEvent()])).body).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } })
  })
})

describe('the later verdict', () => {
  it('comes after a while and names what it rejects by position', async () => {
    const { sendGoogle, call, move, order, simulator } = createClient()
    await order({ platform: 'google', kind: 'late_reject', event_id: 'order-2', reason: 'CLICK_NOT_FOUND' })
    const old = { transactionId: 'order-3', eventTimestamp: daysAgo(64), adIdentifiers: undefined }
    const { body } = await sendGoogle([googleEvent(), googleEvent({ transactionId: 'order-2' }), googleEvent(old)])
    const status = async () => {
      const reply = await call(`/google/v1/requestStatus:retrieve?requestId=${String(body['requestId'])}`, {
        headers: { authorization: 'Bearer t' },
      })
      return (reply.body as { requestStatusPerDestination: readonly unknown[] }).requestStatusPerDestination[0]
    }
    expect(await status()).toMatchObject({ requestStatus: 'PROCESSING' })
    move(1800 * 1000)
    expect(await status()).toMatchObject({
      requestStatus: 'PARTIAL_SUCCESS',
      errorInfo: {
        errorCounts: [
          { recordCount: '1', reason: 'PROCESSING_ERROR_REASON_CLICK_NOT_FOUND', recordIndices: [1] },
          { recordCount: '1', reason: 'PROCESSING_ERROR_REASON_EVENT_TOO_OLD', recordIndices: [2] },
        ],
      },
      eventsIngestionStatus: { recordCount: '3' },
    })
    expect(simulator.ledger.summary().google).toMatchObject({ events: 3, counted: 1, rejected: 2 })
  })

  it.each([
    ['counts', 'PARTIAL_SUCCESS', { errorCounts: [{ recordCount: '1', reason: 'PROCESSING_ERROR_REASON_CLICK_NOT_FOUND' }] }],
    ['none', 'PARTIAL_SUCCESS', undefined],
  ])('tells as much as it is set to: %s', async (verdict_detail, requestStatus, errorInfo) => {
    const { sendGoogle, call, order } = createClient()
    await call('/settings/google', { method: 'PUT', body: JSON.stringify({ verdict_detail, verdict_after_s: 0 }) })
    await order({ platform: 'google', kind: 'late_reject', event_id: 'order-2', reason: 'CLICK_NOT_FOUND' })
    const { body } = await sendGoogle([googleEvent(), googleEvent({ transactionId: 'order-2' })])
    const reply = await call(`/google/v1/requestStatus:retrieve?requestId=${String(body['requestId'])}`, {
      headers: { authorization: 'Bearer t' },
    })
    const [status] = (reply.body as { requestStatusPerDestination: readonly Readonly<Record<string, unknown>>[] })
      .requestStatusPerDestination
    expect([status?.['requestStatus'], status?.['errorInfo']]).toEqual([requestStatus, errorInfo])
  })
})
