import { CANONICAL_EVENT_NAMES } from '@relay/core/event-name'
import type { ConnectionSettings } from '@relay/core/connection'
import { mapEventName, type EventNames } from '@relay/prepare/map-event'
import type { Platform } from '../contract.ts'
import { skip } from '../refuse.ts'

/** Canonical names are Meta's own standard names. */
export const EVENT_NAMES: EventNames = Object.fromEntries(CANONICAL_EVENT_NAMES.map((name) => [name, name]))

/** The stand-in for a custom name where the connection asks for one. */
export const GENERIC_EVENT = 'CustomEvent'

/** Meta takes any name verbatim, so a custom one keeps it unless the connection says `generic` or `drop`. */
export function mapEvent(eventName: string, settings: ConnectionSettings): ReturnType<Platform['mapEvent']> {
  const mapped = mapEventName(eventName, EVENT_NAMES, settings.event_names)
  if (mapped.kind === 'name') return { kind: 'name', name: mapped.name, unmapped: false }
  switch (settings.unmapped ?? 'original') {
    case 'original':
      return { kind: 'name', name: eventName, unmapped: true }
    case 'generic':
      return { kind: 'name', name: GENERIC_EVENT, unmapped: true }
    case 'drop':
      return { kind: 'none', refusal: skip('EVENT_UNMAPPED', 'The connection drops events without a standard name') }
  }
}
