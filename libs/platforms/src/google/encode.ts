import type { ConnectionSettings } from '@relay/core/connection'
import type { ActionSource, ConsentValue, CustomData, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { asksLimitedDataUse, isConsentAbsent } from '@relay/prepare/consent'
import { present } from '@relay/prepare/present'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '../contract.ts'
import { refuse, skip } from '../refuse.ts'
import { INGEST_PATH } from './api.ts'
import type { GoogleCredentials } from './credentials.ts'
import { destinationsOf, referencesOf } from './destinations.ts'
import { mapEvent } from './event-names.ts'
import { transactionIdOf } from './transaction-id.ts'

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

/** A currency that does not exist goes, and the value with it: Google would read it in the currency of the account. */
function moneyOf(data: CustomData): { readonly fields: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const currency = data.currency?.trim().toUpperCase()
  if (currency === undefined || currency === '' || CURRENCIES.has(currency)) {
    return { fields: { currency: currency === '' ? undefined : currency, conversionValue: data.value }, warnings: [] }
  }
  return { fields: {}, warnings: [{ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' }] }
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

/** One entry of `events`, or why Google will not get it: consent, no conversion action, or no identifier. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const byConsent = consentRefusal(event, settings)
  if (byConsent !== undefined) return leaveOut(byConsent)
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return leaveOut(mapped.refusal)
  const { userIdentifiers, gclid, gbraid, wbraid, mobileDeviceId, userAgent, ipAddress } = event.user
  if ([userIdentifiers, gclid, gbraid, wbraid, mobileDeviceId].every((identifier) => identifier === undefined)) {
    return leaveOut(refuse('IDENTITY_MISSING', 'Google needs a click id, an e-mail, a phone or a full address'))
  }
  const money = moneyOf(event.custom_data)
  const body = present({
    destinationReferences: [mapped.name],
    transactionId: transactionIdOf(event),
    eventTimestamp: new Date(event.event_time * 1_000).toISOString().replace('.000Z', 'Z'),
    eventSource: EVENT_SOURCE[event.action_source],
    adIdentifiers: { gclid, gbraid, wbraid, mobileDeviceId },
    userData: { userIdentifiers },
    consent: { adUserData: consentValue(event.consent.ad_user_data), adPersonalization: consentValue(event.consent.ad_personalization) },
    ...money.fields,
    ...cartOf(event),
    eventDeviceInfo: { userAgent, ipAddress },
  })
  return { kind: 'body', body, warnings: money.warnings }
}

/** A test event is validated and not ingested. The destinations are those that the events name. */
export function encodeRequest(
  bodies: readonly JsonObject[],
  on: Account<GoogleCredentials>,
  testEventCode: string | undefined,
): HttpRequest {
  return ingestRequest(on, on.accessToken ?? '', referencesOf(bodies), bodies, testEventCode !== undefined)
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
