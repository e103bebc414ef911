import { SHA256_OF_NOTHING, isFields, isText } from './fields.ts'
import type { GoogleProblem } from './google-validate.ts'

const MAX_IDENTIFIERS = 10
const KINDS = ['emailAddress', 'phoneNumber', 'address'] as const
/** dm/user_data.proto, read November 2026: two hashed, two plain, all four required. */
const ADDRESS_HASHED = [
  ['givenName', 'given_name'],
  ['familyName', 'family_name'],
] as const

/** The first thing wrong with `userData`, or undefined; absent is fine. `encoding` is that of the whole request. */
export function findUserProblem(user: unknown, encoding: unknown): GoogleProblem | undefined {
  if (user === undefined) return undefined
  const field = 'user_data.user_identifiers'
  const identifiers = isFields(user) ? user['userIdentifiers'] : undefined
  if (!Array.isArray(identifiers) || identifiers.length === 0)
    return { field, reason: 'TOO_FEW_ELEMENTS', description: 'The list is empty.' }
  if (identifiers.length > MAX_IDENTIFIERS) {
    return { field, reason: 'TOO_MANY_USER_IDENTIFIERS', description: `At most ${MAX_IDENTIFIERS} identifiers are allowed.` }
  }
  for (const [index, identifier] of identifiers.entries()) {
    const problem = identifierProblem(identifier, encoding, `${field}[${index}]`)
    if (problem !== undefined) return problem
  }
  return undefined
}

function identifierProblem(identifier: unknown, encoding: unknown, field: string): GoogleProblem | undefined {
  const given = isFields(identifier) ? Object.keys(identifier) : []
  const kind = KINDS.find((each) => each === given[0])
  if (!isFields(identifier) || given.length !== 1 || kind === undefined) {
    return { field, reason: 'INVALID_ARGUMENT', description: `An identifier is exactly one of ${KINDS.join(', ')}.` }
  }
  if (kind === 'address') return addressProblem(identifier['address'], encoding, `${field}.address`)
  return hashProblem(identifier[kind], encoding, `${field}.${kind === 'emailAddress' ? 'email_address' : 'phone_number'}`)
}

function addressProblem(address: unknown, encoding: unknown, field: string): GoogleProblem | undefined {
  if (!isFields(address)) return { field, reason: 'INVALID_ARGUMENT', description: 'An address is an object.' }
  const missing = ['givenName', 'familyName', 'regionCode', 'postalCode'].find((key) => !isText(address[key]))
  if (missing !== undefined)
    return { field, reason: 'REQUIRED_FIELD_MISSING', description: `The required field ${missing} was not present.` }
  for (const [key, name] of ADDRESS_HASHED) {
    const problem = hashProblem(address[key], encoding, `${field}.${name}`)
    if (problem !== undefined) return problem
  }
  const region = String(address['regionCode'])
  if (!/^[A-Z]{2}$/.test(region)) {
    return {
      field: `${field}.region_code`,
      reason: 'INVALID_REGION_CODE',
      description: 'The region code is not ISO 3166-1 alpha-2, upper case.',
    }
  }
  const postal = region === 'US' ? /^\d{5}(?:-\d{4})?$/ : /^[A-Za-z0-9 -]{2,12}$/
  if (postal.test(String(address['postalCode']))) return undefined
  return { field: `${field}.postal_code`, reason: 'INVALID_POSTAL_CODE', description: 'The postal code is not valid.' }
}

/** HEX in either case, or BASE64 of the 32 raw bytes; not of the hex text. */
function hashProblem(value: unknown, encoding: unknown, field: string): GoogleProblem | undefined {
  const text = isText(value) ? value : ''
  if (encoding === 'BASE64') {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return { field, reason: 'INVALID_BASE64_ENCODING', description: 'The value is not BASE64.' }
    const isHash = Buffer.from(text, 'base64').length === 32
    return isHash ? undefined : { field, reason: 'INVALID_SHA256_FORMAT', description: 'The value is not a SHA-256 hash.' }
  }
  if (!/^[0-9a-fA-F]+$/.test(text)) return { field, reason: 'INVALID_HEX_ENCODING', description: 'The value is not HEX.' }
  if (text.length === 64 && text.toLowerCase() !== SHA256_OF_NOTHING) return undefined
  return { field, reason: 'INVALID_SHA256_FORMAT', description: 'The value is not a SHA-256 hash.' }
}
