import type { WarningReason } from '@relay/core/event'
import { emptyOr, normalised, tidy, type Normalised } from './normalised.ts'
import { US_STATES } from './us-states.ts'

const placeOr = (value: string, place: string, reason: WarningReason): Normalised =>
  place === '' ? emptyOr(value, reason) : normalised(place)

const withoutBlanks = (value: string): string => tidy(value).toLowerCase().replaceAll(/\s/gu, '')
const lettersOf = (value: string): string =>
  tidy(value)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}]/gu, '')
const lettersAndDigitsOf = (value: string): string =>
  tidy(value)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '')

/** Letters that NFD does not take apart. */
const FOLDED: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ß: 'ss', æ: 'ae', œ: 'oe', ı: 'i' }

/** Lower-case ASCII letters and digits, accents folded away: `Târgu Mureș` → `targumures`; nothing is left of `東京` (TikTok Events API 2.0, plain city, state and country, read 2026-11-24). */
const asciiOf = (value: string): string =>
  tidy(value)
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[øłđßæœı]/gu, (letter) => FOLDED[letter] ?? '')
    .replaceAll(/[^a-z0-9]/gu, '')

/** Letters and marks only, lower case; letters with accents stay. Meta's own code cuts them (`Zürich` → `zrich`); the page (Meta CIP, read 2026-11-24) does not, and wins. */
export const normaliseCity = (value: string): Normalised => placeOr(value, lettersOf(value), 'INVALID_CITY')

/** Lower case, no blanks, everything else kept: all that is written for Snapchat's `ct` (snapchat PAR, read 2026-11-24). */
export const normaliseCityCompact = (value: string): Normalised => placeOr(value, withoutBlanks(value), 'INVALID_CITY')

/** As {@link asciiOf}, for TikTok. */
export const normaliseCityAscii = (value: string): Normalised => placeOr(value, asciiOf(value), 'INVALID_CITY')

/** The two letters of a US state, from its name, its code or `US-CA`; undefined outside the US, and for what is no state. */
function usStateOf(value: string, country: string | undefined): string | undefined {
  if (country !== undefined && country !== 'US') return undefined
  const name = lettersOf(value)
  if (Object.hasOwn(US_STATES, name)) return US_STATES[name]
  const code = /^us[\s-]+([a-z]{2})$/.exec(tidy(value).toLowerCase())?.[1]
  if (code !== undefined && Object.values(US_STATES).includes(code)) return code
  // Codes beside the states': those of the armed forces, for one.
  return country === 'US' && /^[a-z]{2}$/.test(name) ? name : undefined
}

/** In the US two letters or nothing: what is none of its states has no form there (Meta CIP, Snapchat PAR, read 2026-11-24). */
function stateOr(value: string, country: string | undefined, elsewhere: string): Normalised {
  const state = usStateOf(value, country)
  return state === undefined && country === 'US' ? emptyOr(value, 'INVALID_STATE') : placeOr(value, state ?? elsewhere, 'INVALID_STATE')
}

/** Two letters in the US (or where the country is not known and the name is a US state's); elsewhere lower case without blanks and punctuation. `country` is alpha-2, upper case. */
export const normaliseState = (value: string, country?: string): Normalised => stateOr(value, country, lettersAndDigitsOf(value))

/** As {@link normaliseState}, but outside the US only the blanks go: Snapchat's `st`. */
export const normaliseStateCompact = (value: string, country?: string): Normalised => stateOr(value, country, withoutBlanks(value))

/** As {@link asciiOf}, for TikTok's plain `state`. */
export const normaliseStateAscii = (value: string): Normalised => placeOr(value, asciiOf(value), 'INVALID_STATE')

/** Five digits and four more behind a dash: no postal code but that of the US is written so. */
const ZIP_PLUS_4 = /^\d{5}-\d{4}$/

function usZip(value: string, keepExtension: boolean): Normalised {
  const match = /^(\d{5})(?:[\s-]?(\d{4}))?$/.exec(tidy(value))
  if (match === null) return emptyOr(value, 'INVALID_ZIP')
  const [, zip = '', extension] = match
  return normalised(keepExtension && extension !== undefined ? `${zip}-${extension}` : zip)
}

const isUsZip = (value: string, country: string | undefined): boolean =>
  country === 'US' || (country === undefined && ZIP_PLUS_4.test(tidy(value)))

/**
 * Lower case without blanks and dashes; in the US the first five digits. Other countries keep every character: Meta's own code cuts at
 * the dash, which makes `100` of Japan's `100-0001`; the page (Meta CIP, read 2026-11-24) does not say so, and wins.
 */
export const normaliseZip = (value: string, country?: string): Normalised =>
  isUsZip(value, country) ? usZip(value, false) : placeOr(value, lettersAndDigitsOf(value), 'INVALID_ZIP')

/** Lower case without blanks and dashes, no cut: TikTok. */
export const normaliseZipWhole = (value: string): Normalised => placeOr(value, lettersAndDigitsOf(value), 'INVALID_ZIP')

/** Lower case without blanks: all that is written for Snapchat's `zp` (snapchat PAR, read 2026-11-24). */
export const normaliseZipCompact = (value: string): Normalised => placeOr(value, withoutBlanks(value), 'INVALID_ZIP')

/** As it is written, in upper case; in the US five digits or 5+4 (Google's plain `postalCode`). */
export function normaliseZipForGoogle(value: string, country?: string): Normalised {
  if (isUsZip(value, country)) return usZip(value, true)
  const zip = tidy(value).toUpperCase().replaceAll(/\s+/gu, ' ')
  return /^[\p{L}\p{N}][\p{L}\p{N} -]*$/u.test(zip) ? normalised(zip) : emptyOr(value, 'INVALID_ZIP')
}
