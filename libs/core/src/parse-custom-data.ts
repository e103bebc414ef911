import type { ContentItem, CustomData } from './event.ts'
import { isJsonObject, type JsonValue } from './json.ts'
import { type ParseReport, pathSegment, refuse, warn } from './parse-report.ts'
import { readCount, type Reader, readNumber, readText, readTexts } from './read-value.ts'

/** ISO 4217 in its shape; whether a platform pays in it is the platform's to say. */
const readCurrency: Reader<string> = (report, value, path) => {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && /^[a-z]{3}$/i.test(value.trim())) return value.trim().toUpperCase()
  return refuse(report, path, 'must be a currency code of three letters, such as EUR')
}

const FIELDS: ReadonlyMap<string, Reader<unknown>> = new Map<string, Reader<unknown>>(
  Object.entries({
    currency: readCurrency,
    value: readNumber,
    order_id: readText,
    content_ids: readTexts,
    content_type: readText,
    content_name: readText,
    content_category: readText,
    num_items: readCount,
    search_string: readText,
    status: readText,
    predicted_ltv: readNumber,
    delivery_category: readText,
  } satisfies { [F in Exclude<keyof CustomData, 'contents' | 'extra'>]: Reader<CustomData[F]> }),
)

const ITEM_FIELDS: ReadonlyMap<string, Reader<unknown>> = new Map<string, Reader<unknown>>(
  Object.entries({
    id: readText,
    quantity: readNumber,
    item_price: readNumber,
    title: readText,
    brand: readText,
    category: readText,
    delivery_category: readText,
  } satisfies { [F in keyof ContentItem]: Reader<ContentItem[F]> }),
)

export const CUSTOM_DATA_FIELDS: readonly string[] = [...FIELDS.keys(), 'contents']

interface On {
  readonly maxContents: number
  /** A key `__proto__` is somewhere in the event, and must not travel on. */
  readonly hasProtoKey: boolean
}

/** `custom_data`: known fields read, all others kept as they came in `extra`, except what is null and keys named `__proto__`. */
export function parseCustomData(report: ParseReport, value: unknown, on: On): CustomData {
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) {
    refuse(report, 'custom_data', 'must be an object')
    return {}
  }
  const data: Record<string, unknown> = {}
  let extra: Record<string, JsonValue> | undefined
  for (const [key, given] of Object.entries(value)) {
    if (given === undefined || given === null || key === '__proto__') continue
    const read = FIELDS.get(key)
    if (read !== undefined) {
      const field = read(report, given, `custom_data.${key}`)
      if (field !== undefined) data[key] = field
    } else if (key === 'contents') {
      data['contents'] = readContents(report, given, on.maxContents)
    } else {
      extra ??= {}
      extra[key] = on.hasProtoKey ? withoutProtoKeys(given) : given
    }
  }
  if (extra !== undefined) data['extra'] = extra
  return data
}

function readContents(report: ParseReport, value: JsonValue, maxContents: number): readonly ContentItem[] | undefined {
  const path = 'custom_data.contents'
  if (!Array.isArray(value)) return refuse(report, path, 'must be a list of objects with an id')
  const items = value as readonly JsonValue[]
  if (items.length > maxContents) return refuse(report, path, `has more than ${maxContents} entries: send the most valuable ones`)
  return items.flatMap((item, index) => readItem(report, item, `${path}[${index}]`) ?? [])
}

function readItem(report: ParseReport, value: JsonValue, path: string): ContentItem | undefined {
  if (!isJsonObject(value)) return refuse(report, path, 'must be an object with an id')
  const item: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(value)) {
    const read = ITEM_FIELDS.get(key)
    if (read === undefined) {
      warn(report, `${path}.${pathSegment(key)}`, 'UNKNOWN_FIELD')
      continue
    }
    const field = read(report, given, `${path}.${key}`)
    if (field !== undefined) item[key] = field
  }
  if (item['id'] === undefined) return refuse(report, `${path}.id`, 'is missing: send the id that the catalogue has')
  return item as unknown as ContentItem
}

function withoutProtoKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutProtoKeys)
  if (!isJsonObject(value)) return value
  const kept: Record<string, JsonValue | undefined> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key !== '__proto__' && inner !== undefined) kept[key] = withoutProtoKeys(inner)
  }
  return kept
}
