// A last guard, not a licence: nothing secret and nobody's raw data is to be given to the logger in the first place.

const CENSORED = '***'

/**
 * Keys whose value never reaches a log, at any depth. Compared without case, "-" and "_"; a number or boolean stays (`events: 150` is a count).
 */
export const REDACTED_KEYS: readonly string[] = [
  // secrets
  'authorization proxyAuthorization cookie setCookie token accessToken refreshToken idToken developerToken',
  'secret clientSecret appSecret password passphrase apiKey ingestKey masterKey privateKey credentials',
  // people
  'user userData hashedUser email phone firstName lastName fullName dateOfBirth gender city zip postalCode street streetAddress',
  'externalId clientIpAddress ipAddress ip clientUserAgent userAgent em ph fn ln zp fbc fbp gclid gbraid wbraid ttclid ttp scClickId',
  'scCookie1 mobileAdId leadId subscriptionId',
  // what may hold either
  'body headers payload events customData customerInfo query',
].flatMap((line) => line.split(' '))

const plain = (key: string): string => key.replaceAll(/[-_]/g, '').toLowerCase()

const CENSORED_KEYS: ReadonlySet<string> = new Set(REDACTED_KEYS.map(plain))

/** Does the line hold such a key? Only then is it worth reading as JSON. */
const HAS_CENSORED_KEY = new RegExp(`"(?:${REDACTED_KEYS.map((key) => plain(key).replaceAll(/(?<=.)(?=.)/g, '[-_]?')).join('|')})":`, 'i')

type Replacements = readonly (readonly [pattern: RegExp, replacement: string])[]

/** Secrets and people inside of texts: a message, a stack, a URL. The bounds keep a long text from costing its length squared. */
const SECRETS_IN_TEXT: Replacements = [
  [/(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${CENSORED}`],
  [/((?:access|refresh|id|developer)_?token|client_?secret|appsecret_?proof|password|api_?key)(=|%3D)[^&\s"\\]+/gi, `$1$2${CENSORED}`],
]
const WITH_AT_SIGN: Replacements = [
  [/:\/\/[^\s/"@]{0,256}@/g, `://${CENSORED}@`],
  // An escape such as \n in front is no part of the address, and half an escape would break the line.
  [/(\\(?:u[0-9a-f]{4}|.))?[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}/g, `$1${CENSORED}`],
]

/** One line of JSON with its line end → the same line without what must not be in it. */
export function redactLine(line: string): string {
  let redacted = line
  if (HAS_CENSORED_KEY.test(line)) {
    try {
      redacted = `${JSON.stringify(censor(JSON.parse(line)))}\n`
    } catch {
      // A line that cannot be read cannot be vouched for.
      return `${JSON.stringify({ level: 'error', msg: 'a log line that is not JSON was left out' })}\n`
    }
  }
  // Looking for an @ first halves the cost of the common line.
  const replacements = redacted.includes('@') ? [...SECRETS_IN_TEXT, ...WITH_AT_SIGN] : SECRETS_IN_TEXT
  for (const [pattern, replacement] of replacements) redacted = redacted.replaceAll(pattern, replacement)
  return redacted
}

function censor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(censor)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, isCensored(key, inner) ? CENSORED : censor(inner)]))
}

const isCensored = (key: string, value: unknown): boolean =>
  CENSORED_KEYS.has(plain(key)) && typeof value !== 'number' && typeof value !== 'boolean' && value !== null
