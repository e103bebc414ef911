import type { Consent, ConsentValue } from './event.ts'
import { isJsonObject } from './json.ts'
import { type ParseReport, pathSegment, refuse, warn } from './parse-report.ts'
import { readCount, type Reader, readText } from './read-value.ts'

/** Refused and not left out where it cannot be read: a consent that is dropped in silence may send what the person forbade. */
const readConsentValue: Reader<ConsentValue> = (report, value, path) => {
  if (value === undefined || value === null) return undefined
  if (value === 'GRANTED' || value === 'DENIED') return value
  return refuse(report, path, 'must be GRANTED or DENIED')
}

const readOptions: Reader<readonly string[]> = (report, value, path) => {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return refuse(report, path, 'must be a list, such as ["LDU"] or []')
  return value.flatMap((option, index) => readText(report, option, `${path}[${index}]`) ?? [])
}

const FIELDS: ReadonlyMap<string, Reader<unknown>> = new Map<string, Reader<unknown>>(
  Object.entries({
    ad_user_data: readConsentValue,
    ad_personalization: readConsentValue,
    data_processing_options: readOptions,
    data_processing_options_country: readCount,
    data_processing_options_state: readCount,
  } satisfies { [F in keyof Consent]: Reader<Consent[F]> }),
)

export function parseConsent(report: ParseReport, value: unknown): Consent {
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) {
    refuse(report, 'consent', 'must be an object')
    return {}
  }
  const consent: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(value)) {
    const read = FIELDS.get(key)
    if (read === undefined) {
      warn(report, `consent.${pathSegment(key)}`, 'UNKNOWN_FIELD')
      continue
    }
    const field = read(report, given, `consent.${key}`)
    if (field !== undefined) consent[key] = field
  }
  return consent
}
