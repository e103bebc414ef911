import type { PlatformId, TenantId } from '@relay/core/ids'

/*
 * What the two shops send. Each event carries what must become of it on each platform, known from how it was made and not from anything the product says.
 */

type Fate = 'arrives' | 'skipped' | 'dead'

export interface DemoEvent {
  readonly tenant: TenantId
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly fate: (platform: PlatformId) => Fate
}

const NAMES = ['Purchase', 'add_to_cart', 'Checkout Started', 'CompleteRegistration'] as const
const EIGHT_DAYS_S = 8 * 86_400

const arrives = (): Fate => 'arrives'
/** Google takes the user's refusal along; the others have no field for it, so nothing is sent to them. */
const refusedConsent = (platform: PlatformId): Fate => (platform === 'google' ? 'arrives' : 'skipped')
/** Google has no conversion action for a name it was not told of. */
const customName = (platform: PlatformId): Fate => (platform === 'google' ? 'skipped' : 'arrives')
/** Past the 7 days of Meta, TikTok and Snapchat; Google takes it for 63 days. */
const old = (platform: PlatformId): Fate => (platform === 'google' ? 'arrives' : 'dead')

/** Every hundred holds one of each oddity. */
export function makeEvents(tenant: TenantId, count: number, nowMs: number): DemoEvent[] {
  return Array.from({ length: count }, (_, index) => makeEvent(tenant, index, Math.floor(nowMs / 1_000)))
}

function makeEvent(tenant: TenantId, index: number, nowS: number): DemoEvent {
  const id = `order-${tenant}-${String(index).padStart(6, '0')}`
  const plain = {
    event_id: id,
    event_name: NAMES[index % NAMES.length],
    event_time: nowS - (index % 3_600),
    event_source_url: `https://${tenant}.example/thanks?gclid=demo-${index}&utm_source=demo`,
    user_data: userOf(tenant, index),
    custom_data: {
      currency: 'EUR',
      value: 10 + (index % 90),
      contents: [{ id: `sku-${index % 50}`, quantity: 1, item_price: 10 + (index % 90) }],
    },
  }
  switch (index % 100) {
    case 7:
      return { tenant, id, fate: arrives, body: { ...plain, user_data: { ...plain.user_data, phone: 'call me maybe' } } }
    case 27:
      return { tenant, id, fate: customName, body: { ...plain, event_name: 'Size Guide Opened' } }
    case 47:
      return { tenant, id, fate: refusedConsent, body: { ...plain, consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' } } }
    case 67:
      return { tenant, id, fate: old, body: { ...plain, event_time: nowS - EIGHT_DAYS_S } }
    default:
      return { tenant, id, fate: arrives, body: plain }
  }
}

const userOf = (tenant: TenantId, index: number): Record<string, unknown> => ({
  email: `customer${index}@${tenant}.example`,
  phone: `+49 30 ${String(1_000_000 + index)}`,
  first_name: 'Émilie',
  last_name: 'Müller-Lüdenscheidt',
  city: 'São Paulo',
  zip: '10115',
  country: 'Germany',
  external_id: `${tenant}-${index}`,
  client_ip_address: '203.0.113.7',
  client_user_agent: 'Mozilla/5.0 (demo)',
})

/** What no door may let in, and none of which may disturb its neighbours. */
export const MALFORMED: readonly unknown[] = [
  'not an event',
  { event_id: 'no-name' },
  { event_name: 'Purchase', event_time: 'yesterday' },
  { event_name: 'Purchase', evnt_time: 1 },
  { event_name: 'Purchase', event_time: 4_102_444_800 },
  { event_name: 'Purchase', custom_data: 'none' },
]
