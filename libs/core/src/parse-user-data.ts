import { IDENTIFIER_FIELDS, PLAIN_USER_FIELDS, type UserData } from './event.ts'
import { isJsonObject } from './json.ts'
import { type ParseReport, pathSegment, refuse, warn } from './parse-report.ts'

type Kind = 'identifier' | 'plain'

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...IDENTIFIER_FIELDS.map((field): [string, Kind] => [field, 'identifier']),
  ...PLAIN_USER_FIELDS.map((field): [string, Kind] => [field, 'plain']),
])

/**
 * `user_data` as text and lists of text. Only its shape is judged here; what a value is worth is for each platform's `identify`. What is no text
 * is left out with a warning and the event goes on. Lists keep their length, an unusable entry as an empty text, so that later
 * warnings name the producer's own index.
 */
export function parseUserData(report: ParseReport, value: unknown, maxValues: number): UserData {
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) {
    refuse(report, 'user_data', 'must be an object')
    return {}
  }
  const user: Record<string, string | readonly string[]> = {}
  for (const [field, given] of Object.entries(value)) {
    const kind = KINDS.get(field)
    if (kind === undefined) {
      warn(report, `user_data.${pathSegment(field)}`, 'UNKNOWN_FIELD')
      continue
    }
    if (given === undefined || given === null) continue
    const path = `user_data.${field}`
    const read = kind === 'identifier' && Array.isArray(given) ? readValues(report, given, path, maxValues) : readValue(report, given, path)
    if (read !== undefined) user[field] = read
  }
  return user
}

function readValue(report: ParseReport, value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value
  if (Number.isSafeInteger(value)) return String(value)
  return warn(report, path, 'INVALID_VALUE')
}

function readValues(report: ParseReport, values: readonly unknown[], path: string, maxValues: number): readonly string[] | undefined {
  if (values.length > maxValues) return refuse(report, path, `has more than ${maxValues} values: send the best ones`)
  return values.map((value, index) => (value === null ? '' : (readValue(report, value, `${path}[${index}]`) ?? '')))
}
