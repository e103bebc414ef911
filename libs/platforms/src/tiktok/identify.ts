import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning, HashedUser, IdentifierField, UserData } from '@relay/core/event'
import { findClickIds } from '@relay/prepare/click-ids'
import { recogniseHash } from '@relay/prepare/hash'
import { hashField, type HashingRule } from '@relay/prepare/hashed-field'
import { normaliseCountry } from '@relay/prepare/normalise-country'
import { normaliseEmail } from '@relay/prepare/normalise-email'
import { normaliseIpAddress } from '@relay/prepare/normalise-ip-address'
import { normaliseNameLetters } from '@relay/prepare/normalise-name'
import { normaliseExternalId, normaliseMobileAdId } from '@relay/prepare/normalise-person'
import { normalisePhone } from '@relay/prepare/normalise-phone'
import { normaliseCityAscii, normaliseStateAscii, normaliseZipWhole } from '@relay/prepare/normalise-place'
import { normalised, type Normalise } from '@relay/prepare/normalised'
import { personCountry } from '@relay/prepare/person-country'
import { plainField } from '@relay/prepare/plain-field'
import { clickIdField } from '../click-id-field.ts'
import { appUserFields, isIos } from './app.ts'

/*
 * Fields of `user` by event source: https://business-api.tiktok.com/portal/docs?id=1771101186666498 as transcribed in bububa/tiktok-business
 * `model/event/track.go`, read 2026-11-24. Whether a misplaced field is ignored or refused is not stated, so none is sent.
 */

type Part = { readonly fields: HashedUser; readonly warnings: readonly FieldWarning[] }

const NOTHING: Part = { fields: {}, warnings: [] }

const lowerCaseCountry: Normalise = (value) => {
  const country = normaliseCountry(value)
  return country.ok ? normalised(country.value.toLowerCase()) : country
}

function hashedList(userData: UserData, from: IdentifierField, to: string, rule: HashingRule): Part {
  const { hashes, warnings } = hashField(userData, from, rule)
  return { fields: hashes.length === 0 ? {} : { [to]: hashes }, warnings }
}

/** Fields of which TikTok takes one value: the first that can be used. */
function hashedOne(userData: UserData, from: IdentifierField, to: string, normalise: Normalise): Part {
  const { hashes, warnings } = hashField(userData, from, { normalise })
  return { fields: { [to]: hashes[0] }, warnings }
}

function plainOne(userData: UserData, from: IdentifierField | 'client_ip_address', to: string, normalise: Normalise): Part {
  const { values, warnings } = plainField(userData, from, normalise)
  return { fields: { [to]: values[0] }, warnings }
}

function misplaced(userData: UserData, field: 'external_id' | 'mobile_ad_id'): Part {
  return userData[field] === undefined ? NOTHING : { fields: {}, warnings: [{ field: `user_data.${field}`, reason: 'UNSUPPORTED_HERE' }] }
}

/** Visitor's address and browser, for web and app. */
function visitor(userData: UserData): Part {
  const address = plainOne(userData, 'client_ip_address', 'ip', normaliseIpAddress)
  const agent = userData.client_user_agent?.trim()
  return { fields: { ...address.fields, user_agent: agent === '' ? undefined : agent }, warnings: address.warnings }
}

/** `ttclid` whole, be it 1,000 characters; the one of the click wins over one in the URL of a later page. */
function clickIds(event: ConversionEvent): Part {
  const click = clickIdField(event.user_data, 'ttclid', findClickIds(event).ttclid)
  const cookie = clickIdField(event.user_data, 'ttp')
  return { fields: { ttclid: click.value, ttp: cookie.value }, warnings: [...click.warnings, ...cookie.warnings] }
}

/** IDFA in upper case, GAID in lower case, or a hash that the producer made. */
function mobileAdId(event: ConversionEvent): Part {
  const given = event.user_data.mobile_ad_id
  if (given === undefined) return NOTHING
  const key = isIos(event) ? 'idfa' : 'gaid'
  if (recogniseHash(given) === 'sha256') return { fields: { [key]: given.trim().toLowerCase() }, warnings: [] }
  const id = normaliseMobileAdId(given)
  if (!id.ok) return { fields: {}, warnings: [{ field: 'user_data.mobile_ad_id', reason: id.reason }] }
  return { fields: { [key]: key === 'idfa' ? id.value.toUpperCase() : id.value }, warnings: [] }
}

function bySource(event: ConversionEvent, source: ConnectionSettings['event_source']): readonly Part[] {
  const userData = event.user_data
  const externalId = (): Part => hashedList(userData, 'external_id', 'external_id', { normalise: normaliseExternalId })
  switch (source) {
    case 'app':
      return [misplaced(userData, 'external_id'), visitor(userData), mobileAdId(event), { fields: appUserFields(event), warnings: [] }]
    case 'offline':
      return [misplaced(userData, 'external_id')]
    case 'crm':
      return [externalId(), { fields: { lead_id: userData.lead_id?.trim() }, warnings: [] }]
    default:
      return [externalId(), clickIds(event), visitor(userData)]
  }
}

/** TikTok's `user`, and for `crm` the `lead_id`, which encode moves to its place. Absent fields are absent, never empty texts. */
export function identify(
  event: ConversionEvent,
  on: { readonly settings: ConnectionSettings },
): { readonly user: HashedUser; readonly warnings: readonly FieldWarning[] } {
  const userData = event.user_data
  const country = personCountry(userData, on.settings.default_country)
  const parts: readonly Part[] = [
    hashedList(userData, 'email', 'email', { normalise: normaliseEmail }),
    hashedList(userData, 'phone', 'phone', { normalise: (value) => normalisePhone(value, country), doubtsHashes: true }),
    hashedOne(userData, 'first_name', 'first_name', normaliseNameLetters),
    hashedOne(userData, 'last_name', 'last_name', normaliseNameLetters),
    hashedOne(userData, 'zip', 'zip_code', normaliseZipWhole),
    plainOne(userData, 'city', 'city', normaliseCityAscii),
    plainOne(userData, 'state', 'state', normaliseStateAscii),
    plainOne(userData, 'country', 'country', lowerCaseCountry),
    ...bySource(event, on.settings.event_source),
  ]
  const fields = parts.flatMap((part) => Object.entries(part.fields).filter(([, value]) => value !== undefined && value !== ''))
  return { user: Object.fromEntries(fields), warnings: parts.flatMap((part) => part.warnings) }
}
