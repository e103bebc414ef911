import { sha256Hex } from '@relay/prepare/hash'
import { conversionEvent, NOW } from '@relay/platforms/testing/events'
import type { Example } from '@relay/platforms/testing/fixtures'

const PAGE = 'https://developers.pinboard.example/conversions'

/** Golden pairs: what goes in, and the entry of `data` that comes out. */
export const examples: readonly Example[] = [
  {
    name: 'a purchase on a website',
    page: PAGE,
    event: conversionEvent({
      event_name: 'Purchase',
      event_source_url: 'https://shop.example/thanks',
      user_data: { email: ' Jane@Shop.example ', client_ip_address: '203.0.113.7' },
      custom_data: { currency: 'EUR', value: 49.9, order_id: 'o-1' },
    }),
    body: {
      event_name: 'checkout',
      event_id: 'order-1001',
      event_time: NOW / 1_000,
      action_source: 'web',
      event_source_url: 'https://shop.example/thanks',
      user_data: { em: [sha256Hex('jane@shop.example')], client_ip_address: '203.0.113.7' },
      custom_data: { currency: 'EUR', value: '49.9', order_id: 'o-1' },
    },
    warnings: [],
  },
  {
    name: 'nobody to match',
    page: PAGE,
    event: conversionEvent({ user_data: { client_ip_address: '203.0.113.7' } }),
    body: null,
    refused: 'IDENTITY_MISSING',
  },
]
