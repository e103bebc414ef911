import countries from 'i18n-iso-countries'
import { emptyOr, normalised, tidy, type Normalised } from './normalised.ts'

const letters = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '')

const withoutMarks = (name: string): string => name.normalize('NFD').replaceAll(/\p{M}/gu, '')

/** Words for a country that no list of names has and that shops' address forms do. */
const FURTHER_NAMES: Readonly<Record<string, string>> = { england: 'GB', scotland: 'GB', wales: 'GB', northernireland: 'GB' }

type NamedCode = readonly [name: string, code: string]

/** Adds what is not known yet; a name that two countries share among the new ones is dropped, since a wrong country is worse than none. */
function addNames(known: Map<string, string>, names: readonly NamedCode[]): void {
  const found = new Map<string, string | null>()
  for (const [name, code] of names) {
    if (name === '' || known.has(name)) continue
    const before = found.get(name)
    found.set(name, before === undefined || before === code ? code : null)
  }
  for (const [name, code] of found) if (code !== null) known.set(name, code)
}

let codeByName: Map<string, string> | undefined

/** Every name of every language of the library; official names first, then second names, then both without accents. Built at first use, some 200 ms. */
function countryNames(): Map<string, string> {
  if (codeByName !== undefined) return codeByName
  const official: NamedCode[] = []
  const all: NamedCode[] = []
  for (const language of countries.getSupportedLanguages()) {
    for (const [code, names] of Object.entries(countries.getNames(language, { select: 'all' }))) {
      const known = names.map((name) => [letters(name), code] as const)
      official.push(...known.slice(0, 1))
      all.push(...known)
    }
  }
  codeByName = new Map(Object.entries(FURTHER_NAMES))
  addNames(codeByName, official)
  addNames(codeByName, all)
  addNames(
    codeByName,
    all.map(([name, code]) => [withoutMarks(name), code] as const),
  )
  return codeByName
}

/** ISO 3166-1 alpha-2, upper case, of a code (alpha-2, alpha-3, numeric) or of a name in any of the library's languages. */
export function normaliseCountry(value: string): Normalised {
  const text = letters(tidy(value))
  const code = text.toUpperCase()
  if (/^[A-Z]{2}$/.test(code) && countries.isValid(code)) return normalised(code)
  const found =
    (/^(?:[A-Z]{3}|\d{3})$/.test(code) ? countries.toAlpha2(code) : undefined) ??
    countryNames().get(text) ??
    countryNames().get(withoutMarks(text))
  return found === undefined ? emptyOr(value, 'INVALID_COUNTRY') : normalised(found)
}

/** As {@link normaliseCountry}, in lower case: the form of Meta, TikTok and Snapchat. */
export function normaliseCountryLowerCase(value: string): Normalised {
  const country = normaliseCountry(value)
  return country.ok ? normalised(country.value.toLowerCase()) : country
}
