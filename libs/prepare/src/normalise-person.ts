import { emptyOr, normalised, tidy, unusable, type Normalised } from './normalised.ts'

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$|^(\d{4})(\d{2})(\d{2})$/
const FIRST_YEAR = 1900
const LAST_YEAR = 2099

/** `YYYYMMDD` of an ISO date (`1997-02-16`, `19970216`) that stands in the calendar. Other orders are refused: `05-03-1995` is two dates. */
export function normaliseDateOfBirth(value: string): Normalised {
  const match = ISO_DATE.exec(tidy(value))
  if (match === null) return emptyOr(value, 'INVALID_DATE')
  const [year, month, day] = [match[1] ?? match[4], match[2] ?? match[5], match[3] ?? match[6]].map(Number) as [number, number, number]
  const date = new Date(Date.UTC(year, month - 1, day))
  const isReal = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isReal || year < FIRST_YEAR || year > LAST_YEAR) return unusable('INVALID_DATE')
  return normalised(tidy(value).replaceAll('-', ''))
}

const GENDERS: Readonly<Record<string, string>> = { f: 'f', female: 'f', m: 'm', male: 'm' }

/** `f` or `m`; the platforms have no third value, so every other word is left out. */
export function normaliseGender(value: string): Normalised {
  const word = tidy(value).toLowerCase()
  return Object.hasOwn(GENDERS, word) ? normalised(GENDERS[word]!) : emptyOr(value, 'INVALID_GENDER')
}

/** The producer's id as it is, outer blanks aside: it has to be the very text that the browser pixel uses. */
export function normaliseExternalId(value: string): Normalised {
  const text = value.trim()
  return text === '' ? unusable('EMPTY') : normalised(text)
}

/** Without any blanks and in lower case: Snapchat's form (segmentio/action-destinations `snap-capi-v3.ts`, read 2026-11-24). */
export function normaliseExternalIdCompact(value: string): Normalised {
  const text = tidy(value).replaceAll(/\s/gu, '').toLowerCase()
  return text === '' ? unusable('EMPTY') : normalised(text)
}

const MOBILE_AD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const NO_MOBILE_AD_ID = '00000000-0000-0000-0000-000000000000'

/** IDFA or GAID in lower case with its hyphens. All zeros is what a phone says when its owner opted out, so it is no id. */
export function normaliseMobileAdId(value: string): Normalised {
  const text = tidy(value).toLowerCase()
  return MOBILE_AD_ID.test(text) && text !== NO_MOBILE_AD_ID ? normalised(text) : emptyOr(value, 'INVALID_MOBILE_AD_ID')
}
