import type { EpochMs } from './call.ts'
import { isFields, isIpAddress, isNumber, isNumeric, isSha256, isText, listOf, looksHashed } from './fields.ts'
import type { Fields } from './fields.ts'

/** Why Snapchat refuses an event. It publishes no list of codes: these are the simulator's own words. */
export interface SnapchatProblem {
  readonly code: string
  readonly message: string
}

export type EventKind = 'WEB' | 'MOBILE_APP' | 'OFFLINE'

const WEEK_MS = 7 * 86_400_000
/** Parameters, event names, read November 2026. There is no free text: five slots for names of one's own. */
const NAMES = new Set(
  (
    'PURCHASE SAVE START_CHECKOUT ADD_CART VIEW_CONTENT ADD_BILLING SIGN_UP SEARCH PAGE_VIEW SUBSCRIBE AD_CLICK AD_VIEW COMPLETE_TUTORIAL LEVEL_COMPLETE ' +
    'INVITE LOGIN SHARE RESERVE ACHIEVEMENT_UNLOCKED ADD_TO_WISHLIST SPENT_CREDITS RATE START_TRIAL LIST_VIEW APP_INSTALL APP_OPEN ' +
    'CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 CUSTOM_EVENT_5'
  ).split(' '),
)
/** Using the API and Offline events, read November 2026: the three kinds with the aliases that other vocabularies use for them. */
const KINDS: ReadonlyMap<string, EventKind> = new Map([
  ['WEB', 'WEB'],
  ['WEBSITE', 'WEB'],
  ['MOBILE_APP', 'MOBILE_APP'],
  ['APP', 'MOBILE_APP'],
  ...['OFFLINE', 'PHYSICAL_STORE', 'PHONE_CALL', 'EMAIL', 'CHAT', 'SYSTEM_GENERATED'].map((each) => [each, 'OFFLINE'] as const),
])
const HASHED = ['em', 'ph', 'fn', 'ln', 'ge', 'ct', 'st', 'zp', 'country', 'db']
const RAW = ['client_user_agent', 'sc_click_id', 'sc_cookie1', 'madid', 'idfv', 'lead_id', 'subscription_id', 'download_id', 'partner_id']

const missing = (field: string): SnapchatProblem => ({ code: 'MISSING_FIELD', message: `${field} is required` })
const invalid = (field: string, why: string): SnapchatProblem => ({ code: 'INVALID_FIELD', message: `${field} ${why}` })

/** WEB, MOBILE_APP or OFFLINE by `action_source`; undefined where it is none of them. */
export function kindOf(event: unknown): EventKind | undefined {
  return isFields(event) && isText(event['action_source']) ? KINDS.get(event['action_source'].toUpperCase()) : undefined
}

/** Seconds, whichever of the two units the event is in. */
export function eventSeconds(time: unknown): number {
  if (!isNumber(time)) return 0
  return time > 100_000_000_000 ? Math.floor(time / 1000) : time
}

/** The first thing wrong with one event, or undefined. */
export function findSnapchatProblem(event: unknown, now: EpochMs): SnapchatProblem | undefined {
  if (!isFields(event)) return { code: 'INVALID_FIELD', message: 'an event is an object' }
  const name = event['event_name']
  if (!isText(name)) return missing('event_name')
  if (!NAMES.has(name.toUpperCase())) return invalid('event_name', 'is not supported')
  const kind = kindOf(event)
  if (kind === undefined) return invalid('action_source', 'must be WEB, MOBILE_APP or OFFLINE')
  if (kind === 'WEB' && !isText(event['event_source_url'])) return missing('event_source_url')
  if (event['event_id'] !== undefined && !isText(event['event_id'])) return invalid('event_id', 'must be a string')
  return (
    timeProblem(event['event_time'], now) ??
    userProblem(event['user_data'], kind) ??
    customProblem(name.toUpperCase(), event['custom_data']) ??
    (kind === 'MOBILE_APP' ? appProblem(event['app_data']) : undefined)
  )
}

function timeProblem(time: unknown, now: EpochMs): SnapchatProblem | undefined {
  if (time === undefined) return missing('event_time')
  if (!isNumber(time) || !Number.isInteger(time) || time <= 0)
    return invalid('event_time', 'must be an integer of epoch seconds or milliseconds')
  const isTooOld = now - eventSeconds(time) * 1000 > WEEK_MS
  return isTooOld ? { code: 'TIMESTAMP_OUT_OF_RANGE', message: 'event_time must not be more than 7 days in the past' } : undefined
}

function userProblem(user: unknown, kind: EventKind): SnapchatProblem | undefined {
  if (!isFields(user)) return missing('user_data')
  for (const key of HASHED) {
    if (!listOf(user[key]).every(isSha256)) return { code: 'UNHASHED_PII', message: `user_data.${key} must be a SHA-256 hash` }
  }
  const ip = user['client_ip_address']
  if (ip !== undefined && !isIpAddress(ip)) return { code: 'INVALID_IP', message: 'client_ip_address must be a plain IP address' }
  const raw = RAW.find((key) => user[key] !== undefined && (!isText(user[key]) || looksHashed(user[key])))
  if (raw !== undefined) return invalid(`user_data.${raw}`, 'must be a plain string')
  if (!listOf(user['external_id']).every(isText)) return invalid('user_data.external_id', 'must be a string')
  const has = (key: string): boolean => listOf(user[key]).some((value) => value !== '')
  const isEnough =
    has('em') || has('ph') || (kind === 'MOBILE_APP' && has('madid')) || (has('client_ip_address') && has('client_user_agent'))
  return isEnough
    ? undefined
    : { code: 'INSUFFICIENT_PII', message: 'user_data needs em, ph, madid (app), or client_ip_address with client_user_agent' }
}

function customProblem(name: string, custom: unknown): SnapchatProblem | undefined {
  if (custom === undefined) return name === 'PURCHASE' ? missing('custom_data with value and currency') : undefined
  if (!isFields(custom)) return invalid('custom_data', 'must be an object')
  const { value, currency, content_ids: contentIds, contents, num_items: numItems } = custom
  if (name === 'PURCHASE' && (value === undefined || currency === undefined)) return missing('custom_data.value with currency')
  if (value !== undefined && !isNumeric(value)) return invalid('custom_data.value', 'must be a number')
  if (currency !== undefined && !(isText(currency) && /^[A-Z]{3}$/.test(currency)))
    return invalid('custom_data.currency', 'must be ISO 4217, upper case')
  if (contentIds !== undefined && !(Array.isArray(contentIds) && contentIds.every(isText)))
    return invalid('content_ids', 'must be a list of strings')
  if (contents !== undefined && !(Array.isArray(contents) && contents.every(isFields)))
    return invalid('contents', 'must be a list of objects')
  if (numItems !== undefined && !isNumeric(numItems)) return invalid('num_items', 'must be digits')
  const text = ['order_id', 'search_string', 'content_name', 'event_tag'].find(
    (key) => custom[key] !== undefined && typeof custom[key] !== 'string',
  )
  return text === undefined ? undefined : invalid(`custom_data.${text}`, 'must be a string')
}

function appProblem(app: unknown): SnapchatProblem | undefined {
  if (!isFields(app)) return missing('app_data')
  if (!isText(app['app_id'])) return missing('app_data.app_id')
  const info: Fields[string] = app['extinfo']
  if (info === undefined || (Array.isArray(info) && info.length === 16 && info.every((each) => typeof each === 'string'))) return undefined
  return invalid('app_data.extinfo', 'must be a list of 16 strings')
}
