import { isSupportedCountry, parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max'
import { normalised, tidy, unusable, type Normalised } from './normalised.ts'

/** Digits, and what people put between and before them. Letters make a text of it, no number. */
const LOOKS_LIKE_A_PHONE = /^(?:tel:)?[\d\p{Nd}+＋\s().,/\-‐-―−·•~*#\u200E\u200F\u202A-\u202E]+(?:(?:;?ext[.:=]?|x)\s*\d{1,7})?$/iu
/** Below this no country code would make a phone of it. */
const FEWEST_DIGITS = 6

/** The number as an international one where it says that it is one, by `+` or `00`; zeros before a country code mean nothing. */
function asInternational(text: string): string | undefined {
  if (text.startsWith('+')) return text.replace(/^[+\s(0]+/u, '+')
  return /^\(?0\s*0/u.test(text) ? text.replace(/^[(\s0]+/u, '+') : undefined
}

/** How a number may be read, best first: as an international one, then in the country given, with and without the zeros before it. */
function* readings(text: string, country: string | undefined): Iterable<PhoneNumber> {
  const international = asInternational(text)
  const first = international === undefined ? undefined : parsePhoneNumberFromString(international, { extract: false })
  if (first !== undefined) yield first
  if (country === undefined || !isSupportedCountry(country) || text.startsWith('+')) return
  const withoutZeros = text.replace(/^[0\s(]+/u, '')
  for (const national of withoutZeros === text ? [text] : [text, withoutZeros]) {
    const found = parsePhoneNumberFromString(national, { defaultCountry: country, extract: false })
    if (found !== undefined) yield found
  }
}

/** The first reading that is a number which exists, else the first that could be one. */
function bestReading(text: string, country: string | undefined): PhoneNumber | undefined {
  let possible: PhoneNumber | undefined
  for (const reading of readings(text, country)) {
    if (reading.isValid()) return reading
    if (possible === undefined && reading.isPossible()) possible = reading
  }
  return possible
}

/**
 * E.164 with `+`, such as `+442079460958`; Meta and Snapchat drop the `+` before they hash, TikTok and Google keep it. A number without
 * a country code is read in `country` (ISO alpha-2); without either it is left out, since a guessed code makes a wrong hash. The trunk
 * zero of a national number goes (`+44 (0)20 …`), except where it belongs to the number as in Italy. Possible numbers are taken, not
 * only assigned ones: the platforms' own vectors hold numbers that no network gives out.
 */
export function normalisePhone(value: string, country?: string): Normalised {
  const given = tidy(value)
  if (given === '') return unusable('EMPTY')
  if (!LOOKS_LIKE_A_PHONE.test(given)) return unusable('INVALID_PHONE')
  const text = given.replace(/^tel:/iu, '').replace(/^[(\s]*[+＋]/u, '+')
  const best = bestReading(text, country?.toUpperCase())
  if (best !== undefined) return normalised(best.number)
  const isNational = asInternational(text) === undefined && text.replaceAll(/\P{Nd}/gu, '').length >= FEWEST_DIGITS
  return unusable(country === undefined && isNational ? 'PHONE_WITHOUT_COUNTRY' : 'INVALID_PHONE')
}

/** As {@link normalisePhone}, digits only: the form of Meta and Snapchat. */
export function normalisePhoneDigits(value: string, country?: string): Normalised {
  const phone = normalisePhone(value, country)
  return phone.ok ? normalised(phone.value.slice(1)) : phone
}
