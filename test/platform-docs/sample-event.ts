import type { ConversionEvent } from '@relay/core/event'
import { conversionEvent } from '@relay/platforms/testing/events'

/** `extinfo` of an Android phone. */
const EXTINFO = 'a2|com.shop|1.0|1.0 long|13|Pixel 7|en_US|CET||1080|2400|2.75|8|128|64|Europe/Berlin'.split('|')

/** An event with something in every field that does not exclude another one; click ids and country-bound fields come with the probes. */
export const sampleEvent = (event: Partial<ConversionEvent>): ConversionEvent =>
  conversionEvent({
    event_name: 'Purchase',
    event_source_url: 'https://shop.example/thanks',
    user_data: {
      email: 'jane@shop.example',
      phone: '+4915123456789',
      first_name: 'Jane',
      last_name: 'Doe',
      zip: '94043',
      country: 'US',
      external_id: 'customer-1',
      client_ip_address: '203.0.113.7',
      client_user_agent: 'Mozilla/5.0 (Linux; Android 13)',
      lead_id: '1234567890123456',
    },
    custom_data: {
      currency: 'EUR',
      value: 49.9,
      order_id: 'order-1001',
      contents: [{ id: 'sku-1', quantity: 1, item_price: 49.9 }],
    },
    app_data: { app_id: 'com.shop', extinfo: EXTINFO },
    ...event,
  })

export interface Probe {
  /** As it stands in the table. */
  readonly field: string
  /** The same event with different values in that field; the last resort where a value is refused is to leave the field out. */
  readonly values: readonly ((event: ConversionEvent) => ConversionEvent)[]
}

type Edit = (event: ConversionEvent) => ConversionEvent

const top =
  (changes: Partial<ConversionEvent>): Edit =>
  (event) => ({ ...event, ...changes })
const user =
  (changes: ConversionEvent['user_data']): Edit =>
  (event) => ({ ...event, user_data: { ...event.user_data, ...changes } })
const custom =
  (changes: ConversionEvent['custom_data']): Edit =>
  (event) => ({ ...event, custom_data: { ...event.custom_data, ...changes } })
const app =
  (changes: NonNullable<ConversionEvent['app_data']>): Edit =>
  (event) => ({ ...event, app_data: { ...event.app_data, ...changes } })
const consent =
  (changes: ConversionEvent['consent']): Edit =>
  (event) => ({ ...event, consent: changes })
const item =
  (changes: object): Edit =>
  (event) => ({ ...event, custom_data: { ...event.custom_data, contents: [{ id: 'sku-1', ...changes }] } })
const extinfo =
  (at: number, text: string): Edit =>
  (event) => ({ ...event, app_data: { ...event.app_data, extinfo: EXTINFO.with(at, text) } })

const users = (name: string, ...values: readonly string[]): Probe => ({
  field: `user_data.${name}`,
  values: values.map((value) => user({ [name]: value })),
})
const customs = (name: string, ...values: readonly unknown[]): Probe => ({
  field: `custom_data.${name}`,
  values: values.map((value) => custom({ [name]: value })),
})
const items = (name: string, ...values: readonly unknown[]): Probe => ({
  field: `custom_data.contents[].${name}`,
  values: values.map((value) => item({ [name]: value })),
})
/** A click id that stands in the page's address, and nowhere else. */
const inUrl = (parameter: string, ...values: readonly string[]): Probe => ({
  field: `${parameter} in a URL`,
  values: values.map((value) => top({ referrer_url: `https://shop.example/?${parameter}=${value}` })),
})

const UUID = (digit: string): string => `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`

/** A probe for each field of an event, in the order in which the README of the repository lists them. */
export const PROBES: readonly Probe[] = [
  { field: 'event_name', values: [top({}), top({ event_name: 'ViewContent' })] },
  {
    field: 'event_id',
    values: ['order-2', 'order-3'].map((id) => top({ event_id: id, event_name: 'ViewContent', custom_data: {} })),
  },
  { field: 'event_time', values: [top({}), (event) => ({ ...event, event_time: event.event_time - 60 })] },
  { field: 'action_source', values: [top({}), top({ action_source: 'email' }), top({ action_source: 'physical_store' })] },
  {
    field: 'event_source_url',
    values: [top({ event_source_url: 'https://shop.example/a' }), top({ event_source_url: 'https://shop.example/b' })],
  },
  { field: 'referrer_url', values: [top({ referrer_url: 'https://shop.example/a' }), top({ referrer_url: 'https://shop.example/b' })] },
  inUrl('fbclid', 'AbC', 'DeF'),
  inUrl('gclid', 'AbC', 'DeF'),
  inUrl('gbraid', 'AbC', 'DeF'),
  inUrl('wbraid', 'AbC', 'DeF'),
  inUrl('ttclid', 'AbC', 'DeF'),
  inUrl('ScCid', UUID('a'), UUID('b')),
  users('email', 'jane@shop.example', 'joan@shop.example'),
  users('phone', '+4915123456789', '+4915123456780'),
  users('first_name', 'Jane', 'Joan'),
  users('last_name', 'Doe', 'Roe'),
  users('date_of_birth', '1987-06-05', '1987-06-06'),
  users('gender', 'f', 'm'),
  users('city', 'Berlin', 'Munich'),
  users('state', 'California', 'Nevada'),
  users('zip', '94043', '94044'),
  users('country', 'US', 'AU'),
  users('street_address', '1 Main Street', '2 Main Street'),
  users('external_id', 'customer-1', 'customer-2'),
  users('client_ip_address', '203.0.113.7', '203.0.113.8'),
  users('client_user_agent', 'Mozilla/5.0 (Linux; Android 13)', 'Mozilla/5.0 (Linux; Android 14)'),
  users('fbc', 'fb.1.1700000000000.AbC', 'fb.1.1700000000000.DeF'),
  users('fbp', 'fb.1.1700000000000.1098115397', 'fb.1.1700000000000.1098115398'),
  users('gclid', 'AbC', 'DeF'),
  users('gbraid', 'AbC', 'DeF'),
  users('wbraid', 'AbC', 'DeF'),
  users('ttclid', 'AbC', 'DeF'),
  users('ttp', 'AbC', 'DeF'),
  users('sc_click_id', UUID('a'), UUID('b')),
  users('sc_cookie1', 'AbC', 'DeF'),
  users('mobile_ad_id', UUID('1'), UUID('2')),
  users('lead_id', '1234567890123456', '1234567890123457'),
  users('subscription_id', 'sub-1', 'sub-2'),
  customs('currency', 'EUR', 'USD'),
  customs('value', 49.9, 50),
  customs('order_id', 'order-1001', 'order-1002'),
  customs('content_ids', ['sku-1'], ['sku-2']),
  items('id', 'sku-1', 'sku-2'),
  items('quantity', 1, 2),
  items('item_price', 49.9, 50),
  items('title', 'Mug', 'Cup'),
  items('brand', 'Acme', 'Globex'),
  items('category', 'Kitchen', 'Home'),
  items('delivery_category', 'home_delivery', 'curbside'),
  customs('content_type', 'product', 'product_group'),
  customs('content_name', 'Mugs', 'Cups'),
  customs('content_category', 'Kitchen', 'Home'),
  customs('num_items', 1, 2),
  customs('search_string', 'mug', 'cup'),
  customs('status', 'paid', 'open'),
  customs('predicted_ltv', 100, 200),
  customs('delivery_category', 'home_delivery', 'curbside'),
  {
    field: 'custom_data.(further keys: coupon, description, shop_id, lead_event_source, sign_up_method)',
    values: ['A', 'B'].map((value) =>
      custom({ extra: { coupon: value, description: value, shop_id: value, lead_event_source: value, sign_up_method: value } }),
    ),
  },
  { field: 'consent.ad_user_data', values: [consent({ ad_user_data: 'GRANTED' }), consent({ ad_user_data: 'DENIED' }), consent({})] },
  {
    field: 'consent.ad_personalization',
    values: [consent({ ad_personalization: 'GRANTED' }), consent({ ad_personalization: 'DENIED' }), consent({})],
  },
  {
    field: 'consent.data_processing_options',
    values: [consent({}), consent({ data_processing_options: [] }), consent({ data_processing_options: ['LDU'] })],
  },
  {
    field: 'consent.data_processing_options_country, …_state',
    values: [
      consent({ data_processing_options: ['LDU'], data_processing_options_country: 0, data_processing_options_state: 0 }),
      consent({ data_processing_options: ['LDU'], data_processing_options_country: 1, data_processing_options_state: 1000 }),
    ],
  },
  { field: 'app_data.app_id', values: [app({ app_id: 'com.shop' }), app({ app_id: 'com.other' })] },
  {
    field: 'app_data.advertiser_tracking_enabled',
    values: [app({ advertiser_tracking_enabled: true }), app({ advertiser_tracking_enabled: false }), app({})],
  },
  {
    field: 'app_data.application_tracking_enabled',
    values: [app({ application_tracking_enabled: true }), app({ application_tracking_enabled: false })],
  },
  { field: 'app_data.extinfo: platform (0)', values: [extinfo(0, 'a2'), extinfo(0, 'i2')] },
  { field: 'app_data.extinfo: version (2)', values: [extinfo(2, '1.0'), extinfo(2, '1.1')] },
  { field: 'app_data.extinfo: locale (6)', values: [extinfo(6, 'en_US'), extinfo(6, 'de_DE')] },
  { field: 'app_data.extinfo: width (9)', values: [extinfo(9, '1080'), extinfo(9, '1440')] },
]
