import type { EpochMs } from './call.ts'
import { isDigits, isFields, isNumber, isText, listOf, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { findUserProblem } from './google-user.ts'

/** One `BadRequest.fieldViolations` entry; `field` is relative to the event, in snake_case. */
export interface GoogleProblem {
  readonly field: string
  readonly reason: string
  readonly description: string
}

const DAY_MS = 86_400_000
/** Click age and enhanced conversions; remembered by the page and not confirmed. */
const MAX_AGE_DAYS = 90
export const MAX_USER_DATA_AGE_DAYS = 63
const SOURCES = new Set(['WEB', 'APP', 'IN_STORE', 'PHONE', 'MESSAGE', 'OTHER'])
const CONSENTS = new Set(['CONSENT_GRANTED', 'CONSENT_DENIED', 'CONSENT_STATUS_UNSPECIFIED'])
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
/** dm/event.proto, read November 2026. Names that a message does not have are refused by the JSON front end. */
const EVENT_FIELDS = new Set(
  (
    'destinationReferences transactionId eventTimestamp lastUpdatedTimestamp eventSource adIdentifiers userData consent currency conversionValue ' +
    'conversionCount cartData customVariables experimentalFields eventDeviceInfo userProperties eventLocation thirdPartyUserData callInfo ' +
    'eventName clientId userId appInstanceId additionalEventParameters'
  ).split(' '),
)
const AD_FIELDS = new Set(
  'gclid gbraid wbraid sessionAttributes landingPageDeviceInfo mobileDeviceId dclid impressionId matchId encryptedUserIds'.split(' '),
)

const missing = (field: string): GoogleProblem => problem(field, 'REQUIRED_FIELD_MISSING', 'The required field was not present.')

function problem(field: string, reason: string, description: string): GoogleProblem {
  return { field, reason, description }
}

export interface EventContext {
  readonly now: EpochMs
  readonly encoding: unknown
  readonly isValidateOnly: boolean
}

/** The first thing wrong with one event, or undefined. */
export function findGoogleProblem(event: unknown, context: EventContext): GoogleProblem | undefined {
  if (!isFields(event)) return problem('', 'INVALID_ARGUMENT', 'An event is an object.')
  const odd = Object.keys(event).find((name) => !EVENT_FIELDS.has(name))
  if (odd !== undefined) return problem('', 'INVALID_ARGUMENT', `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.`)
  return (
    timeProblem(event['eventTimestamp'], context.now) ??
    idProblem(event['transactionId'], context.isValidateOnly) ??
    enumProblem(event) ??
    identifierProblem(event, context.encoding) ??
    valueProblem(event)
  )
}

function timeProblem(time: unknown, now: EpochMs): GoogleProblem | undefined {
  if (time === undefined) return missing('event_timestamp')
  const at = isText(time) && RFC3339.test(time) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(at)) return problem('event_timestamp', 'INVALID_FORMAT', 'The timestamp is not RFC 3339.')
  const isOutside = now - at > MAX_AGE_DAYS * DAY_MS || at - now > DAY_MS
  return isOutside ? problem('event_timestamp', 'EVENT_TIME_INVALID', 'The event time is outside the accepted window.') : undefined
}

/** One character is what a live report saw refused, and not with validateOnly. */
function idProblem(id: unknown, isValidateOnly: boolean): GoogleProblem | undefined {
  if (id === undefined) return undefined
  if (!isText(id)) return problem('transaction_id', 'INVALID_FORMAT', 'The transaction id is not a string.')
  if (id.length > 64) return problem('transaction_id', 'FIELD_VALUE_TOO_LONG', 'The value is longer than 64 characters.')
  return id.length < 2 && !isValidateOnly ? problem('transaction_id', 'FIELD_VALUE_TOO_SHORT', 'The value is too short.') : undefined
}

function enumProblem(event: Fields): GoogleProblem | undefined {
  const source = event['eventSource']
  if (source === undefined) return missing('event_source')
  if (!SOURCES.has(textOf(source))) return problem('event_source', 'INVALID_ENUM_VALUE', 'The event source is not known.')
  return consentProblem(event['consent'])
}

/** Also for the consent of the whole request. */
export function consentProblem(consent: unknown): GoogleProblem | undefined {
  if (consent === undefined) return undefined
  const isKnown =
    isFields(consent) &&
    ['adUserData', 'adPersonalization'].every((key) => consent[key] === undefined || CONSENTS.has(textOf(consent[key])))
  return isKnown ? undefined : problem('consent', 'INVALID_ENUM_VALUE', 'The consent status is not known.')
}

function identifierProblem(event: Fields, encoding: unknown): GoogleProblem | undefined {
  const ads = event['adIdentifiers']
  if (event['thirdPartyUserData'] !== undefined)
    return problem('third_party_user_data', 'THIRD_PARTY_USER_DATA_NOT_ALLOWED', 'Not allowed.')
  if (ads !== undefined && !isFields(ads)) return problem('ad_identifiers', 'INVALID_ARGUMENT', 'Ad identifiers are an object.')
  const odd = Object.keys(ads ?? {}).find((name) => !AD_FIELDS.has(name))
  if (odd !== undefined)
    return problem('ad_identifiers', 'INVALID_ARGUMENT', `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.`)
  const wrong = findUserProblem(event['userData'], encoding)
  if (wrong !== undefined) return wrong
  const hasUser = event['userData'] !== undefined
  return hasUser || hasClick(event) ? undefined : problem('', 'NO_IDENTIFIERS_PROVIDED', 'At least one identifier is required.')
}

/** A click id, or another identifier of the ad that is no user data. */
export function hasClick(event: Fields): boolean {
  const ads = isFields(event['adIdentifiers']) ? event['adIdentifiers'] : {}
  return [...AD_FIELDS].some((name) => name !== 'landingPageDeviceInfo' && listOf(ads[name]).some((value) => value !== ''))
}

function valueProblem(event: Fields): GoogleProblem | undefined {
  const { conversionValue: value, conversionCount: count, currency, customVariables: variables, cartData: cart } = event
  if (value !== undefined && !isNumber(value)) return problem('conversion_value', 'INVALID_NUMBER_FORMAT', 'The value is not a number.')
  if (count !== undefined && !isNumber(count)) return problem('conversion_count', 'INVALID_NUMBER_FORMAT', 'The count is not a number.')
  if (currency !== undefined && !(isText(currency) && /^[A-Z]{3}$/.test(currency))) {
    return problem('currency', 'INVALID_CURRENCY_CODE', 'The currency is not ISO 4217.')
  }
  if (variables !== undefined && !(Array.isArray(variables) && variables.every((each) => isFields(each) && isText(each['variable'])))) {
    return problem('custom_variables', 'INVALID_CUSTOM_VARIABLE_VALUE', 'A custom variable has a name and a value.')
  }
  if (listOf(variables).some((each) => isFields(each) && /[^\s@]+@[^\s@]+\.[^\s@]+/.test(textOf(each['value'])))) {
    return problem('custom_variables', 'CUSTOM_VARIABLE_VALUE_CONTAINS_PII', 'The value of a custom variable contains personal data.')
  }
  return cart === undefined ? undefined : cartProblem(cart)
}

function cartProblem(cart: unknown): GoogleProblem | undefined {
  if (!isFields(cart)) return problem('cart_data', 'INVALID_ARGUMENT', 'Cart data is an object.')
  const items = cart['items']
  if (items !== undefined && !(Array.isArray(items) && items.every(isFields)))
    return problem('cart_data.items', 'INVALID_ARGUMENT', 'Items are objects.')
  return listOf(items).every(hasWholeQuantity)
    ? undefined
    : problem('cart_data.items', 'INVALID_NUMBER_FORMAT', 'A quantity is a whole number.')
}

function hasWholeQuantity(item: unknown): boolean {
  return isFields(item) && (item['quantity'] === undefined || isDigits(item['quantity']))
}

/** What is left out of an event that is taken all the same. */
export function findGoogleWarnings(event: Fields): readonly GoogleProblem[] {
  const cart = event['cartData']
  if (!isFields(cart)) return []
  const ads = isFields(event['adIdentifiers']) ? event['adIdentifiers'] : {}
  if (isText(ads['gbraid']) || isText(ads['wbraid'])) {
    return [problem('cart_data', 'WARNING_REASON_CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID', 'Cart data was dropped.')]
  }
  const items = listOf(cart['items']).filter(isFields)
  const lacks = (key: string): boolean => items.some((item) => item[key] === undefined)
  return [
    ...(cart['merchantId'] === undefined || isDigits(cart['merchantId'])
      ? []
      : [problem('cart_data.merchant_id', 'WARNING_REASON_INVALID_MERCHANT_ID', 'The merchant id is not digits.')]),
    ...(lacks('merchantProductId')
      ? [problem('cart_data.items', 'WARNING_REASON_CART_DATA_ITEM_MERCHANT_PRODUCT_ID_MISSING', 'An item has no product id.')]
      : []),
    ...(lacks('unitPrice')
      ? [problem('cart_data.items', 'WARNING_REASON_CART_DATA_ITEM_UNIT_PRICE_MISSING', 'An item has no unit price.')]
      : []),
  ]
}
