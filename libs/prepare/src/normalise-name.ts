import { emptyOr, normalised, tidy, type Normalised } from './normalised.ts'

const nameOr = (value: string, name: string): Normalised => (name === '' ? emptyOr(value, 'INVALID_NAME') : normalised(name))

/** Lower case without punctuation, symbols and blanks; letters of all scripts, their marks and digits stay (Meta CIP, Snapchat PAR, read 2026-11-24). */
export const normaliseName = (value: string): Normalised =>
  nameOr(
    value,
    tidy(value)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}]/gu, ''),
  )

/** Lower case, only letters and their marks (TikTok Events API 2.0, rule on first and last name, read 2026-11-24). */
export const normaliseNameLetters = (value: string): Normalised =>
  nameOr(
    value,
    tidy(value)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}]/gu, ''),
  )

const TITLES: ReadonlySet<string> = new Set(['mr', 'mrs', 'ms', 'dr'])
/** Family-name endings of Google's own formatter (googleads/data-manager-java `UserDataFormatter`, read 2026-11-24). */
const SUFFIXES: ReadonlySet<string> = new Set([
  'jr',
  'sr',
  '2nd',
  '3rd',
  'ii',
  'iii',
  'iv',
  'v',
  'vi',
  'cpa',
  'dc',
  'dds',
  'vm',
  'jd',
  'md',
  'phd',
])

/** A word without its punctuation: titles and suffixes are told by this form, so that `Dr.`, `Dr` and `Ph.D.` are one. */
const bare = (word: string): string => word.replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '')

/**
 * Google's form: lower case, title and suffix dropped, punctuation removed within words (`O'Connor` → `oconnor`), one space between
 * words. A word that is all there is stays, be it `Ii`, a family name
 * (https://developers.google.com/data-manager/api/devguides/concepts/formatting and its protos, read 2026-11-24).
 */
export function normaliseNameForGoogle(value: string): Normalised {
  const words = tidy(value)
    .toLowerCase()
    .split(/[\s,]+/u)
    .map(bare)
    .filter((word) => word !== '')
  while (words.length > 1 && TITLES.has(words[0] ?? '')) words.shift()
  while (words.length > 1 && (SUFFIXES.has(words.at(-1) ?? '') || TITLES.has(words.at(-1) ?? ''))) words.pop()
  return nameOr(value, words.join(' '))
}
