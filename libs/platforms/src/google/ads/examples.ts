import type { ConnectionSettings } from '@relay/core/connection'
import { conversionEvent } from '../../testing/events.ts'
import type { Example } from '../../testing/fixtures.ts'

const UPLOAD = 'https://developers.google.com/google-ads/api/docs/conversions/upload-offline'

export const ADS_SETTINGS: ConnectionSettings = {
  api: 'ads',
  operating_account: '123-456-7890',
  login_account: '999-888-7776',
  conversion_actions: { Purchase: '111222333', Lead: '444555666' },
}

/** Digests of googleads/data-manager-node's own tests, whose rules of e-mail and phone are the same here, read 2026-11-24. */
const ALEX = '509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a'
const PHONE = 'fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30'

/** Golden pairs: an event as a producer sends it, and the entry of `conversions` that the Google Ads API gets. */
export const ADS_EXAMPLES: readonly Example[] = [
  {
    name: 'a purchase after a click, with a cart; the address is not taken',
    page: UPLOAD,
    event: conversionEvent({
      event_name: 'Purchase',
      event_source_url: 'https://shop.example/thanks?gclid=Cj0KCQ_AbC',
      user_data: {
        email: ' Alexz@example.com',
        phone: '1 800 555 0100',
        first_name: 'givenname',
        last_name: 'familyname',
        country: 'us',
        zip: '94045',
      },
      custom_data: { currency: 'usd', value: 30.03, order_id: 'ORD-77', contents: [{ id: 'sku-1', quantity: 3, item_price: 10.01 }] },
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
    }),
    body: {
      conversionAction: 'customers/1234567890/conversionActions/111222333',
      conversionDateTime: '2026-11-24 12:00:00+00:00',
      gclid: 'Cj0KCQ_AbC',
      userIdentifiers: [
        { userIdentifierSource: 'FIRST_PARTY', hashedEmail: ALEX },
        { userIdentifierSource: 'FIRST_PARTY', hashedPhoneNumber: PHONE },
      ],
      consent: { adUserData: 'GRANTED' },
      conversionValue: 30.03,
      currencyCode: 'USD',
      orderId: 'ORD-77',
      cartData: { items: [{ productId: 'sku-1', quantity: 3, unitPrice: 10.01 }] },
    },
    warnings: [],
  },
  {
    name: 'both braids on the web, of which one may be sent; no cart beside it',
    page: 'https://github.com/googleapis/googleapis/blob/master/google/ads/googleads/v25/services/conversion_upload_service.proto',
    event: conversionEvent({
      event_id: '42',
      event_name: 'Lead',
      user_data: { gbraid: '0AAAAAo', wbraid: 'CmMKBw' },
      custom_data: { contents: [{ id: 'sku-1', quantity: 1, item_price: 5 }] },
    }),
    body: {
      conversionAction: 'customers/1234567890/conversionActions/444555666',
      conversionDateTime: '2026-11-24 12:00:00+00:00',
      wbraid: 'CmMKBw',
      orderId: 'order-42',
    },
    warnings: [{ field: 'user_data.gbraid', reason: 'UNSUPPORTED_HERE' }],
  },
  {
    name: 'a device alone, which matches nobody here',
    page: UPLOAD,
    event: conversionEvent({ event_name: 'Purchase', user_data: { mobile_ad_id: '38400000-8cf0-11bd-b23e-10b96e40000d' } }),
    body: null,
    refused: 'IDENTITY_MISSING',
  },
]
