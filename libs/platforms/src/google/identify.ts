import type { FieldWarning, IdentifierField, UserData } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { findClickIds } from '@relay/prepare/click-ids'
import { hashField, type HashedField } from '@relay/prepare/hashed-field'
import { normaliseCountry } from '@relay/prepare/normalise-country'
import { normaliseEmailForGoogle } from '@relay/prepare/normalise-email'
import { normaliseIpAddress } from '@relay/prepare/normalise-ip-address'
import { normaliseNameForGoogle } from '@relay/prepare/normalise-name'
import { normaliseMobileAdId } from '@relay/prepare/normalise-person'
import { normalisePhone } from '@relay/prepare/normalise-phone'
import { normaliseZipForGoogle } from '@relay/prepare/normalise-place'
import { personCountry } from '@relay/prepare/person-country'
import { plainField } from '@relay/prepare/plain-field'
import { present } from '@relay/prepare/present'
import { clickIdField } from '../click-id-field.ts'
import type { Platform } from '../contract.ts'
import { MAX_UPLOAD_IDENTIFIERS } from './ads/api.ts'
import { CLICK_IDS, MAX_IDENTIFIERS } from './api.ts'

/*
 * Rules of https://developers.google.com/data-manager/api/devguides/concepts/formatting, read 2026-11-24. City, state and street are taken
 * for Google Analytics alone, and external ids not at all.
 */

/** No address of a visitor from here may be sent (googleapis/googleapis `google/ads/datamanager/v1/device_info.proto`, read 2026-11-24): EEA, United Kingdom, Switzerland. */
const NO_IP_ADDRESS: ReadonlySet<string> = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB CH'.split(' '),
)

interface Entry {
  readonly identifier: JsonObject
  readonly field: IdentifierField
}

const entriesOf = (hashed: HashedField, key: string, field: IdentifierField): Entry[] =>
  hashed.hashes.map((hash) => ({ identifier: { [key]: hash }, field }))

/** All four parts or nothing: the API requires each of them. The country is the person's own; a default for phone numbers is no address. */
function addressOf(
  userData: UserData,
  country: string | undefined,
): { readonly entries: Entry[]; readonly warnings: readonly FieldWarning[] } {
  const given = hashField(userData, 'first_name', { normalise: normaliseNameForGoogle })
  const family = hashField(userData, 'last_name', { normalise: normaliseNameForGoogle })
  const region = plainField(userData, 'country', normaliseCountry)
  const postal = plainField(userData, 'zip', (zip) => normaliseZipForGoogle(zip, country))
  const warnings = [given, family, region, postal].flatMap((part) => part.warnings)
  const [givenName, familyName, regionCode, postalCode] = [given.hashes[0], family.hashes[0], region.values[0], postal.values[0]]
  if (givenName !== undefined && familyName !== undefined && regionCode !== undefined && postalCode !== undefined) {
    return { entries: [{ identifier: { address: { givenName, familyName, regionCode, postalCode } }, field: 'first_name' }], warnings }
  }
  const leftOut = Object.entries({ first_name: givenName, last_name: familyName, zip: postalCode }).filter(
    ([, value]) => value !== undefined,
  )
  return {
    entries: [],
    warnings: [...warnings, ...leftOut.map(([name]) => ({ field: `user_data.${name}`, reason: 'INCOMPLETE_ADDRESS' as const }))],
  }
}

/** What each API takes: the Google Ads API five, and no address. */
const TAKES = {
  data_manager: { most: MAX_IDENTIFIERS, address: true },
  ads: { most: MAX_UPLOAD_IDENTIFIERS, address: false },
} as const

/** At most as many as the API takes, one of each kind before the second of any. */
function identifiersOf(
  userData: UserData,
  country: string | undefined,
  takes: (typeof TAKES)[keyof typeof TAKES],
): { readonly list: JsonObject[]; readonly warnings: readonly FieldWarning[] } {
  const email = hashField(userData, 'email', { normalise: normaliseEmailForGoogle, doubtsHashes: true })
  const phone = hashField(userData, 'phone', { normalise: (value) => normalisePhone(value, country), doubtsHashes: true })
  const address = takes.address ? addressOf(userData, country) : { entries: [], warnings: [] }
  const [firstEmail, ...emails] = entriesOf(email, 'emailAddress', 'email')
  const [firstPhone, ...phones] = entriesOf(phone, 'phoneNumber', 'phone')
  const all = [firstEmail, firstPhone, ...address.entries, ...emails, ...phones].filter((entry) => entry !== undefined)
  const tooMany = new Set(all.slice(takes.most).map((entry) => `user_data.${entry.field}`))
  return {
    list: all.slice(0, takes.most).map((entry) => entry.identifier),
    warnings: [
      ...email.warnings,
      ...phone.warnings,
      ...address.warnings,
      ...[...tooMany].map((field) => ({ field, reason: 'TOO_MANY_VALUES' as const })),
    ],
  }
}

/**
 * `userIdentifiers`, the click ids and what is known of the device, which encode puts in their places. The visitor's address goes along only
 * if the person's country is known to allow it.
 */
export const identify: Platform['identify'] = (event, { settings }) => {
  const userData = event.user_data
  const ownCountry = personCountry(userData, undefined)
  const { list, warnings } = identifiersOf(userData, ownCountry ?? settings.default_country, TAKES[settings.api ?? 'data_manager'])
  const fromUrl = findClickIds(event)
  const clicks = CLICK_IDS.map((name) => [name, clickIdField(userData, name, fromUrl[name])] as const)
  const address = plainField(userData, 'client_ip_address', normaliseIpAddress)
  const mobile = plainField(userData, 'mobile_ad_id', normaliseMobileAdId)
  const userAgent = userData.client_user_agent?.trim()
  const mayHaveAddress = ownCountry !== undefined && !NO_IP_ADDRESS.has(ownCountry)
  return {
    user: present({
      ...(list.length === 0 ? {} : { userIdentifiers: list }),
      ...Object.fromEntries(clicks.map(([name, click]) => [name, click.value])),
      mobileDeviceId: mobile.values[0],
      userAgent: userAgent === '' ? undefined : userAgent,
      ipAddress: mayHaveAddress ? address.values[0] : undefined,
    }),
    warnings: [...warnings, ...clicks.flatMap(([, click]) => click.warnings), ...mobile.warnings, ...address.warnings],
  }
}
