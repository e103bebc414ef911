import { admit } from '@relay/accept/admit'
import type { Connection, ConnectionSettings } from '@relay/core/connection'
import type { Delivery } from '@relay/core/delivery'
import type { ConversionEvent } from '@relay/core/event'
import type { BatchId, ConnectionId, PlatformId, TenantId } from '@relay/core/ids'
import { parseEvent } from '@relay/core/parse-event'
import { PLATFORMS } from '@relay/platforms/registry'

/* What a shop sends for an order: ten identifiers, two articles. Every event has another id and another customer. */

export const TENANT = 'bench' as TenantId

const SETTINGS: Readonly<Record<PlatformId, ConnectionSettings>> = {
  meta: { pixel_id: '1111111111' },
  google: { operating_account: '1234567890', conversion_actions: { '*': '99' } },
  tiktok: { event_source_id: 'C4A1B2' },
  snapchat: { pixel_id: '0b1c2d3e-0000-4000-8000-000000000001' },
}

export const benchConnection = (platform: PlatformId): Connection => ({
  id: `con_bench_${platform}` as ConnectionId,
  tenantId: TENANT,
  platform,
  name: platform,
  settings: SETTINGS[platform],
  status: { state: 'active' },
  createdAt: Date.now(),
  credentialsSavedAt: Date.now() - 2 * 86_400_000,
})

let orders = 0

/** As it stands in a request's body. */
export function orderEvent(now: number): object {
  const order = ++orders
  return {
    event_id: `order-${order}`,
    event_name: 'Purchase',
    event_time: Math.floor(now / 1_000),
    event_source_url: 'https://shop.example/thanks?utm_source=newsletter',
    user_data: {
      email: ` Customer.${order}@Shop.example `,
      phone: `+49 151 ${String(10_000_000 + (order % 89_999_999))}`,
      first_name: 'Zoë',
      last_name: 'Müller-Lüdenscheidt',
      city: 'Köln',
      zip: '50667',
      country: 'DE',
      external_id: `customer-${order}`,
      client_ip_address: '203.0.113.7',
      client_user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    },
    custom_data: {
      currency: 'EUR',
      value: 49.9,
      order_id: `order-${order}`,
      contents: [
        { id: 'sku-1', quantity: 1, item_price: 29.9 },
        { id: 'sku-2', quantity: 2, item_price: 10 },
      ],
    },
  }
}

export function parsedOrder(now: number): ConversionEvent {
  const parsed = parseEvent(orderEvent(now), { receivedAt: now })
  if (!parsed.ok) throw new Error(`the sample is refused: ${parsed.error.path} ${parsed.error.message}`)
  return parsed.event
}

/** An order for one platform, as the door makes it. */
export function orderDelivery(platform: PlatformId, now: number): Delivery {
  const on = { platform: PLATFORMS[platform], receivedAt: now, batchId: 'batch_bench' as BatchId, defaultCountry: undefined }
  return admit(parsedOrder(now), benchConnection(platform), on).admission.delivery
}

export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
