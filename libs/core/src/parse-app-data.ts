import type { AppData } from './event.ts'
import { isJsonObject } from './json.ts'
import { type ParseReport, pathSegment, refuse, warn } from './parse-report.ts'
import { readFlag, type Reader, readText } from './read-value.ts'

/** Both platforms that take it drop the event, or its data, without a word when it has another length. */
const EXTINFO_LENGTH = 16

/** Left out with a warning where it is unusable: the event is worth more than its device data. */
const readExtinfo: Reader<readonly string[]> = (report, value, path) => {
  if (value === undefined || value === null) return undefined
  const entries = Array.isArray(value) ? (value as readonly unknown[]).map(entryText) : []
  if (entries.length !== EXTINFO_LENGTH || entries.includes(undefined)) return warn(report, path, 'INVALID_EXTINFO')
  return entries as readonly string[]
}

function entryText(entry: unknown): string | undefined {
  if (entry === null) return ''
  if (typeof entry === 'string') return entry
  return typeof entry === 'number' ? String(entry) : undefined
}

const FIELDS: ReadonlyMap<string, Reader<unknown>> = new Map<string, Reader<unknown>>(
  Object.entries({
    app_id: readText,
    advertiser_tracking_enabled: readFlag,
    application_tracking_enabled: readFlag,
    extinfo: readExtinfo,
  } satisfies { [F in keyof AppData]: Reader<AppData[F]> }),
)

/** Undefined where none was given. */
export function parseAppData(report: ParseReport, value: unknown): AppData | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) return refuse(report, 'app_data', 'must be an object')
  const data: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(value)) {
    const read = FIELDS.get(key)
    if (read === undefined) {
      warn(report, `app_data.${pathSegment(key)}`, 'UNKNOWN_FIELD')
      continue
    }
    const field = read(report, given, `app_data.${key}`)
    if (field !== undefined) data[key] = field
  }
  return data
}
