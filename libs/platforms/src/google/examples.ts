import type { ConnectionSettings } from '@relay/core/connection'
import { conversionEvent } from '../testing/events.ts'
import type { Example } from '../testing/fixtures.ts'

const FORMATTING = 'https://developers.google.com/data-manager/api/devguides/concepts/formatting'
const SEND_EVENTS = 'https://developers.google.com/data-manager/api/devguides/events/google-ads/offline/send-events'

export const SETTINGS: ConnectionSettings = {
  operating_account: '123-456-7890',
  conversion_actions: { Purchase: '111222333', Lead: '444555666' },
}

/** Digests of googleads/data-manager-node's own tests, read 2026-11-24. */
const ALEX = '509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a'
const PHONE = 'fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30'
const GIVEN_NAME = '128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814'
const FAMILY_NAME = '77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574'

/** Golden pairs: an event as a producer sends it, and the entry of `events` that Google gets. */
export const GOOGLE_EXAMPLES: readonly Example[] = [
  {
    name: 'a purchase after a click, with a full address and consent',
    page: FORMATTING,
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
        client_ip_address: '198.51.100.7',
        client_user_agent: 'Mozilla/5.0',
      },
      custom_data: { currency: 'usd', value: 30.03, order_id: 'ORD-77', contents: [{ id: 'sku-1', quantity: 3, item_price: 10.01 }] },
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
    }),
    body: {
      destinationReferences: ['111222333'],
      transactionId: 'ORD-77',
      eventTimestamp: '2026-11-24T12:00:00Z',
      eventSource: 'WEB',
      adIdentifiers: { gclid: 'Cj0KCQ_AbC' },
      userData: {
        userIdentifiers: [
          { emailAddress: ALEX },
          { phoneNumber: PHONE },
          { address: { givenName: GIVEN_NAME, familyName: FAMILY_NAME, regionCode: 'US', postalCode: '94045' } },
        ],
      },
      consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_DENIED' },
      currency: 'USD',
      conversionValue: 30.03,
      cartData: { items: [{ merchantProductId: 'sku-1', quantity: '3', unitPrice: 10.01 }] },
      eventDeviceInfo: { userAgent: 'Mozilla/5.0', ipAddress: '198.51.100.7' },
    },
    warnings: [],
  },
  {
    name: 'a lead that came by phone, with an id that Google would refuse as it is',
    page: SEND_EVENTS,
    event: conversionEvent({ event_id: '42', event_name: 'Lead', action_source: 'phone_call', user_data: { gbraid: '0AAAAAo' } }),
    body: {
      destinationReferences: ['444555666'],
      transactionId: 'order-42',
      eventTimestamp: '2026-11-24T12:00:00Z',
      eventSource: 'PHONE',
      adIdentifiers: { gbraid: '0AAAAAo' },
    },
  },
  {
    name: 'an event for which there is no conversion action',
    page: SEND_EVENTS,
    event: conversionEvent({ event_name: 'AddToCart', user_data: { gclid: 'Cj0' } }),
    body: null,
    refused: 'EVENT_UNMAPPED',
  },
  {
    name: 'a name without its address, which matches nobody',
    page: FORMATTING,
    event: conversionEvent({ event_name: 'Purchase', user_data: { first_name: 'Ann', last_name: 'Lee' } }),
    body: null,
    refused: 'IDENTITY_MISSING',
    warnings: [
      { field: 'user_data.first_name', reason: 'INCOMPLETE_ADDRESS' },
      { field: 'user_data.last_name', reason: 'INCOMPLETE_ADDRESS' },
    ],
  },
]
