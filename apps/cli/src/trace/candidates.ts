import type { Connection } from '@relay/core/connection'
import { deliveryIdOf } from '@relay/core/delivery'
import { CANONICAL_EVENT_NAMES, canonicalEventName } from '@relay/core/event-name'
import type { ConnectionId, DeliveryId, PlatformId, TenantId } from '@relay/core/ids'
import type { EventKind } from '@relay/queue/known-names'

/*
 * A delivery's id is a hash of tenant, connection, name, event id and test code. So there is no index of event ids to keep: every id that an event could have
 * is computed from the names that are known, and looked for.
 */

/** Where an event may have gone. */
export interface Target {
  readonly platform: PlatformId
  readonly tenantId: TenantId
  readonly connectionId: ConnectionId
  /** Undefined for a connection that was removed. */
  readonly connection: Connection | undefined
}

export interface Candidate extends Target, EventKind {
  readonly id: DeliveryId
}

/** Every delivery that an event could have been at this target. `kinds`: names and test codes beyond the canonical live ones. Pure. */
export function candidatesOf(eventId: string, target: Target, kinds: readonly EventKind[]): Candidate[] {
  const { settings } = target.connection ?? {}
  const ofConnection = settings?.test_event_code
  const given = [
    ...Object.keys(settings?.event_names ?? {}),
    ...Object.keys(settings?.conversion_actions ?? {}).filter((name) => name !== '*'),
    ...(settings?.only_events ?? []),
  ]
  const names = new Set<string>([...CANONICAL_EVENT_NAMES, ...given.map(canonicalEventName)])
  const codes = new Set([undefined, ofConnection])
  const all: EventKind[] = [
    ...[...names].flatMap((eventName) => [...codes].map((testEventCode) => ({ eventName, testEventCode }))),
    ...kinds,
  ]
  const unique = new Map<DeliveryId, Candidate>()
  for (const { eventName, testEventCode } of all) {
    const { tenantId, connectionId } = target
    const id = deliveryIdOf({ tenantId, connectionId, eventName, eventId, testEventCode })
    unique.set(id, { ...target, id, eventName, testEventCode })
  }
  return [...unique.values()]
}
