/** Good events as a careful client of each platform sends them. The digests are the published vectors of the platforms' pages. */
export const NOW = Date.UTC(2026, 10, 24, 12)
export const NOW_S = NOW / 1000

/** Meta, customer-information-parameters: `John_Smith@gmail.com`. */
const META_EMAIL = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
/** Meta, the same page: the US phone `(650)555-1212`. */
const META_PHONE = 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'
/** Google, devguides/concepts/formatting: `alexz@example.com` in both encodings, and the two parts of a name. */
const GOOGLE_EMAIL = '509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a'
export const GOOGLE_EMAIL_BASE64 = 'UJ6TMBm7KFoTSpM0uLtnnf950M4CPVKa9L10TUe0/Yo='
export const GOOGLE_GIVEN_NAME = '128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814'
export const GOOGLE_FAMILY_NAME = '77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574'
/** TikTok, reference of event/track: ` ALICE_abc@gmail.com ` and `(+1)2133734253`. */
const TIKTOK_EMAIL = '848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f'
const TIKTOK_PHONE = '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd'
/** Snapchat, Conversions API parameters: `Person@Example.com`. */
const SNAPCHAT_EMAIL = '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345'

export const SNAPCHAT_PIXEL = '0f2d7b9e-3c1a-4f57-9d1e-6a1b2c3d4e5f'
export const GOOGLE_ACCOUNT = '1234567890/777'

type Json = Readonly<Record<string, unknown>>

export function metaEvent(changes: Json = {}): Json {
  const user = { em: [META_EMAIL], ph: META_PHONE, client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' }
  const custom = { value: 49.9, currency: 'EUR', contents: [{ id: 'sku-1', quantity: 1, item_price: 49.9 }] }
  const event = { event_name: 'Purchase', event_time: NOW_S - 60, event_id: 'ord-1001', action_source: 'website', user_data: user }
  return { ...event, event_source_url: 'https://shop.example/thanks', custom_data: custom, ...changes }
}

export function googleEvent(changes: Json = {}): Json {
  const user = { userIdentifiers: [{ emailAddress: GOOGLE_EMAIL }] }
  const event = { destinationReferences: ['d1'], transactionId: 'order-1001', eventTimestamp: '2026-11-24T11:59:00Z', eventSource: 'WEB' }
  return { ...event, adIdentifiers: { gclid: 'Cj0KCQ' }, userData: user, currency: 'EUR', conversionValue: 49.9, ...changes }
}

export function googleDestination(changes: Json = {}): Json {
  const operatingAccount = { accountType: 'GOOGLE_ADS', accountId: '1234567890' }
  return { reference: 'd1', operatingAccount, productDestinationId: '777', ...changes }
}

export function tiktokEvent(changes: Json = {}): Json {
  const user = {
    email: [TIKTOK_EMAIL],
    phone: TIKTOK_PHONE,
    ip: '203.0.113.7',
    user_agent: 'Mozilla/5.0',
    city: 'targumures',
    country: 'ro',
  }
  const contents = [{ content_id: 'sku-1', quantity: 1, price: 49.9 }]
  const properties = { currency: 'EUR', value: 49.9, content_type: 'product', contents }
  const event = { event: 'Purchase', event_time: NOW_S - 60, event_id: 'ord-1001', user, page: { url: 'https://shop.example/thanks' } }
  return { ...event, properties, ...changes }
}

export function snapchatEvent(changes: Json = {}): Json {
  const custom = { value: 49.9, currency: 'EUR', order_id: 'ord-1001', num_items: '1' }
  const event = { event_name: 'PURCHASE', event_time: NOW_S - 60, event_id: 'ord-1001', action_source: 'WEB', custom_data: custom }
  return { ...event, event_source_url: 'https://shop.example/thanks', user_data: { em: [SNAPCHAT_EMAIL] }, ...changes }
}
