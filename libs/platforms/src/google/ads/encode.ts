import type { ConnectionSettings } from '@relay/core/connection'
import type { FieldWarning, PreparedEvent } from '@relay/core/event'
import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import { present } from '@relay/prepare/present'
import type { Account, HttpRequest } from '../../contract.ts'
import { GOOGLE_API } from '../api.ts'
import { accountDigits, type GoogleCredentials } from '../credentials.ts'
import { ADS_API, MAX_UPLOAD_IDENTIFIERS } from './api.ts'

/*
 * One entry of `conversions` of `uploadClickConversions`, and the request around them (googleapis/googleapis
 * `google/ads/googleads/v25/services/conversion_upload_service.proto`, read 2026-11-24).
 */

export interface Conversion {
  readonly event: PreparedEvent
  /** Id of the conversion action. */
  readonly action: string
  readonly orderId: string
  readonly currency: string | undefined
  readonly value: number | undefined
}

interface ClickIds {
  readonly fields: JsonObject
  readonly hasBraid: boolean
  readonly warnings: readonly FieldWarning[]
}

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

/** Both braids together fail (GBRAID_WBRAID_BOTH_SET): the one of the click that led here stays, gbraid in an app and wbraid on the web. */
function clickIdsOf({ user, action_source }: PreparedEvent): ClickIds {
  const { gclid, gbraid, wbraid } = user
  const hasBraid = gbraid !== undefined || wbraid !== undefined
  if (gbraid === undefined || wbraid === undefined) return { fields: { gclid, gbraid, wbraid }, hasBraid, warnings: [] }
  const [kept, dropped] = action_source === 'app' ? (['gbraid', 'wbraid'] as const) : (['wbraid', 'gbraid'] as const)
  return { fields: { gclid, [kept]: user[kept] }, hasBraid, warnings: [{ field: `user_data.${dropped}`, reason: 'UNSUPPORTED_HERE' }] }
}

/** Hashed e-mails and phones alone, five at most. */
function identifiersOf(list: JsonValue | undefined): readonly JsonObject[] {
  const identifiers = Array.isArray(list) ? list.filter(isJsonObject) : []
  return identifiers
    .flatMap(({ emailAddress, phoneNumber }): JsonObject[] => {
      if (emailAddress !== undefined) return [{ hashedEmail: emailAddress }]
      return phoneNumber === undefined ? [] : [{ hashedPhoneNumber: phoneNumber }]
    })
    .slice(0, MAX_UPLOAD_IDENTIFIERS)
    .map((identifier) => ({ userIdentifierSource: 'FIRST_PARTY', ...identifier }))
}

/** Is there anything here to match on? An address or a device alone is not taken. */
export const hasUploadIdentity = ({ user }: PreparedEvent): boolean =>
  [user['gclid'], user['gbraid'], user['wbraid']].some((id) => id !== undefined) || identifiersOf(user['userIdentifiers']).length > 0

/** Left out with a braid, as in the Data Manager API. int32 is a number here. */
function cartOf({ custom_data: { contents = [] } }: PreparedEvent, hasBraid: boolean): JsonObject {
  if (contents.length === 0 || hasBraid) return {}
  const items = contents.map((item) => ({
    productId: item.id,
    quantity: Number.isSafeInteger(item.quantity) ? item.quantity : undefined,
    unitPrice: item.item_price,
  }))
  return { cartData: { items } }
}

/** `2026-11-24 12:00:00+00:00`: a blank, and the zone always given. */
const dateTimeOf = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ')}+00:00`

/** Consent has one field here; `adPersonalization` belongs to other services and is never sent (`common/consent.proto`). */
export function conversionBody(
  { event, action, orderId, currency, value }: Conversion,
  settings: ConnectionSettings,
): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const clicks = clickIdsOf(event)
  const identifiers = identifiersOf(event.user['userIdentifiers'])
  const body = present({
    conversionAction: `customers/${accountDigits(settings.operating_account ?? '')}/conversionActions/${action}`,
    conversionDateTime: dateTimeOf(event.event_time),
    ...clicks.fields,
    userIdentifiers: identifiers.length === 0 ? undefined : identifiers,
    consent: { adUserData: event.consent.ad_user_data },
    conversionValue: value,
    currencyCode: currency,
    orderId,
    ...cartOf(event, clicks.hasBraid),
  })
  return { body, warnings: clicks.warnings }
}

/** The API's own host, unless another one than the Data Manager API's stands in for Google. */
export const adsUrl = (baseUrl: string, path: string): string =>
  `${baseUrl === GOOGLE_API.baseUrl ? ADS_API.baseUrl : baseUrl}/${ADS_API.version.value}/${path}`

/** Headers of every call. `login-customer-id` names the manager through whom the credential has access. */
export const adsHeaders = (on: Account<GoogleCredentials>, accessToken: string): Readonly<Record<string, string>> => ({
  Authorization: `Bearer ${accessToken}`,
  'Content-Type': 'application/json',
  ...(on.credentials.developer_token === undefined ? {} : { 'developer-token': on.credentials.developer_token }),
  ...(on.settings.login_account === undefined ? {} : { 'login-customer-id': accountDigits(on.settings.login_account) }),
})

/** Partial failure is required: without it one bad row refuses all. `jobId` is left out, whose two documented ranges differ. */
export const uploadRequest = (
  on: Account<GoogleCredentials>,
  accessToken: string,
  conversions: readonly JsonObject[],
  validateOnly: boolean,
): HttpRequest => ({
  method: 'POST',
  url: adsUrl(on.baseUrl, `customers/${accountDigits(on.settings.operating_account ?? '')}:uploadClickConversions`),
  headers: adsHeaders(on, accessToken),
  body: JSON.stringify({ conversions, partialFailure: true, ...(validateOnly ? { validateOnly: true } : {}) }),
})

/**
 * What Google takes for one conversion: the order id and the action, or the click, its time and the action. Two rows of one key in a request
 * are both refused (DUPLICATE_ORDER_ID and its like), so each key stands in a request once.
 */
export function conversionKey(body: JsonObject): string {
  const { conversionAction, orderId, gclid, gbraid, wbraid, conversionDateTime } = body
  const own = textOf(orderId)
  const parts = own === undefined ? [gclid ?? gbraid ?? wbraid ?? null, conversionDateTime ?? null] : [own]
  return JSON.stringify([conversionAction ?? null, ...parts])
}
