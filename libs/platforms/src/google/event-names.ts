import type { ConnectionSettings } from '@relay/core/connection'
import { mapEventName } from '@relay/prepare/map-event'
import type { Platform } from '../contract.ts'
import { skip } from '../refuse.ts'

/** Stands for every event that has no conversion action of its own. */
const ALL_OTHERS = '*'

/**
 * Google has no event names: the "name" is the id of the conversion action that the connection gives for this event, else the one for `*`.
 * A custom name that goes to `*` counts as unmapped, and is not sent where the connection drops custom names.
 */
export function mapEvent(eventName: string, settings: ConnectionSettings): ReturnType<Platform['mapEvent']> {
  const mapped = mapEventName(eventName, {}, settings.conversion_actions)
  if (mapped.kind === 'name') return { kind: 'name', name: mapped.name, unmapped: false }
  const forOthers = settings.conversion_actions?.[ALL_OTHERS]
  const isCustom = mapped.kind === 'custom'
  if (isCustom && settings.unmapped === 'drop') {
    return { kind: 'none', refusal: skip('EVENT_UNMAPPED', 'The connection drops events without a standard name') }
  }
  if (forOthers !== undefined) return { kind: 'name', name: forOthers, unmapped: isCustom }
  return { kind: 'none', refusal: skip('EVENT_UNMAPPED', 'The connection has no conversion action for this event and none for *') }
}
