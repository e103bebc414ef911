import type { ConnectionSettings } from '@relay/core/connection'
import type { ActionSource, ConsentValue, CustomData, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { asksLimitedDataUse, isConsentAbsent } from '@relay/prepare/consent'
import { present } from '@relay/prepare/present'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '../contract.ts'
import { refuse, skip } from '../refuse.ts'
import { conversionBody, hasUploadIdentity, uploadRequest } from './ads/encode.ts'
import { INGEST_PATH } from './api.ts'
import type { GoogleCredentials } from './credentials.ts'
import { destinationsOf, referencesOf } from './destinations.ts'
import { mapEvent } from './event-names.ts'
import { idRefusal, transactionIdOf } from './transaction-id.ts'

/** Required in fact, though the reference calls it optional (googleapis/google-cloud-php#9201, read 2026-11-24). */
const EVENT_SOURCE: Readonly<Record<ActionSource, string>> = {
  website: 'WEB',
  app: 'APP',
  physical_store: 'IN_STORE',
  phone_call: 'PHONE',
  chat: 'MESSAGE',
  business_messaging: 'MESSAGE',
  email: 'OTHER',
  system_generated: 'OTHER',
  other: 'OTHER',
}

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Google takes both values of consent, so a denial is passed on; it has no form for limited data use. */
function consentRefusal(event: PreparedEvent, settings: ConnectionSettings): Refusal | undefined {
  if (settings.require_consent === true && isConsentAbsent(event.consent)) {
    return skip('CONSENT_MISSING', 'The connection requires consent and the event has none')
  }
  return asksLimitedDataUse(event.consent) ? skip('CONSENT_DENIED', 'Limited data use cannot be passed on to Google') : undefined
}

const consentValue = (value: ConsentValue | undefined): string | undefined => (value === undefined ? undefined : `CONSENT_${value}`)

interface Money {
  readonly currency: string | undefined
  readonly value: number | undefined
}

/** A currency that does not exist goes, and the value with it: Google would read it in the currency of the account. */
function moneyOf(data: CustomData): { readonly money: Money; readonly warnings: readonly FieldWarning[] } {
  const currency = data.currency?.trim().toUpperCase()
  if (currency === undefined || currency === '' || CURRENCIES.has(currency)) {
    return { money: { currency: currency === '' ? undefined : currency, value: data.value }, warnings: [] }
  }
  return { money: { currency: undefined, value: undefined }, warnings: [{ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' }] }
}

/** int64 travels as a text. Left out with a gbraid or wbraid, where Google drops it anyway. */
function cartOf(event: PreparedEvent): JsonObject {
  const contents = event.custom_data.contents ?? []
  if (contents.length === 0 || event.user['gbraid'] !== undefined || event.user['wbraid'] !== undefined) return {}
  const items = contents.map((item) => ({
    merchantProductId: item.id,
    quantity: Number.isSafeInteger(item.quantity) ? String(item.quantity) : undefined,
    unitPrice: item.item_price,
  }))
  return { cartData: { items } }
}

const leaveOut = (refusal: Refusal): EncodedEvent => ({ kind: 'refused', refusal, warnings: [] })

const hasIngestIdentity = ({ user }: PreparedEvent): boolean =>
  ['userIdentifiers', 'gclid', 'gbraid', 'wbraid', 'mobileDeviceId'].some((name) => user[name] !== undefined)

const NOBODY = {
  data_manager: 'Google needs a click id, an e-mail, a phone or a full address',
  ads: 'The Google Ads API needs a click id, an e-mail or a phone',
} as const

/** One entry of `events`, or of `conversions` where the connection uses the Google Ads API; or why Google will not get it: consent, no conversion action, no identifier, an id that it does not take. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const byConsent = consentRefusal(event, settings)
  if (byConsent !== undefined) return leaveOut(byConsent)
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return leaveOut(mapped.refusal)
  const api = settings.api ?? 'data_manager'
  const hasIdentity = api === 'ads' ? hasUploadIdentity(event) : hasIngestIdentity(event)
  if (!hasIdentity) return leaveOut(refuse('IDENTITY_MISSING', NOBODY[api], 'user_data'))
  const byId = idRefusal(event, settings.transaction_id)
  if (byId !== undefined) return leaveOut(byId)
  const id = transactionIdOf(event, settings.transaction_id)
  const { money, warnings } = moneyOf(event.custom_data)
  if (api === 'data_manager') return { kind: 'body', body: eventBody(event, mapped.name, id, money), warnings }
  const conversion = conversionBody({ event, action: mapped.name, orderId: id, ...money }, settings)
  return { kind: 'body', body: conversion.body, warnings: [...warnings, ...conversion.warnings] }
}

function eventBody(event: PreparedEvent, action: string, transactionId: string, { currency, value }: Money): JsonObject {
  const { userIdentifiers, gclid, gbraid, wbraid, mobileDeviceId, userAgent, ipAddress } = event.user
  return present({
    destinationReferences: [action],
    transactionId,
    eventTimestamp: new Date(event.event_time * 1_000).toISOString().replace('.000Z', 'Z'),
    eventSource: EVENT_SOURCE[event.action_source],
    adIdentifiers: { gclid, gbraid, wbraid, mobileDeviceId },
    userData: { userIdentifiers },
    consent: { adUserData: consentValue(event.consent.ad_user_data), adPersonalization: consentValue(event.consent.ad_personalization) },
    currency,
    conversionValue: value,
    ...cartOf(event),
    eventDeviceInfo: { userAgent, ipAddress },
  })
}

/** A test event is validated and not recorded. The destinations are those that the events name. */
export function encodeRequest(
  bodies: readonly JsonObject[],
  on: Account<GoogleCredentials>,
  testEventCode: string | undefined,
): HttpRequest {
  const accessToken = on.accessToken ?? ''
  const isTest = testEventCode !== undefined
  if (on.settings.api === 'ads') return uploadRequest(on, accessToken, bodies, isTest)
  return ingestRequest(on, accessToken, referencesOf(bodies), bodies, isTest)
}

/** A call of `events:ingest`, which the check of credentials makes too. */
export const ingestRequest = (
  on: Account<GoogleCredentials>,
  accessToken: string,
  references: readonly string[],
  events: readonly JsonObject[],
  validateOnly: boolean,
): HttpRequest => ({
  method: 'POST',
  url: `${on.baseUrl}${INGEST_PATH}`,
  headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({
    destinations: destinationsOf(references, on.settings),
    events,
    encoding: 'HEX',
    ...(validateOnly ? { validateOnly: true } : {}),
  }),
})
