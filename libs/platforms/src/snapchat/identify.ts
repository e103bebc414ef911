import type { ActionSource, HashedUser } from '@relay/core/event'
import { findClickIds } from '@relay/prepare/click-ids'
import { normaliseCountryLowerCase } from '@relay/prepare/normalise-country'
import { normaliseEmail } from '@relay/prepare/normalise-email'
import { normaliseIpAddress } from '@relay/prepare/normalise-ip-address'
import { normaliseName } from '@relay/prepare/normalise-name'
import { normaliseDateOfBirth, normaliseExternalIdCompact, normaliseGender, normaliseMobileAdId } from '@relay/prepare/normalise-person'
import { normalisePhoneDigits } from '@relay/prepare/normalise-phone'
import { normaliseCityCompact, normaliseStateCompact, normaliseZipCompact } from '@relay/prepare/normalise-place'
import { normaliseText } from '@relay/prepare/normalised'
import { personCountry } from '@relay/prepare/person-country'
import type { Platform } from '../contract.ts'
import { createIdentified } from '../identified.ts'

/**
 * `user_data` of Conversions API v3 (PAR, read 2026-11-24): lists of hashes, `db` a single one. City, state and postal code follow what the
 * page says and no more: lower case, no blanks, two letters for a US state. `external_id` has no official rule; Snap's own Segment
 * integration drops blanks and folds case, and so do we.
 */
export const identify: Platform['identify'] = (event, { settings }) => {
  const userData = event.user_data
  const country = personCountry(userData, settings.default_country)
  const person = createIdentified(userData)

  person.hashed('em', 'email', normaliseEmail)
  person.hashed('ph', 'phone', (value) => normalisePhoneDigits(value, country), { doubtsHashes: true })
  person.hashed('fn', 'first_name', normaliseName)
  person.hashed('ln', 'last_name', normaliseName)
  person.hashed('db', 'date_of_birth', normaliseDateOfBirth)
  person.hashed('ge', 'gender', normaliseGender)
  person.hashed('ct', 'city', normaliseCityCompact)
  person.hashed('st', 'state', (value) => normaliseStateCompact(value, country))
  person.hashed('zp', 'zip', normaliseZipCompact)
  person.hashed('country', 'country', normaliseCountryLowerCase)
  person.hashed('external_id', 'external_id', normaliseExternalIdCompact)

  person.plain('client_ip_address', 'client_ip_address', normaliseIpAddress)
  person.plain('client_user_agent', 'client_user_agent', normaliseText)
  // The landing page's ScCid, unless the producer gives the id itself.
  person.put('sc_click_id', findClickIds(event).ScCid)
  person.plain('sc_click_id', 'sc_click_id', normaliseText)
  person.plain('sc_cookie1', 'sc_cookie1', normaliseText)
  // App events only (PAR).
  if (event.action_source === 'app') person.plain('madid', 'mobile_ad_id', normaliseMobileAdId)
  person.plain('lead_id', 'lead_id', normaliseText)
  person.plain('subscription_id', 'subscription_id', normaliseText)

  const { user, warnings } = person.result()
  return { user: user['db'] === undefined ? user : { ...user, db: user['db'][0] }, warnings }
}

const has = (user: HashedUser, key: string): boolean => user[key] !== undefined

/** Snapchat's minimum (USE, read 2026-11-24); click id, cookie or external id alone are not enough. */
export const isIdentified = (user: HashedUser, actionSource: ActionSource): boolean =>
  has(user, 'em') ||
  has(user, 'ph') ||
  (actionSource === 'app' && has(user, 'madid')) ||
  (has(user, 'client_ip_address') && has(user, 'client_user_agent'))
