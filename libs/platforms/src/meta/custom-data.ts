import type { ContentItem, CustomData, FieldWarning } from '@relay/core/event'
import type { JsonObject, JsonValue } from '@relay/core/json'
import { pathSegment } from '@relay/core/parse-report'
import { currencyCode } from '@relay/prepare/currency'

const DELIVERY_CATEGORIES: ReadonlySet<string> = new Set(['in_store', 'curbside', 'home_delivery'])

const contentOf = (item: ContentItem): JsonObject => ({
  id: item.id,
  quantity: item.quantity,
  item_price: item.item_price,
  title: item.title,
  brand: item.brand,
  category: item.category,
  delivery_category: item.delivery_category,
})

const isFlat = (value: JsonValue | undefined): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value)

/** Custom properties have flat values (custom-data page); nested ones have no place. */
function furtherKeys(extra: JsonObject | undefined): { kept: JsonObject; warnings: FieldWarning[] } {
  const entries = Object.entries(extra ?? {})
  return {
    kept: Object.fromEntries(entries.filter(([, value]) => isFlat(value))),
    warnings: entries
      .filter(([, value]) => !isFlat(value))
      .map(([key]) => ({ field: `custom_data.${pathSegment(key)}`, reason: 'UNSUPPORTED_HERE' })),
  }
}

/** `custom_data` of a server event: known keys with their types, further keys as custom properties. */
export function customDataOf(data: CustomData): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const currency = currencyCode(data.currency)
  const further = furtherKeys(data.extra)
  const isDeliveryKnown = data.delivery_category === undefined || DELIVERY_CATEGORIES.has(data.delivery_category)
  const warnings: FieldWarning[] = [...further.warnings]
  if (data.currency !== undefined && currency === undefined) warnings.push({ field: 'custom_data.currency', reason: 'INVALID_VALUE' })
  if (!isDeliveryKnown) warnings.push({ field: 'custom_data.delivery_category', reason: 'INVALID_VALUE' })
  const body: JsonObject = {
    ...further.kept,
    currency,
    value: data.value,
    order_id: data.order_id,
    content_ids: data.content_ids,
    contents: data.contents?.map(contentOf),
    content_type: data.content_type,
    content_name: data.content_name,
    content_category: data.content_category,
    num_items: data.num_items,
    search_string: data.search_string,
    status: data.status,
    predicted_ltv: data.predicted_ltv,
    delivery_category: isDeliveryKnown ? data.delivery_category : undefined,
  }
  return { body, warnings }
}
