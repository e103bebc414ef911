import type { HashedUser } from '@relay/core/event'
import { buildFbc, findClickIds, isFacebookCookie } from '@relay/prepare/click-ids'
import { normaliseCountryLowerCase } from '@relay/prepare/normalise-country'
import { normaliseEmail } from '@relay/prepare/normalise-email'
import { normaliseIpAddress } from '@relay/prepare/normalise-ip-address'
import { normaliseName } from '@relay/prepare/normalise-name'
import { normaliseDateOfBirth, normaliseExternalId, normaliseGender, normaliseMobileAdId } from '@relay/prepare/normalise-person'
import { normalisePhoneDigits } from '@relay/prepare/normalise-phone'
import { normaliseCity, normaliseState, normaliseZip } from '@relay/prepare/normalise-place'
import { normaliseText, unusable, type Normalised } from '@relay/prepare/normalised'
import { personCountry } from '@relay/prepare/person-country'
import type { Platform } from '../contract.ts'
import { createIdentified } from '../identified.ts'

const normaliseFbp = (value: string): Normalised => {
  const text = normaliseText(value)
  return !text.ok || isFacebookCookie(text.value) ? text : unusable('INVALID_CLICK_ID')
}

const normaliseLeadId = (value: string): Normalised => {
  const text = normaliseText(value)
  return !text.ok || /^\d{1,20}$/.test(text.value) ? text : unusable('INVALID_VALUE')
}

/** An integer where one can hold it exactly (CIP); ids beyond 2^53 stay text. */
const leadIdOf = (text: unknown): number | string | undefined => {
  if (typeof text !== 'string') return undefined
  return Number.isSafeInteger(Number(text)) ? Number(text) : text
}

/**
 * `user_data` of a server event (CIP, read 2026-11-24). Lists throughout for hashed keys. Meta hashes phones without `+`, so a hash made for
 * Google or TikTok is of another form and only HASHED_UNVERIFIED tells. `external_id` goes plain only if the connection says so.
 */
export const identify: Platform['identify'] = (event, { settings, receivedAt }) => {
  const userData = event.user_data
  const country = personCountry(userData, settings.default_country)
  const person = createIdentified(userData, { takesAppendix: true })

  person.hashed('em', 'email', normaliseEmail)
  person.hashed('ph', 'phone', (value) => normalisePhoneDigits(value, country), { doubtsHashes: true })
  person.hashed('fn', 'first_name', normaliseName)
  person.hashed('ln', 'last_name', normaliseName)
  person.hashed('db', 'date_of_birth', normaliseDateOfBirth)
  person.hashed('ge', 'gender', normaliseGender)
  person.hashed('ct', 'city', normaliseCity)
  person.hashed('st', 'state', (value) => normaliseState(value, country))
  person.hashed('zp', 'zip', (value) => normaliseZip(value, country))
  person.hashed('country', 'country', normaliseCountryLowerCase)
  if (settings.hash_external_id === false) person.exactList('external_id', 'external_id')
  else person.hashed('external_id', 'external_id', normaliseExternalId)

  person.plain('client_ip_address', 'client_ip_address', normaliseIpAddress)
  person.plain('client_user_agent', 'client_user_agent', normaliseText)
  const { fbc, reason } = buildFbc({ fbclid: findClickIds(event).fbclid, cookie: userData.fbc, seenAtMs: receivedAt })
  person.put('fbc', fbc)
  if (reason !== undefined) person.warn({ field: 'user_data.fbc', reason })
  person.plain('fbp', 'fbp', normaliseFbp)
  person.plain('lead_id', 'lead_id', normaliseLeadId)
  person.plain('subscription_id', 'subscription_id', normaliseText)
  // App events only (CIP).
  if (event.action_source === 'app') person.plain('madid', 'mobile_ad_id', normaliseMobileAdId)

  const { user, warnings } = person.result()
  const lead_id = leadIdOf(user['lead_id'])
  return { user: lead_id === undefined ? user : { ...user, lead_id }, warnings }
}

/** Sets of keys that identify nobody, even all together (BP, read 2026-11-24): an event that has no more than one of them is invalid. */
const TOO_WEAK: readonly (readonly string[])[] = [
  ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'],
  ['db', 'client_user_agent'],
  ['fn', 'ge'],
  ['ln', 'ge'],
]

/** Is there enough to match a person on? */
export function isIdentified(user: HashedUser): boolean {
  const keys = Object.keys(user).filter((key) => user[key] !== undefined)
  return !TOO_WEAK.some((weak) => keys.every((key) => weak.includes(key)))
}
