import { conversionEvent, NOW } from '../testing/events.ts'
import type { Example } from '../testing/fixtures.ts'
import { PAGES } from './api.ts'

const TIME = NOW / 1000
const AGENT = 'Mozilla/5.0 (iPhone)'
const EXTINFO = [
  'i2',
  'com.shop',
  '1.0',
  '1.0 long',
  '17',
  'iPhone15,3',
  'en_US',
  'CET',
  '',
  '1920',
  '1080',
  '2.00',
  '2',
  '128',
  '8',
  'Europe/Berlin',
]
/** `Person@Example.com`, `+44 844 412 4653`, `John` and `Raphaël` of the page. */
const EMAIL_HASH = '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345'
const PHONE_HASH = 'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383'

/** Golden pairs: what goes in, and the entry of `data` that comes out. */
export const examples: readonly Example[] = [
  {
    name: 'a purchase on a website',
    page: PAGES.USE,
    event: conversionEvent({
      event_name: 'Purchase',
      event_source_url: 'https://shop.example/thanks?ScCid=6F9619FF-8B86-d011-B42D-00CF4FC964FF',
      user_data: {
        email: 'Person@Example.com',
        phone: '+44 844 412 4653',
        first_name: 'John',
        client_ip_address: '203.0.113.7',
        client_user_agent: AGENT,
        sc_cookie1: 'a1B2c3D4',
      },
      custom_data: {
        currency: 'usd',
        value: 142.52,
        order_id: 'o-1',
        content_ids: ['sku-1'],
        contents: [{ id: 'sku-1', quantity: 2, item_price: 71.26, brand: 'Acme', title: 'Mug' }],
        num_items: 2,
      },
    }),
    body: {
      event_name: 'PURCHASE',
      event_time: TIME,
      action_source: 'WEB',
      event_source_url: 'https://shop.example/thanks?ScCid=6F9619FF-8B86-d011-B42D-00CF4FC964FF',
      event_id: 'order-1001',
      user_data: {
        em: [EMAIL_HASH],
        ph: [PHONE_HASH],
        fn: ['96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a'],
        client_ip_address: '203.0.113.7',
        client_user_agent: AGENT,
        sc_click_id: '6F9619FF-8B86-d011-B42D-00CF4FC964FF',
        sc_cookie1: 'a1B2c3D4',
      },
      custom_data: {
        value: 142.52,
        currency: 'USD',
        order_id: 'o-1',
        content_ids: ['sku-1'],
        contents: [{ id: 'sku-1', quantity: '2', item_price: '71.26', brand: 'Acme' }],
        num_items: '2',
      },
    },
    warnings: [],
  },
  {
    name: 'an app event: texts in extinfo, tracking off unless given',
    page: PAGES.SDK,
    event: conversionEvent({
      event_name: 'AddToCart',
      action_source: 'app',
      user_data: { mobile_ad_id: '38400000-8CF0-11BD-B23E-10B96E40000D' },
      app_data: { app_id: '1234567890', extinfo: EXTINFO },
    }),
    body: {
      event_name: 'ADD_CART',
      event_time: TIME,
      action_source: 'MOBILE_APP',
      event_id: 'order-1001',
      user_data: { madid: '38400000-8cf0-11bd-b23e-10b96e40000d' },
      app_data: { app_id: '1234567890', advertiser_tracking_enabled: 0, extinfo: EXTINFO },
    },
    warnings: [],
  },
  {
    name: 'a purchase in a shop is an offline event',
    page: PAGES.OFF,
    event: conversionEvent({
      event_name: 'Purchase',
      action_source: 'physical_store',
      user_data: { email: 'Person@Example.com', first_name: 'Raphaël', date_of_birth: '1997-02-16' },
      custom_data: { currency: 'EUR', value: 0 },
    }),
    body: {
      event_name: 'PURCHASE',
      event_time: TIME,
      action_source: 'OFFLINE',
      event_id: 'order-1001',
      user_data: {
        em: [EMAIL_HASH],
        fn: ['e74bb89e718fe1e19c422a48382870399f8bf7ca8dfa008739e75b0be76627b7'],
        db: '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c',
      },
      custom_data: { value: 0, currency: 'EUR' },
    },
  },
  {
    name: 'a name without an event of its own takes the first slot',
    page: PAGES.PAR,
    event: conversionEvent({ event_name: 'Quiz Finished', user_data: { email: 'Person@Example.com' } }),
    body: {
      event_name: 'CUSTOM_EVENT_1',
      event_time: TIME,
      action_source: 'WEB',
      event_id: 'order-1001',
      user_data: { em: [EMAIL_HASH] },
      custom_data: { event_tag: 'Quiz Finished' },
    },
  },
  {
    name: 'a click id alone is not enough',
    page: PAGES.USE,
    event: conversionEvent({
      user_data: { sc_click_id: '6f9619ff-8b86-d011-b42d-00cf4fc964ff', external_id: '7', client_user_agent: AGENT },
    }),
    body: null,
    refused: 'IDENTITY_MISSING',
  },
  {
    name: 'limited data use has no proven form, so the event stays here',
    page: PAGES.PAR,
    event: conversionEvent({ user_data: { email: 'Person@Example.com' }, consent: { data_processing_options: ['LDU'] } }),
    body: null,
    refused: 'CONSENT_DENIED',
  },
  {
    name: 'app tracking denied',
    page: PAGES.SEG,
    event: conversionEvent({
      action_source: 'app',
      user_data: { email: 'Person@Example.com' },
      app_data: { advertiser_tracking_enabled: false },
    }),
    body: null,
    refused: 'CONSENT_DENIED',
  },
  {
    name: 'a purchase without a currency',
    page: PAGES.VER,
    event: conversionEvent({ event_name: 'Purchase', user_data: { email: 'Person@Example.com' }, custom_data: { value: 3 } }),
    body: null,
    refused: 'EVENT_REJECTED',
  },
]
