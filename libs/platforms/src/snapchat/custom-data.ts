import type { ContentItem, CustomData, FieldWarning } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { pathSegment } from '@relay/core/parse-report'
import { currencyCode } from '@relay/prepare/currency'

/** Currencies that Snap's own Segment integration lets through (SEG, read 2026-11-24); others are sent and doubted. */
const CURRENCIES: ReadonlySet<string> = new Set(
  (
    'USD AED AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GIP HKD HRK HUF IDR ILS INR JPY KRW KWD KZT LBP MXN MYR NGN NOK NZD PEN PHP ' +
    'PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD TZS UAH VND ZAR ALL BHD DZD GHS IQD ISK JOD KES MAD OMR XOF'
  ).split(' '),
)

/** Further keys of `custom_data` that v3 knows: the travel set and what else its SDK has (SDK, SEG, read 2026-11-24). */
const FURTHER_KEYS: ReadonlySet<string> = new Set(
  (
    'sign_up_method event_tag brands custom_fields checkin_date travel_start travel_end suggested_destinations destination_airport origin_airport ' +
    'country city region neighborhood departing_departure_date departing_arrival_date returning_departure_date returning_arrival_date num_adults ' +
    'num_children num_infants hotel_score postal_code preferred_neighborhoods preferred_num_stops preferred_price_range preferred_star_ratings ' +
    'suggested_hotels destination_ids'
  ).split(' '),
)

const numberText = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value))

/** Quantity and price are texts in the SDK and the sample (SDK, USE). */
const contentOf = (item: ContentItem): JsonObject => ({
  id: item.id,
  quantity: numberText(item.quantity),
  item_price: numberText(item.item_price),
  brand: item.brand,
  delivery_category: item.delivery_category,
})

function warningsOf(data: CustomData, currency: string | undefined): FieldWarning[] {
  const warnings: FieldWarning[] = Object.keys(data.extra ?? {})
    .filter((key) => !FURTHER_KEYS.has(key))
    .map((key) => ({ field: `custom_data.${pathSegment(key)}`, reason: 'UNSUPPORTED_HERE' }))
  if (data.currency !== undefined && currency === undefined) warnings.push({ field: 'custom_data.currency', reason: 'INVALID_VALUE' })
  if (currency !== undefined && !CURRENCIES.has(currency)) warnings.push({ field: 'custom_data.currency', reason: 'UNSUPPORTED_CURRENCY' })
  return warnings
}

/** `custom_data` of a v3 event: money as numbers, `num_items` as a text of digits (PAR). */
export function customDataOf(data: CustomData): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const currency = currencyCode(data.currency)
  const body: JsonObject = {
    ...Object.fromEntries(Object.entries(data.extra ?? {}).filter(([key]) => FURTHER_KEYS.has(key))),
    value: data.value,
    currency,
    order_id: data.order_id,
    content_ids: data.content_ids,
    content_category: data.content_category,
    content_name: data.content_name,
    content_type: data.content_type,
    contents: data.contents?.map(contentOf),
    num_items: numberText(data.num_items),
    search_string: data.search_string,
    status: data.status,
    predicted_ltv: data.predicted_ltv,
    delivery_category: data.delivery_category,
  }
  return { body, warnings: warningsOf(data, currency) }
}
