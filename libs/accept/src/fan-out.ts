import type { Connection } from '@relay/core/connection'
import type { ConversionEvent } from '@relay/core/event'
import { canonicalEventName } from '@relay/core/event-name'
import { isPlatformId, PLATFORM_IDS } from '@relay/core/ids'

export type FanOut =
  | {
      readonly kind: 'to'
      readonly connections: readonly Connection[]
      /** Names of `destinations` that are right, but stand for nothing that is enabled now. */
      readonly unreached: readonly string[]
    }
  /** NO_DESTINATION. */
  | { readonly kind: 'nowhere'; readonly path: string; readonly message: string }

/** One in `error` takes part: its deliveries are parked and wait for new credentials. */
const isEnabled = (connection: Connection): boolean => connection.status.state !== 'disabled'

const isNamed = (name: string, { platform, id }: Connection): boolean => name === platform || name === id

/**
 * The connections of the tenant that an event goes to: all enabled ones, or those that `destinations` names. A name that is neither a platform nor a
 * connection of this tenant refuses the whole event, so that a typing error is never half a delivery. What another tenant has looks like what does not exist.
 */
export function fanOut(event: ConversionEvent, connections: readonly Connection[]): FanOut {
  const enabled = connections.filter(isEnabled)
  const names = event.destinations
  if (names === undefined) {
    return enabled.length > 0
      ? { kind: 'to', connections: enabled, unreached: [] }
      : nowhere('', 'No connection is enabled: add or enable one')
  }
  const unknown = names.findIndex((name) => !isPlatformId(name) && !connections.some(({ id }) => id === name))
  if (unknown >= 0) {
    const path = `destinations[${unknown}]`
    return nowhere(path, `${path} is neither a platform (${PLATFORM_IDS.join(', ')}) nor the id of a connection of yours`)
  }
  const matching = enabled.filter((connection) => names.some((name) => isNamed(name, connection)))
  if (matching.length === 0) return nowhere('destinations', 'destinations names no connection that is enabled: add or enable one')
  const unreached = names.filter((name) => !enabled.some((connection) => isNamed(name, connection)))
  return { kind: 'to', connections: matching, unreached }
}

const nowhere = (path: string, message: string): FanOut => ({ kind: 'nowhere', path, message })

/** Does the connection's event filter keep this event away? Names are compared in their canonical form. */
export function isFiltered(event: ConversionEvent, { settings }: Pick<Connection, 'settings'>): boolean {
  const { only_events: names, only_action_sources: sources } = settings
  if (names !== undefined && !names.some((name) => canonicalEventName(name) === event.event_name)) return true
  return sources !== undefined && !sources.includes(event.action_source)
}
