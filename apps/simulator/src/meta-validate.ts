import type { EpochMs } from './call.ts'
import { SHA256_OF_NOTHING, isDigits, isFields, isIpAddress, isNumber, isNumeric, isText, listOf, looksHashed } from './fields.ts'
import type { Fields } from './fields.ts'

/** Why Meta refuses an event. `subcode` belongs to code 100; the answer never says which event it was. */
export interface MetaProblem {
  readonly subcode: number
  readonly title: string
  readonly message: string
}

const DAY_MS = 86_400_000
/** Server events, parameters/server-event, read November 2026. */
const ACTION_SOURCES = new Set([
  'email',
  'website',
  'app',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
])
/** parameters/customer-information-parameters, read November 2026. */
const HASHED = ['em', 'ph', 'fn', 'ln', 'db', 'ge', 'ct', 'st', 'zp', 'country']
const NEVER_HASHED = ['client_ip_address', 'client_user_agent', 'fbc', 'fbp', 'subscription_id', 'lead_id', 'fb_login_id']
/** A SHA-256, or one with the appendix that Meta's own parameter builder puts behind it. */
const HASH = /^[0-9a-f]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z0-9_-]{2})?$/
/** best-practices, read November 2026: an event whose identifiers all lie in one of these sets cannot be matched. */
const TOO_WEAK = [
  new Set(['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent']),
  new Set(['db', 'client_user_agent']),
  new Set(['fn', 'ge']),
  new Set(['ln', 'ge']),
]
/** data-processing-options, read November 2026. */
const LDU_STATES = new Set([0, ...Array.from({ length: 14 }, (_, index) => 1000 + index)])

/** The number 2804001 is published without a meaning; here it stands for every fault of shape. */
const malformed = (message: string): MetaProblem => ({ subcode: 2804001, title: 'Invalid Parameter', message })
const unhashed = (key: string): MetaProblem => ({
  subcode: 2804016,
  title: 'Unhashed Customer Information',
  message: `user_data.${key} must be a SHA-256 hash`,
})

/** The first thing wrong with one server event, or undefined. `now` is what its age is counted from. */
export function findMetaProblem(event: unknown, now: EpochMs): MetaProblem | undefined {
  if (!isFields(event)) return malformed('an event is an object')
  if (!isText(event['event_name'])) return malformed('event_name is required')
  const source = event['action_source']
  if (!isText(source) || !ACTION_SOURCES.has(source)) return malformed('action_source is not valid')
  if (event['event_id'] !== undefined && !isText(event['event_id'])) return malformed('event_id must be a string')
  return (
    timeProblem(event['event_time'], source, now) ??
    userProblem(event['user_data']) ??
    customProblem(event['event_name'], event['custom_data']) ??
    appProblem(source, event['app_data']) ??
    lduProblem(event)
  )
}

function timeProblem(time: unknown, source: string, now: EpochMs): MetaProblem | undefined {
  if (!isNumber(time) || !Number.isInteger(time) || time <= 0) return malformed('event_time must be a Unix timestamp in seconds')
  if (time > 100_000_000_000) return malformed('event_time must be in seconds, not milliseconds')
  const maxDays = source === 'physical_store' ? 62 : 7
  if (now - time * 1000 <= maxDays * DAY_MS) return undefined
  return { subcode: 2804003, title: 'Event Timestamp Too Old', message: `event_time must not be more than ${maxDays} days in the past` }
}

function userProblem(user: unknown): MetaProblem | undefined {
  if (!isFields(user)) return malformed('user_data is required')
  for (const key of HASHED) {
    for (const value of listOf(user[key])) {
      if (typeof value !== 'string' || !HASH.test(value) || value === SHA256_OF_NOTHING) return unhashed(key)
    }
  }
  const hashed = NEVER_HASHED.find((key) => looksHashed(user[key]))
  if (hashed !== undefined) return malformed(`user_data.${hashed} must not be hashed`)
  if (user['client_ip_address'] !== undefined && !isIpAddress(user['client_ip_address']))
    return malformed('client_ip_address is not an IP address')
  if (!listOf(user['external_id']).every(isText)) return malformed('external_id must be a string')
  if (!['lead_id', 'fb_login_id'].every((key) => user[key] === undefined || isDigits(user[key]))) {
    return malformed('lead_id and fb_login_id must be integers')
  }
  const given = Object.keys(user).filter((key) => listOf(user[key]).some((value) => value !== ''))
  if (!TOO_WEAK.some((weak) => given.every((key) => weak.has(key)))) return undefined
  return {
    subcode: 2804050,
    title: 'Insufficient Customer Information',
    message: 'the event has too few or too weak customer information parameters',
  }
}

function customProblem(name: string, custom: unknown): MetaProblem | undefined {
  const isPurchase = name === 'Purchase'
  const noValue: MetaProblem = {
    subcode: 2804009,
    title: 'Missing Purchase Value',
    message: 'Purchase needs custom_data.value and custom_data.currency',
  }
  if (custom === undefined) return isPurchase ? noValue : undefined
  if (!isFields(custom)) return malformed('custom_data must be an object')
  const { value, currency, contents } = custom
  if (isPurchase && (value === undefined || currency === undefined)) return noValue
  if (value !== undefined && !isNumeric(value)) return isPurchase ? noValue : malformed('custom_data.value must be a number')
  if (currency !== undefined && !(isText(currency) && /^[A-Za-z]{3}$/.test(currency)))
    return malformed('custom_data.currency must be ISO 4217')
  if (contents !== undefined && !(Array.isArray(contents) && contents.every((item) => isFields(item) && item['id'] !== undefined))) {
    return malformed('custom_data.contents must be a list of objects with an id')
  }
  return undefined
}

function appProblem(source: string, app: unknown): MetaProblem | undefined {
  if (app === undefined) return source === 'app' ? malformed('app_data is required for app events') : undefined
  if (!isFields(app)) return malformed('app_data must be an object')
  const flags = ['advertiser_tracking_enabled', 'application_tracking_enabled']
  if (source === 'app' && !flags.every((flag) => [0, 1, true, false].some((each) => each === app[flag]))) {
    return malformed(`app_data needs ${flags.join(' and ')}`)
  }
  const info = app['extinfo']
  if (info === undefined ? source !== 'app' : Array.isArray(info) && info.length === 16 && (info[0] === 'a2' || info[0] === 'i2'))
    return undefined
  return malformed('app_data.extinfo must be a list of 16, the first a2 or i2')
}

function lduProblem(event: Fields): MetaProblem | undefined {
  const options = event['data_processing_options']
  if (options === undefined) return undefined
  if (!Array.isArray(options) || !options.every((each) => each === 'LDU')) return malformed('data_processing_options is [] or ["LDU"]')
  if (options.length === 0) return undefined
  const country = event['data_processing_options_country']
  const state = event['data_processing_options_state']
  const hasIp = isFields(event['user_data']) && event['user_data']['client_ip_address'] !== undefined
  if (country === undefined && state === undefined && hasIp) return undefined
  if ((country === 0 || country === 1) && isNumber(state) && LDU_STATES.has(state)) return undefined
  return {
    subcode: 2804030,
    title: 'Data Processing Options',
    message: 'LDU needs a country of 0 or 1 and a state, or an IP address without both',
  }
}
