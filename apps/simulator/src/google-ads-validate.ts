import type { EpochMs } from './call.ts'
import { isDigits, isFields, isNumeric, isSha256, isText, listOf, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import type { AdsProblem } from './google-ads-error.ts'

/*
 * One entry of `conversions` (google/ads/googleads/v25/services/conversion_upload_service.proto and its errors, read November 2026). What JSON
 * itself cannot be is refused by the front end, with the whole request; all else is an error of its row.
 */

const DAY_MS = 86_400_000
/** Remembered by the page and not confirmed. */
const MAX_AGE_DAYS = 90
const MAX_IDENTIFIERS = 5
const FIELDS = new Set(
  (
    'gclid gbraid wbraid conversionAction conversionDateTime conversionValue currencyCode orderId externalAttributionData customVariables cartData ' +
    'userIdentifiers conversionEnvironment consent customerType userIpAddress sessionAttributesEncoded sessionAttributesKeyValuePairs'
  ).split(' '),
)
const CONSENTS = new Set(['GRANTED', 'DENIED', 'UNSPECIFIED', 'UNKNOWN'])
const SOURCES = new Set(['FIRST_PARTY', 'THIRD_PARTY', 'UNSPECIFIED', 'UNKNOWN'])
const CLOSED_TO_NEWCOMERS = ['userIpAddress', 'sessionAttributesEncoded', 'sessionAttributesKeyValuePairs']
/** `yyyy-mm-dd hh:mm:ss+|-hh:mm` */
const DATE_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$/

type Problem = Omit<AdsProblem, 'row'>
const upload = (code: string, field = ''): Problem => ({ family: 'conversionUploadError', code, field })
const wrongField = (code: string, field: string): Problem => ({ family: 'fieldError', code, field })

/** Why the front end cannot read this entry: an unknown name, a wrong type, a value that the enum does not have. */
export function findJsonProblem(row: unknown): string | undefined {
  if (!isFields(row)) return 'is not an object'
  const odd = Object.keys(row).find((name) => !FIELDS.has(name))
  if (odd !== undefined) return `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.`
  if (row['conversionValue'] !== undefined && !isNumeric(row['conversionValue'])) return 'Invalid value at conversion_value (TYPE_DOUBLE)'
  const consent = row['consent']
  if (consent !== undefined && !hasKnownConsent(consent)) return 'Invalid value at consent (TYPE_ENUM)'
  const identifiers = row['userIdentifiers']
  if (identifiers !== undefined && !(Array.isArray(identifiers) && identifiers.every(isFields))) return 'Invalid value at user_identifiers'
  const sources = listOf(identifiers).map((each) => (isFields(each) ? each['userIdentifierSource'] : undefined))
  if (sources.some((source) => source !== undefined && !SOURCES.has(textOf(source))))
    return 'Invalid value at user_identifier_source (TYPE_ENUM)'
  return isReadableCart(row['cartData']) ? undefined : 'Invalid value at cart_data'
}

/** These have other names than in the Data Manager API. */
function hasKnownConsent(consent: unknown): boolean {
  return (
    isFields(consent) &&
    Object.entries(consent).every(([name, value]) => /^ad(?:UserData|Personalization)$/.test(name) && CONSENTS.has(textOf(value)))
  )
}

function isReadableCart(cart: unknown): boolean {
  if (cart === undefined) return true
  const items = isFields(cart) ? (cart['items'] ?? []) : undefined
  return (
    Array.isArray(items) &&
    items.every(
      (item) =>
        isFields(item) &&
        Object.keys(item).every((name) => ['productId', 'quantity', 'unitPrice'].includes(name)) &&
        hasWholeQuantity(item),
    )
  )
}

const hasWholeQuantity = (item: Fields): boolean => item['quantity'] === undefined || isDigits(item['quantity'])

/** The first thing wrong with one entry; its action, and what was recorded before, are looked at elsewhere. */
export function findRowProblem(row: Fields, now: EpochMs): Problem | undefined {
  return (
    actionProblem(row['conversionAction']) ??
    timeProblem(row['conversionDateTime'], now) ??
    clickProblem(row) ??
    identifierProblem(row['userIdentifiers']) ??
    orderProblem(row['orderId']) ??
    extraProblem(row)
  )
}

/** Of `customers/1/conversionActions/7` only the last id counts. */
export function actionOf(row: Fields): string {
  return /^customers\/\d+\/conversionActions\/(\d+)$/.exec(textOf(row['conversionAction']))?.[1] ?? ''
}

function actionProblem(name: unknown): Problem | undefined {
  if (!isText(name)) return wrongField('REQUIRED', 'conversion_action')
  return actionOf({ conversionAction: name }) === ''
    ? { family: 'requestError', code: 'RESOURCE_NAME_MALFORMED', field: 'conversion_action' }
    : undefined
}

/** NaN where it is none. */
export function timeOf(row: Fields): EpochMs {
  const match = DATE_TIME.exec(textOf(row['conversionDateTime']))
  return match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[3]}`)
}

function timeProblem(given: unknown, now: EpochMs): Problem | undefined {
  const field = 'conversion_date_time'
  if (!isText(given)) return wrongField('REQUIRED', field)
  const at = timeOf({ conversionDateTime: given })
  if (Number.isNaN(at)) return { family: 'dateError', code: 'INVALID_STRING_DATE_TIME_SECONDS_WITH_OFFSET', field }
  if (at - now > DAY_MS) return { family: 'dateError', code: 'LATER_THAN_MAXIMUM_DATE', field }
  return now - at > MAX_AGE_DAYS * DAY_MS ? upload('EXPIRED_EVENT', field) : undefined
}

function clickProblem(row: Fields): Problem | undefined {
  const { gclid, gbraid, wbraid } = row
  if (isText(gbraid) && isText(wbraid)) return upload('GBRAID_WBRAID_BOTH_SET', 'gbraid')
  for (const [name, id] of Object.entries({ gclid, gbraid, wbraid })) {
    // A click id that nobody clicked: the simulator knows them by their first letters.
    if (isText(id) && (/\s/.test(id) || /^(?:bad|wrong)/.test(id))) return upload(`UNPARSEABLE_${name.toUpperCase()}`, name)
  }
  const hasClick = [gclid, gbraid, wbraid].some(isText)
  return hasClick || listOf(row['userIdentifiers']).length > 0 ? undefined : wrongField('REQUIRED', 'gclid')
}

function identifierProblem(list: unknown): Problem | undefined {
  const field = 'user_identifiers'
  const identifiers = listOf(list).filter(isFields)
  if (identifiers.length > MAX_IDENTIFIERS) return { family: 'collectionSizeError', code: 'TOO_MANY', field }
  for (const { userIdentifierSource: _source, ...identifier } of identifiers) {
    const [kind, ...others] = Object.keys(identifier)
    if (others.length > 0 || (kind !== 'hashedEmail' && kind !== 'hashedPhoneNumber')) return upload('UNSUPPORTED_USER_IDENTIFIER', field)
    if (!isSha256(identifier[kind])) return upload('INVALID_USER_IDENTIFIER', field)
  }
  return undefined
}

function orderProblem(id: unknown): Problem | undefined {
  if (id === undefined) return undefined
  if (!isText(id) || id.length > 64) return { family: 'stringLengthError', code: isText(id) ? 'TOO_LONG' : 'TOO_SHORT', field: 'order_id' }
  return /[^\s@]+@[^\s@]+\.[^\s@]+/.test(id) ? upload('ORDER_ID_CONTAINS_PII', 'order_id') : undefined
}

function extraProblem(row: Fields): Problem | undefined {
  const { currencyCode: currency, consent, externalAttributionData, customVariables } = row
  if (currency !== undefined && !(isText(currency) && /^[A-Z]{3}$/.test(currency))) {
    return { family: 'currencyCodeError', code: 'UNSUPPORTED', field: 'currency_code' }
  }
  // Of other services alone (common/consent.proto).
  if (isFields(consent) && consent['adPersonalization'] !== undefined) return wrongField('VALUE_MUST_BE_UNSET', 'consent')
  if (externalAttributionData !== undefined) {
    return upload('EXTERNAL_ATTRIBUTION_DATA_SET_FOR_NON_EXTERNALLY_ATTRIBUTED_CONVERSION_ACTION', 'external_attribution_data')
  }
  if (customVariables !== undefined) return upload('CUSTOM_VARIABLE_NOT_ENABLED', 'custom_variables')
  const closed = CLOSED_TO_NEWCOMERS.find((name) => row[name] !== undefined)
  return closed === undefined
    ? undefined
    : { family: 'notAllowlistedError', code: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE', field: closed }
}
