import type { ContentItem, CustomData, FieldWarning } from '@relay/core/event'
import type { JsonObject, JsonValue } from '@relay/core/json'
import { present } from '@relay/prepare/present'
import { TIKTOK_CURRENCIES } from './currencies.ts'

/*
 * `properties` of one event: https://business-api.tiktok.com/portal/docs?id=1771101186666498, read 2026-11-24. Ids are strings,
 * which the event's schema makes sure of (a numeric content_id refuses the whole request with 40002); amounts and counts are numbers.
 */

export interface Properties {
  readonly properties: JsonObject
  readonly warnings: readonly FieldWarning[]
}

const CONTENT_TYPES: ReadonlySet<string> = new Set(['product', 'product_group'])
/** Further keys of a producer that TikTok knows as texts. */
const EXTRA_TEXTS = ['shop_id', 'description'] as const

const warn = (field: string, reason: FieldWarning['reason']): FieldWarning => ({ field: `custom_data.${field}`, reason })

interface Money {
  readonly currency: string | undefined
  /** False where amounts would be read in a currency in which they were not meant. */
  readonly keepsAmounts: boolean
  readonly warnings: readonly FieldWarning[]
}

/** A currency that TikTok does not take goes, and every amount with it: a bare 1,000 UYU would be booked as 1,000 of the account's currency. */
function moneyOf(data: CustomData): Money {
  const given = data.currency?.trim().toUpperCase()
  if (given === undefined || given === '') return { currency: undefined, keepsAmounts: true, warnings: [] }
  if (TIKTOK_CURRENCIES.has(given)) return { currency: given, keepsAmounts: true, warnings: [] }
  return { currency: undefined, keepsAmounts: false, warnings: [warn('currency', 'UNSUPPORTED_CURRENCY')] }
}

const contentOf = (item: ContentItem, keepsAmounts: boolean): JsonObject =>
  present({
    content_id: item.id,
    content_name: item.title,
    content_category: item.category,
    brand: item.brand,
    price: keepsAmounts ? item.item_price : undefined,
    quantity: item.quantity,
  })

/** Without `contents` the event's own name and category still have a place, if it is about one product. */
function contentsOf(data: CustomData, keepsAmounts: boolean): readonly JsonObject[] | undefined {
  if (data.contents !== undefined && data.contents.length > 0) return data.contents.map((item) => contentOf(item, keepsAmounts))
  const [onlyId, ...others] = data.content_ids ?? []
  if (onlyId === undefined || others.length > 0 || (data.content_name === undefined && data.content_category === undefined))
    return undefined
  return [present({ content_id: onlyId, content_name: data.content_name, content_category: data.content_category })]
}

function extraTexts(data: CustomData): JsonObject {
  const found = EXTRA_TEXTS.flatMap((name): [string, JsonValue][] => {
    const value = data.extra?.[name]
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : []
  })
  return Object.fromEntries(found)
}

export function propertiesOf(data: CustomData): Properties {
  const { currency, keepsAmounts, warnings } = moneyOf(data)
  const isContentTypeGood = data.content_type === undefined || CONTENT_TYPES.has(data.content_type)
  return {
    properties: present({
      currency,
      value: keepsAmounts ? data.value : undefined,
      content_type: isContentTypeGood ? data.content_type : undefined,
      contents: contentsOf(data, keepsAmounts),
      content_ids: data.content_ids,
      order_id: data.order_id,
      num_items: data.num_items,
      search_string: data.search_string,
      predicted_ltv: keepsAmounts ? data.predicted_ltv : undefined,
      delivery_category: data.delivery_category,
      ...extraTexts(data),
    }),
    warnings: isContentTypeGood ? warnings : [...warnings, warn('content_type', 'UNSUPPORTED_HERE')],
  }
}
