import { normaliseEmail } from '@relay/prepare/normalise-email'
import { normaliseIpAddress } from '@relay/prepare/normalise-ip-address'
import { normalisePhoneDigits } from '@relay/prepare/normalise-phone'
import { normaliseText } from '@relay/prepare/normalised'
import { personCountry } from '@relay/prepare/person-country'
import type { Platform } from '@relay/platforms/contract'
import { createIdentified } from '@relay/platforms/identified'

/** Lists of hashes; address and browser as they are. */
export const identify: Platform['identify'] = (event, { settings }) => {
  const person = createIdentified(event.user_data)
  const country = personCountry(event.user_data, settings.default_country)
  person.hashed('em', 'email', normaliseEmail)
  person.hashed('ph', 'phone', (value) => normalisePhoneDigits(value, country), { doubtsHashes: true })
  person.plain('client_ip_address', 'client_ip_address', normaliseIpAddress)
  person.plain('client_user_agent', 'client_user_agent', normaliseText)
  return person.result()
}
