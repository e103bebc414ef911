import type { ConnectionSettings } from '@relay/core/connection'
import { conversionEvent } from '../testing/events.ts'
import type { Example } from '../testing/fixtures.ts'

/** Events and parameters. */
const PARAMETERS = 'https://business-api.tiktok.com/portal/docs?id=1771101186666498'
const WEB_EVENTS = 'https://business-api.tiktok.com/portal/docs?id=1771100865818625'
const STANDARD_EVENTS = 'https://ads.tiktok.com/help/article/supported-standard-events'

export const SETTINGS: ConnectionSettings = { event_source_id: 'C4A1B2C3D4E5F6G7H8I9' }

/** Digests of the texts beside them, as their sources publish them (bububa/tiktok-business, hontrio-com/edinio.com; read 2026-11-24). */
const ALICE = '848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f'
const PHONE = '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd'
const USER_123 = '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'
const JANE = '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2'
const ZIP_95110 = '383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1'

/** Golden pairs: an event as a producer sends it, and the entry of `data` that TikTok gets. */
export const TIKTOK_EXAMPLES: readonly Example[] = [
  {
    name: 'a web purchase with everything that matches a person',
    page: PARAMETERS,
    event: conversionEvent({
      event_name: 'Purchase',
      event_source_url: 'https://shop.example/thanks?ttclid=E.C.P.abcDEF',
      referrer_url: 'https://shop.example/checkout',
      user_data: {
        email: ' ALICE_abc@gmail.com ',
        phone: '(+1)2133734253',
        external_id: 'user_123',
        first_name: 'Jane',
        zip: '95110',
        city: 'São Paulo',
        country: 'BR',
        ttp: '2Ab3Cd4Ef5',
        client_ip_address: '203.0.113.7',
        client_user_agent: 'Mozilla/5.0',
      },
      custom_data: {
        currency: 'BRL',
        value: 129.8,
        order_id: '1001',
        content_type: 'product',
        contents: [{ id: '4711', title: 'Shoe', category: 'Shoes', brand: 'Acme', quantity: 2, item_price: 64.9 }],
        content_ids: ['4711'],
        num_items: 2,
      },
    }),
    body: {
      event: 'Purchase',
      event_time: 1_795_521_600,
      event_id: 'order-1001',
      user: {
        email: [ALICE],
        phone: [PHONE],
        external_id: [USER_123],
        first_name: JANE,
        zip_code: ZIP_95110,
        city: 'saopaulo',
        country: 'br',
        ttclid: 'E.C.P.abcDEF',
        ttp: '2Ab3Cd4Ef5',
        ip: '203.0.113.7',
        user_agent: 'Mozilla/5.0',
      },
      properties: {
        currency: 'BRL',
        value: 129.8,
        order_id: '1001',
        content_type: 'product',
        contents: [{ content_id: '4711', content_name: 'Shoe', content_category: 'Shoes', brand: 'Acme', quantity: 2, price: 64.9 }],
        content_ids: ['4711'],
        num_items: 2,
      },
      page: { url: 'https://shop.example/thanks?ttclid=E.C.P.abcDEF', referrer: 'https://shop.example/checkout' },
    },
    warnings: [],
  },
  {
    name: 'a sale in a store, for an offline event set',
    page: PARAMETERS,
    settings: { ...SETTINGS, event_source: 'offline' },
    event: conversionEvent({
      event_name: 'Purchase',
      action_source: 'physical_store',
      user_data: { email: 'ALICE_abc@gmail.com', external_id: 'user_123' },
      custom_data: { currency: 'EUR', value: 20 },
    }),
    body: {
      event: 'Purchase',
      event_time: 1_795_521_600,
      event_id: 'order-1001',
      user: { email: [ALICE] },
      properties: { currency: 'EUR', value: 20 },
    },
    warnings: [{ field: 'user_data.external_id', reason: 'UNSUPPORTED_HERE' }],
  },
  {
    name: 'a custom name, kept on a web pixel',
    page: WEB_EVENTS,
    event: conversionEvent({ event_name: 'quiz_done', user_data: { ttclid: 'E.C.P.x' } }),
    body: { event: 'quiz_done', event_time: 1_795_521_600, event_id: 'order-1001', user: { ttclid: 'E.C.P.x' } },
  },
  {
    name: 'a page view, of which TikTok has no standard event',
    page: STANDARD_EVENTS,
    event: conversionEvent({ event_name: 'PageView', user_data: { ttclid: 'E.C.P.x' } }),
    body: null,
    refused: 'EVENT_UNMAPPED',
  },
]
