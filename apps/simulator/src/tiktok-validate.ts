import type { EpochMs } from './call.ts'
import { isFields, isIpAddress, isNumber, isSha256, isText, listOf, looksHashed, textOf } from './fields.ts'
import type { Fields } from './fields.ts'

export const EVENT_SOURCES = ['web', 'app', 'offline', 'crm'] as const
export type EventSource = (typeof EVENT_SOURCES)[number]

/** Why TikTok refuses an event; `path` is relative to it, the empty text for the whole. */
export interface TikTokProblem {
  readonly code: number
  readonly path: string
  readonly message: string
}

const DAY_MS = 86_400_000
/** Supported standard events with the two old names that are still taken, read November 2026. Offline takes nothing else. */
const STANDARD = new Set(
  (
    'AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download FindLocation ' +
    'InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent CompletePayment SubmitForm ClickButton PlaceAnOrder'
  ).split(' '),
)
/** Reference of event/track, `currency`, read November 2026. */
const CURRENCIES = new Set(
  (
    'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY KES KHR KRW KWD ' +
    'KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR'
  ).split(' '),
)
const HASHED = ['email', 'phone', 'external_id', 'first_name', 'last_name', 'zip_code']
const MANY = new Set(['email', 'phone', 'external_id'])
const ATT_STATUS = new Set(['AUTHORIZED', 'DENIED', 'NOT_DETERMINED', 'RESTRICTED', 'NOT_APPLICABLE'])

const wrong = (path: string, message: string): TikTokProblem => ({ code: 40002, path, message })
const notText = (path: string): TikTokProblem => wrong(path, 'Not a valid string')

/** The first thing wrong with one entry of `data`, or undefined. */
export function findTikTokProblem(event: unknown, source: EventSource, now: EpochMs): TikTokProblem | undefined {
  if (!isFields(event)) return wrong('', 'Invalid input type')
  return (
    eventProblem(event, source, now) ??
    userProblem(event['user'], source) ??
    propertiesProblem(event['properties']) ??
    (event['limited_data_use'] === undefined || typeof event['limited_data_use'] === 'boolean'
      ? undefined
      : wrong('limited_data_use', 'Not a valid boolean'))
  )
}

function eventProblem(event: Fields, source: EventSource, now: EpochMs): TikTokProblem | undefined {
  const name = event['event']
  if (!isText(name)) return notText('event')
  if (source === 'offline' && !STANDARD.has(name)) return wrong('event', 'Offline events take standard names only')
  const time = event['event_time']
  if (!isNumber(time) || !Number.isInteger(time) || time <= 0) return wrong('event_time', 'Not a valid integer')
  if (time > 100_000_000_000) return wrong('event_time', 'Not a Unix timestamp in seconds')
  // 28 days for offline sets; for the others TikTok documents none, and 7 days is what implementers hold to.
  if (now - time * 1000 > (source === 'offline' ? 28 : 7) * DAY_MS) return wrong('event_time', 'The event is too old')
  if (event['event_id'] !== undefined && !isText(event['event_id'])) return notText('event_id')
  if (source === 'web' && !(isFields(event['page']) && isText(event['page']['url'])))
    return wrong('page.url', 'Missing data for required field')
  if (source === 'app' && !(isFields(event['app']) && isText(event['app']['app_id'])))
    return wrong('app.app_id', 'Missing data for required field')
  if (source === 'crm' && !(isFields(event['lead']) && isText(event['lead']['lead_id'])))
    return wrong('lead.lead_id', 'Missing data for required field')
  return undefined
}

function userProblem(user: unknown, source: EventSource): TikTokProblem | undefined {
  if (!isFields(user)) return wrong('user', 'Missing data for required field')
  for (const key of HASHED) {
    if (Array.isArray(user[key]) && !MANY.has(key)) return notText(`user.${key}`)
    for (const value of listOf(user[key])) {
      if (typeof value !== 'string') return notText(`user.${key}`)
      if (!isSha256(value)) return { code: 40062, path: `user.${key}`, message: 'PII is not hashed' }
    }
  }
  const plain = ['city', 'state', 'country'].find((key) => user[key] !== undefined && !isPlainPlace(user[key]))
  if (plain !== undefined) return wrong(`user.${plain}`, 'Must be plain lowercase letters and digits')
  const text = ['ttclid', 'ttp', 'user_agent', 'locale', 'idfa', 'idfv', 'gaid'].find(
    (key) => user[key] !== undefined && !isText(user[key]),
  )
  if (text !== undefined) return notText(`user.${text}`)
  if (user['ip'] !== undefined && !isIpAddress(user['ip'])) return wrong('user.ip', 'Not a valid IP address')
  if (user['att_status'] !== undefined && !ATT_STATUS.has(textOf(user['att_status']))) return wrong('user.att_status', 'Invalid choice')
  return hasIdentifier(user, source) ? undefined : wrong('user', 'At least one identifier is required')
}

function isPlainPlace(value: unknown): boolean {
  return isText(value) && /^[a-z0-9]+$/.test(value) && !looksHashed(value)
}

function hasIdentifier(user: Fields, source: EventSource): boolean {
  const has = (key: string): boolean => listOf(user[key]).some((value) => value !== '')
  if (['email', 'phone', 'external_id'].some(has)) return true
  if (source === 'web') return has('ttclid') || has('ttp') || (has('ip') && has('user_agent'))
  if (source === 'app') return ['idfa', 'idfv', 'gaid'].some(has) || (has('ip') && has('user_agent'))
  return source === 'crm'
}

function propertiesProblem(properties: unknown): TikTokProblem | undefined {
  if (properties === undefined) return undefined
  if (!isFields(properties)) return wrong('properties', 'Invalid input type')
  const { value, currency, content_ids: contentIds, contents, num_items: numItems } = properties
  if (value !== undefined && !isNumber(value)) return wrong('properties.value', 'Not a valid number')
  if (currency !== undefined && !CURRENCIES.has(textOf(currency))) return wrong('properties.currency', 'Unsupported currency')
  if (contentIds !== undefined && !(Array.isArray(contentIds) && contentIds.every(isText))) return notText('properties.content_ids')
  if (numItems !== undefined && !isNumber(numItems)) return wrong('properties.num_items', 'Not a valid number')
  const text = ['order_id', 'shop_id', 'content_type', 'search_string', 'description', 'query'].find(
    (key) => properties[key] !== undefined && typeof properties[key] !== 'string',
  )
  if (text !== undefined) return notText(`properties.${text}`)
  return contents === undefined ? undefined : contentsProblem(contents)
}

function contentsProblem(contents: unknown): TikTokProblem | undefined {
  if (!Array.isArray(contents)) return wrong('properties.contents', 'Not a valid list')
  for (const [index, item] of contents.entries()) {
    const path = `properties.contents.${index}`
    if (!isFields(item)) return wrong(path, 'Invalid input type')
    if (item['content_id'] !== undefined && !isText(item['content_id'])) return notText(`${path}.content_id`)
    const number = ['price', 'quantity'].find((key) => item[key] !== undefined && !isNumber(item[key]))
    if (number !== undefined) return wrong(`${path}.${number}`, 'Not a valid number')
  }
  return undefined
}
