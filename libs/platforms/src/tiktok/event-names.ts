import type { ConnectionSettings } from '@relay/core/connection'
import { mapEventName, type EventNames } from '@relay/prepare/map-event'
import type { Platform } from '../contract.ts'
import { skip } from '../refuse.ts'

type EventSource = NonNullable<ConnectionSettings['event_source']>
type MappedEvent = ReturnType<Platform['mapEvent']>

/** https://ads.tiktok.com/help/article/supported-standard-events, read 2026-11-24; the last two are former names that are still taken. */
const STANDARD_NAMES = [
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'ApplicationApproval',
  'CompleteRegistration',
  'Contact',
  'CustomizeProduct',
  'Download',
  'FindLocation',
  'InitiateCheckout',
  'Lead',
  'Purchase',
  'Schedule',
  'Search',
  'StartTrial',
  'SubmitApplication',
  'Subscribe',
  'ViewContent',
  'CompletePayment',
  'SubmitForm',
] as const

/** App events have a list of their own (segmentio/action-destinations `tiktok-app-events/…/common_fields.ts`, read 2026-11-24). */
const APP_NAMES = [
  'AchieveLevel',
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'Checkout',
  'CompleteTutorial',
  'CreateGroup',
  'CreateRole',
  'GenerateLead',
  'InAppADClick',
  'InAppADImpr',
  'InstallApp',
  'JoinGroup',
  'LaunchAPP',
  'LoanApplication',
  'LoanApproval',
  'LoanDisbursal',
  'Login',
  'Purchase',
  'Rate',
  'Registration',
  'Search',
  'SpendCredits',
  'StartTrial',
  'Subscribe',
  'UnlockAchievement',
  'ViewContent',
] as const

const asTheyAre = (names: readonly string[]): EventNames => Object.fromEntries(names.map((name) => [name, name]))

const WEB: EventNames = asTheyAre(STANDARD_NAMES)
/** What a name is called under each event source; null where it is not to be sent. */
const NAMES: Readonly<Record<EventSource, EventNames>> = {
  web: WEB,
  offline: WEB,
  app: { ...asTheyAre(APP_NAMES), InitiateCheckout: 'Checkout', CompleteRegistration: 'Registration', Lead: 'GenerateLead' },
  // Custom names alone: whether CRM sets take standard ones is unconfirmed, the reference contradicts itself (bububa/tiktok-business `track.go`, read 2026-11-24).
  crm: Object.fromEntries(STANDARD_NAMES.map((name) => [name, null])),
}
const standard: ReadonlySet<string> = new Set(STANDARD_NAMES)

/** Custom names that the connection wants generic travel under this one. */
export const GENERIC_NAME = 'CustomEvent'

const unmapped = (message: string): MappedEvent => ({ kind: 'none', refusal: skip('EVENT_UNMAPPED', message) })

/**
 * The connection's own table first, then TikTok's list for this event source. `PageView` is on no list and skipped unless the table maps
 * it (to `Pageview`). Offline sets take standard names only. Custom names: kept on web, `CustomEvent` elsewhere, or as `unmapped` says.
 */
export function mapEvent(eventName: string, settings: ConnectionSettings): MappedEvent {
  const source = settings.event_source ?? 'web'
  const mapped = mapEventName(eventName, NAMES[source], settings.event_names)
  if (source === 'offline' && (mapped.kind === 'custom' || (mapped.kind === 'name' && !standard.has(mapped.name)))) {
    return unmapped('An offline event set takes none but the standard names; map it to one with event_names')
  }
  if (mapped.kind === 'name') return { kind: 'name', name: mapped.name, unmapped: false }
  if (mapped.kind === 'unused') return unmapped(`TikTok has no ${source} event for ${eventName}; map it with event_names to send it`)
  switch (settings.unmapped ?? (source === 'web' ? 'original' : 'generic')) {
    case 'drop':
      return unmapped('The connection drops events without a standard name')
    case 'original':
      return { kind: 'name', name: eventName, unmapped: true }
    case 'generic':
      return { kind: 'name', name: GENERIC_NAME, unmapped: true }
  }
}
