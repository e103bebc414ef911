import type { UserData } from '@relay/core/event'
import { identifierValues } from './identifier-values.ts'
import { normaliseCountry } from './normalise-country.ts'

/** The country that phone numbers, states and postal codes of this person are read by: the first of the user's that is one, else the connection's default (alpha-2, upper case). */
export function personCountry(userData: UserData, defaultCountry: string | undefined): string | undefined {
  for (const { value } of identifierValues(userData, 'country')) {
    const country = normaliseCountry(value)
    if (country.ok) return country.value
  }
  return defaultCountry?.toUpperCase()
}
