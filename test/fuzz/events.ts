import type { JsonObject, JsonValue } from '@relay/core/json'
import { ACTION_SOURCES, IDENTIFIER_FIELDS, PLAIN_USER_FIELDS } from '@relay/core/event'
import { CANONICAL_EVENT_NAMES } from '@relay/core/event-name'
import type { Dice } from './dice.ts'
import { deepValue, mutatedTimes, randomText, randomValue } from './values.ts'

/** An address that must be in nothing that leaves. */
export const CANARY = 'canary.person@shop.example'
export const NOW = Date.UTC(2026, 10, 24, 12)

const GOOD: Readonly<Record<string, readonly string[]>> = {
  email: [CANARY, ` ${CANARY.toUpperCase()} `],
  phone: ['+49 151 23456789', '0151 23456789', '(415) 555-2671'],
  country: ['DE', 'Germany', 'us'],
  zip: ['10115', '94043-1234', 'M1 1AE'],
  date_of_birth: ['1987-06-05', '19870605'],
  gender: ['f', 'male'],
  client_ip_address: ['203.0.113.7', '2001:db8::1', '10.0.0.1'],
  mobile_ad_id: ['38400000-8CF0-11BD-B23E-10B96E40000D'],
  lead_id: ['1234567890123456'],
}

const userValue = (dice: Dice, field: string): JsonValue => {
  if (dice.once(8)) return randomValue(dice)
  const one = (): string => (dice.once(2) ? dice.of(GOOD[field] ?? ['Jane', 'customer-1', 'AbC123']) : randomText(dice))
  return (IDENTIFIER_FIELDS as readonly string[]).includes(field) && dice.once(4) ? Array.from({ length: dice.number(5) }, one) : one()
}

const some = (dice: Dice, fields: readonly string[], valueOf: (field: string) => JsonValue): JsonObject =>
  Object.fromEntries(fields.filter(() => dice.once(4)).map((field) => [field, valueOf(field)]))

const CUSTOM = [
  'currency',
  'order_id',
  'content_type',
  'content_name',
  'search_string',
  'status',
  'delivery_category',
  'coupon',
  '__proto__',
]
const numberOrOdd = (dice: Dice): JsonValue => (dice.once(6) ? randomValue(dice, 1) : dice.number(10_000) / 100)

function customData(dice: Dice): JsonObject {
  const texts = some(dice, CUSTOM, (field) =>
    field === 'currency' && dice.once(2) ? 'EUR' : dice.once(5) ? randomValue(dice) : randomText(dice),
  )
  const numbers = some(dice, ['value', 'num_items', 'predicted_ltv'], () => numberOrOdd(dice))
  const item = (): JsonValue =>
    dice.once(8) ? randomValue(dice) : { id: randomText(dice), quantity: numberOrOdd(dice), item_price: numberOrOdd(dice) }
  return Object.fromEntries([
    ...Object.entries(texts),
    ...Object.entries(numbers),
    ...(dice.once(3) ? [['contents', Array.from({ length: dice.number(4) }, item)] as const] : []),
    ...(dice.once(6) ? [['content_ids', randomValue(dice)] as const] : []),
  ])
}

/** Mostly an event, with oddities in its leaves; now and then anything at all. */
export function randomEvent(dice: Dice): unknown {
  if (dice.once(2_000)) return deepValue(dice)
  if (dice.once(20)) return randomValue(dice)
  const event: JsonObject = {
    event_name: dice.once(3) ? randomText(dice) : dice.of(CANONICAL_EVENT_NAMES),
    ...(dice.once(2) ? { event_id: dice.once(3) ? randomText(dice) : `order-${dice.number(1_000)}` } : {}),
    ...(dice.once(3) ? { event_time: dice.once(4) ? randomValue(dice) : NOW / 1_000 - dice.number(100 * 86_400) } : {}),
    ...(dice.once(2) ? { action_source: dice.once(20) ? randomText(dice) : dice.of(ACTION_SOURCES) } : {}),
    ...(dice.once(3) ? { event_source_url: randomUrl(dice) } : {}),
    ...(dice.once(4) ? { referrer_url: randomUrl(dice) } : {}),
    user_data: some(dice, [...IDENTIFIER_FIELDS, ...PLAIN_USER_FIELDS], (field) => userValue(dice, field)),
    custom_data: customData(dice),
    ...(dice.once(4) ? { consent: consent(dice) } : {}),
    ...(dice.once(4) ? { app_data: appData(dice) } : {}),
  }
  return dice.once(10) ? mutatedTimes(dice, event) : event
}

const consent = (dice: Dice): JsonValue =>
  dice.once(6)
    ? randomValue(dice)
    : {
        ...(dice.once(2) ? { ad_user_data: dice.of(['GRANTED', 'DENIED', 'granted']) } : {}),
        ...(dice.once(2) ? { ad_personalization: dice.of(['GRANTED', 'DENIED']) } : {}),
        ...(dice.once(4) ? { data_processing_options: dice.of([[], ['LDU']]), data_processing_options_state: dice.number(1_020) } : {}),
      }

const appData = (dice: Dice): JsonValue =>
  dice.once(6)
    ? randomValue(dice)
    : {
        app_id: randomText(dice),
        advertiser_tracking_enabled: dice.once(2),
        extinfo: Array.from({ length: dice.once(4) ? dice.number(20) : 16 }, (_, index) =>
          index === 0 ? dice.of(['a2', 'i2']) : randomText(dice),
        ),
      }

const PARAMETERS = ['fbclid', 'gclid', 'ttclid', 'ScCid', 'utm_source', 'email', 'phone', 'q', 'q[]', '']

export function randomUrl(dice: Dice): string {
  if (dice.once(5)) return randomText(dice)
  const parameter = (): string => {
    const value = dice.once(4) ? dice.of(['a%40b.co', 'a@b.co', '+49 151 23456789', 'AbC']) : randomText(dice)
    return `${dice.of(PARAMETERS)}=${dice.once(2) ? value : encodeURIComponent(value.toWellFormed())}`
  }
  const query = Array.from({ length: dice.number(5) }, parameter).join(dice.of(['&', '&&', ';', '&amp;']))
  return `${dice.of(['https', 'http', 'HTTPS', 'ftp'])}://${dice.of(['shop.example', 'jane%40x.io@shop.example', '[::1]', 'münchen.example'])}${dice.of(['', '/', '/a/b', '/a%2'])}?${query}${dice.of(['', '#', `#${query}`])}`
}
