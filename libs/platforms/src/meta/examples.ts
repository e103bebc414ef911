import { conversionEvent, NOW } from '../testing/events.ts'
import type { Example } from '../testing/fixtures.ts'
import { PAGES } from './api.ts'

const TIME = NOW / 1000
const AGENT = 'Mozilla/5.0 (Macintosh)'
const EXTINFO = [
  'a2',
  'com.shop',
  '1.0',
  '1.0 long',
  '13',
  'Pixel 7',
  'en_US',
  'CET',
  '',
  '1080',
  '2400',
  '2.75',
  '8',
  '128',
  '64',
  'Europe/Berlin',
]
/** `12345678901` and `John_Smith@gmail.com` of the pages. */
const PHONE_HASH = '254aa248acb47dd654ca3ea53f48c2c26d641d23d7e2e93a1ec56258df7674c4'
const EMAIL_HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'

/** Golden pairs: what goes in, and the entry of `data` that comes out. */
export const examples: readonly Example[] = [
  {
    name: 'a purchase on a website',
    page: PAGES.USE,
    event: conversionEvent({
      event_name: 'Purchase',
      event_source_url: 'https://shop.example/thanks?fbclid=IwAR2_Ab-c',
      referrer_url: 'https://shop.example/cart',
      user_data: {
        email: 'John_Smith@gmail.com',
        phone: ['+1 234 567 8901', '(234) 567-8901'],
        country: 'United States',
        client_ip_address: '203.0.113.7',
        client_user_agent: AGENT,
        fbp: 'fb.1.1558571054389.1098115397',
      },
      custom_data: {
        currency: 'eur',
        value: 49.9,
        order_id: 'o-1',
        content_type: 'product',
        contents: [{ id: 'sku-1', quantity: 2, item_price: 24.95, title: 'Mug' }],
        num_items: 2,
        extra: { coupon: 'AUTUMN' },
      },
    }),
    body: {
      event_name: 'Purchase',
      event_time: TIME,
      event_id: 'order-1001',
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks?fbclid=IwAR2_Ab-c',
      referrer_url: 'https://shop.example/cart',
      user_data: {
        em: [EMAIL_HASH],
        ph: [PHONE_HASH],
        country: ['79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
        client_ip_address: '203.0.113.7',
        client_user_agent: AGENT,
        fbc: `fb.1.${NOW}.IwAR2_Ab-c`,
        fbp: 'fb.1.1558571054389.1098115397',
      },
      custom_data: {
        coupon: 'AUTUMN',
        currency: 'EUR',
        value: 49.9,
        order_id: 'o-1',
        content_type: 'product',
        contents: [{ id: 'sku-1', quantity: 2, item_price: 24.95, title: 'Mug' }],
        num_items: 2,
      },
    },
    warnings: [],
  },
  {
    name: 'an app event, with numbers where Meta wants them',
    page: PAGES.SE,
    event: conversionEvent({
      event_name: 'AddToCart',
      action_source: 'app',
      user_data: { mobile_ad_id: '38400000-8CF0-11BD-B23E-10B96E40000D' },
      app_data: { advertiser_tracking_enabled: true, application_tracking_enabled: false, extinfo: EXTINFO },
    }),
    body: {
      event_name: 'AddToCart',
      event_time: TIME,
      event_id: 'order-1001',
      action_source: 'app',
      user_data: { madid: '38400000-8cf0-11bd-b23e-10b96e40000d' },
      app_data: {
        advertiser_tracking_enabled: 1,
        application_tracking_enabled: 0,
        extinfo: [
          'a2',
          'com.shop',
          '1.0',
          '1.0 long',
          '13',
          'Pixel 7',
          'en_US',
          'CET',
          '',
          1080,
          2400,
          '2.75',
          8,
          128,
          64,
          'Europe/Berlin',
        ],
      },
    },
    warnings: [],
  },
  {
    name: 'limited data use, left to Meta to locate',
    page: PAGES.DPO,
    event: conversionEvent({
      event_name: 'Lead',
      user_data: { email: 'John_Smith@gmail.com' },
      consent: { data_processing_options: ['LDU'] },
    }),
    body: {
      event_name: 'Lead',
      event_time: TIME,
      event_id: 'order-1001',
      action_source: 'website',
      user_data: { em: [EMAIL_HASH] },
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    },
  },
  {
    name: 'a custom name goes out as it is',
    page: PAGES.SE,
    event: conversionEvent({ event_name: 'Quiz Finished', user_data: { email: 'John_Smith@gmail.com' } }),
    body: {
      event_name: 'Quiz Finished',
      event_time: TIME,
      event_id: 'order-1001',
      action_source: 'website',
      user_data: { em: [EMAIL_HASH] },
    },
  },
  {
    name: 'an identifier that is none is left out, and the event goes on',
    page: PAGES.CIP,
    event: conversionEvent({
      user_data: { email: ['not an address', 'John_Smith@gmail.com'], phone: '12', gender: 'x', client_ip_address: '10.0.0.1' },
    }),
    body: {
      event_name: 'ViewContent',
      event_time: TIME,
      event_id: 'order-1001',
      action_source: 'website',
      user_data: { em: [EMAIL_HASH] },
    },
    warnings: [
      { field: 'user_data.email[0]', reason: 'INVALID_EMAIL' },
      { field: 'user_data.phone', reason: 'INVALID_PHONE' },
      { field: 'user_data.gender', reason: 'INVALID_GENDER' },
      { field: 'user_data.client_ip_address', reason: 'PRIVATE_IP_ADDRESS' },
    ],
  },
  {
    name: 'too little to match on',
    page: PAGES.BP,
    event: conversionEvent({ user_data: { city: 'Paris', country: 'FR', client_user_agent: AGENT } }),
    body: null,
    refused: 'IDENTITY_MISSING',
  },
  {
    name: 'a purchase without a value',
    page: PAGES.USE,
    event: conversionEvent({ event_name: 'Purchase', user_data: { email: 'John_Smith@gmail.com' }, custom_data: { currency: 'EUR' } }),
    body: null,
    refused: 'EVENT_REJECTED',
  },
  {
    name: 'consent denied',
    page: PAGES.SE,
    event: conversionEvent({
      user_data: { email: 'John_Smith@gmail.com' },
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
    }),
    body: null,
    refused: 'CONSENT_DENIED',
  },
]
