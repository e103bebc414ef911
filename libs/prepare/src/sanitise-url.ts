import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { CLICK_ID_PARAMETERS } from './click-ids.ts'

export type SanitisedUrl =
  | { readonly ok: true; readonly url: string; /** Something was cut: PERSONAL_DATA_IN_URL. */ readonly cut: boolean }
  | { readonly ok: false; readonly reason: 'INVALID_URL' }

/** What stands behind the `@` of an address; tried at each `@`, since a pattern for the whole would take the square of a long text's length. */
const DOMAIN_AT = /[^\s@/?&=#:]+\.[\p{L}\p{N}-]{2,}/uy
const MAILBOX_END = /[^\s@/?&=#:]/u
const PHONE_NAME = /phone|mobile|msisdn|whatsapp|^(?:tel|cell|ph|fon)$/i
const WRITTEN_AS_PHONE = /^(?:\+|00)?[\d\s().-]+$/
const MIN_PHONE_DIGITS = 7
const MAX_PHONE_DIGITS = 15

const clickIds: ReadonlySet<string> = new Set(CLICK_ID_PARAMETERS.map((name) => name.toLowerCase()))
/** Click ids and UTM are what the URL is kept for; campaign ids of UTM are long numbers. */
const isMarketing = (name: string): boolean => clickIds.has(name.toLowerCase()) || name.toLowerCase().startsWith('utm_')

/** One run of escapes; where its bytes are no UTF-8, at least what is ASCII among them, so that a stray `%FF` hides no `%40`. */
function unescaped(run: string): string {
  try {
    return decodeURIComponent(run)
  } catch {
    return run.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}

/** Undone as often as redirects may have encoded it, three times at most; what can't be undone stays. */
function decoded(text: string): string {
  let current = text.replaceAll('+', ' ')
  for (let round = 0; round < 3 && current.includes('%'); round++) current = current.replaceAll(/(?:%[0-9a-f]{2})+/gi, unescaped)
  return current
}

function holdsEmail(text: string): boolean {
  for (let at = text.indexOf('@', 1); at !== -1; at = text.indexOf('@', at + 1)) {
    DOMAIN_AT.lastIndex = at + 1
    if (MAILBOX_END.test(text.charAt(at - 1)) && DOMAIN_AT.test(text)) return true
  }
  return false
}

const isValidNumber = (international: string): boolean => parsePhoneNumberFromString(international)?.isValid() === true

/**
 * A number with a sign of being a phone's: a plus, `00`, separators, or the name of the parameter. Bare digits are one only if they are a
 * number that exists, with its country code, or as the ten digits of North America, or behind a trunk zero; order ids and times stay.
 */
function looksLikePhone(name: string, value: string): boolean {
  // A literal `+` in a query is read as a blank.
  const text = value.startsWith(' ') ? `+${value.trim()}` : value.trim()
  const digits = text.replaceAll(/\D/g, '')
  if (digits.length < MIN_PHONE_DIGITS || digits.length > MAX_PHONE_DIGITS || !WRITTEN_AS_PHONE.test(text)) return false
  if (PHONE_NAME.test(name) || text.startsWith('+')) return true
  if (/^\d{4}-\d{2}-\d{2}$|^\d+(?:\.\d+)+$/.test(text)) return false
  if (/[\s()-]/.test(text)) return digits.length >= 9
  if (text.startsWith('00')) return isValidNumber(`+${digits.slice(2)}`)
  return /^0\d{9,11}$/.test(digits) || isValidNumber(`+${digits}`) || (digits.length === 10 && isValidNumber(`+1${digits}`))
}

function isPersonal(pair: string): boolean {
  const [rawName = '', ...rest] = pair.split('=')
  const name = decoded(rawName)
  const value = decoded(rest.join('='))
  if (holdsEmail(value) || holdsEmail(name)) return true
  return !isMarketing(name) && looksLikePhone(name, value)
}

/** Segments of a path that are an address (`/unsubscribe/a@b.example`) become `-`. */
const cleanPath = (path: string): string =>
  path
    .split('/')
    .map((segment) => (holdsEmail(decoded(segment)) ? '-' : segment))
    .join('/')

/**
 * Takes out of a URL what may name a person: query parameters whose value looks like an e-mail or a phone, e-mails in path and fragment,
 * and a user name before the host. All the rest stays byte for byte, since platforms compare URLs. Click ids and UTM are not taken for phones.
 */
export function sanitiseUrl(url: string): SanitisedUrl {
  const given = url.trim()
  if (!URL.canParse(given)) return { ok: false, reason: 'INVALID_URL' }
  const hashAt = given.indexOf('#')
  const beforeHash = hashAt === -1 ? given : given.slice(0, hashAt)
  const fragment = hashAt === -1 ? '' : given.slice(hashAt)
  const queryAt = beforeHash.indexOf('?')
  const base = queryAt === -1 ? beforeHash : beforeHash.slice(0, queryAt)
  const pairs = queryAt === -1 ? [] : beforeHash.slice(queryAt + 1).split('&')
  const kept = pairs.filter((pair) => !isPersonal(pair))
  const [, origin = '', path = base] = /^([a-z][a-z\d+.-]*:\/\/[^/]*)(.*)$/is.exec(base) ?? []
  const cleaned = `${origin.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/]*@/i, '$1')}${cleanPath(path)}`
  const query = kept.length === 0 ? (pairs.length === 0 ? '' : kept.length === pairs.length ? '?' : '') : `?${kept.join('&')}`
  const result = `${cleaned}${query}${holdsEmail(decoded(fragment)) ? '' : fragment}`.trimEnd()
  return { ok: true, url: result, cut: result !== given }
}
