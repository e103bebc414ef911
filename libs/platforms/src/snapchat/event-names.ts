import type { ConnectionSettings } from '@relay/core/connection'
import { mapEventName, type EventNames } from '@relay/prepare/map-event'
import type { Platform } from '../contract.ts'
import { skip } from '../refuse.ts'

/**
 * Canonical names with an event of their own at Snapchat (PAR, read 2026-11-24; `ADD_CART`, not `ADD_TO_CART`). `Lead`, `Contact`,
 * `SubmitApplication`, `FindLocation`, `CustomizeProduct` and `Donate` have none and go the way of custom names.
 */
export const EVENT_NAMES: EventNames = {
  Purchase: 'PURCHASE',
  InitiateCheckout: 'START_CHECKOUT',
  AddPaymentInfo: 'ADD_BILLING',
  AddToCart: 'ADD_CART',
  AddToWishlist: 'ADD_TO_WISHLIST',
  ViewContent: 'VIEW_CONTENT',
  Search: 'SEARCH',
  CompleteRegistration: 'SIGN_UP',
  StartTrial: 'START_TRIAL',
  PageView: 'PAGE_VIEW',
  Subscribe: 'SUBSCRIBE',
  Schedule: 'RESERVE',
}

/** The slot that custom names share; there are five, and no free text (PAR, read 2026-11-24). */
export const GENERIC_EVENT = 'CUSTOM_EVENT_1'

const SNAPCHAT_EVENTS: ReadonlySet<string> = new Set([
  ...Object.values(EVENT_NAMES),
  'SAVE',
  'AD_CLICK',
  'AD_VIEW',
  'COMPLETE_TUTORIAL',
  'LEVEL_COMPLETE',
  'INVITE',
  'LOGIN',
  'SHARE',
  'ACHIEVEMENT_UNLOCKED',
  'SPENT_CREDITS',
  'RATE',
  'LIST_VIEW',
  'APP_INSTALL',
  'APP_OPEN',
  'CUSTOM_EVENT_1',
  'CUSTOM_EVENT_2',
  'CUSTOM_EVENT_3',
  'CUSTOM_EVENT_4',
  'CUSTOM_EVENT_5',
] as string[])

export const isSnapchatEvent = (name: string): boolean => SNAPCHAT_EVENTS.has(name)

/**
 * A name without an event of its own becomes CUSTOM_EVENT_1, whatever `unmapped` says short of `drop`, since Snapchat takes no free text; its
 * own name travels as `event_tag`. Where the connection has mapped that slot to another name, it is skipped: two things in one slot could
 * not be told apart.
 */
export function mapEvent(eventName: string, settings: ConnectionSettings): ReturnType<Platform['mapEvent']> {
  const mapped = mapEventName(eventName, EVENT_NAMES, settings.event_names)
  if (mapped.kind === 'name') return { kind: 'name', name: mapped.name, unmapped: false }
  if (settings.unmapped === 'drop')
    return { kind: 'none', refusal: skip('EVENT_UNMAPPED', 'The connection drops events without a standard name') }
  if (settings.unmapped !== 'generic' && isSnapchatEvent(eventName)) return { kind: 'name', name: eventName, unmapped: false }
  if (Object.values(settings.event_names ?? {}).includes(GENERIC_EVENT)) {
    return { kind: 'none', refusal: skip('EVENT_UNMAPPED', `${GENERIC_EVENT} is taken by another event of this connection`) }
  }
  return { kind: 'name', name: GENERIC_EVENT, unmapped: true }
}
