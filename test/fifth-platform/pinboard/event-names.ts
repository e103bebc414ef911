import { mapEventName } from '@relay/prepare/map-event'
import type { Platform } from '@relay/platforms/contract'
import { skip } from '@relay/platforms/refuse'

/** Canonical name to Pinboard's. */
const EVENT_NAMES = { Purchase: 'checkout', AddToCart: 'add_to_cart', Lead: 'lead', ViewContent: 'page_visit', PageView: 'page_visit' }

/** Names that Pinboard has no event for are skipped; custom ones travel as `custom`. */
export const mapEvent: Platform['mapEvent'] = (eventName, settings) => {
  const mapped = mapEventName(eventName, EVENT_NAMES, settings.event_names)
  if (mapped.kind === 'name') return { kind: 'name', name: mapped.name, unmapped: false }
  if (mapped.kind === 'custom' && settings.unmapped !== 'drop') return { kind: 'name', name: 'custom', unmapped: true }
  return { kind: 'none', refusal: skip('EVENT_UNMAPPED', `Pinboard has no event for ${eventName}`) }
}
