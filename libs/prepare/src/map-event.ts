import { canonicalEventName, isCanonicalEventName } from '@relay/core/event-name'

/**
 * What a platform calls an event: `name` by the connection's mapping or the platform's table; `unused` for a canonical name that the
 * platform has no use for; `custom` for every other name, which the connection's `unmapped` setting decides on.
 */
export type MappedEvent = { readonly kind: 'name'; readonly name: string } | { readonly kind: 'unused' } | { readonly kind: 'custom' }

/** Canonical name to platform name; null where the platform has none. */
export type EventNames = Readonly<Record<string, string | null>>

/** The connection's mapping wins over the platform's table; its keys may be canonical names, their aliases or custom names. */
export function mapEventName(eventName: string, names: EventNames, overrides: Readonly<Record<string, string>> | undefined): MappedEvent {
  if (overrides !== undefined) {
    if (Object.hasOwn(overrides, eventName)) return { kind: 'name', name: overrides[eventName]! }
    const byAlias = Object.entries(overrides).find(([name]) => canonicalEventName(name) === eventName)
    if (byAlias !== undefined) return { kind: 'name', name: byAlias[1] }
  }
  const known = Object.hasOwn(names, eventName) ? names[eventName] : undefined
  if (typeof known === 'string') return { kind: 'name', name: known }
  return known === null || isCanonicalEventName(eventName) ? { kind: 'unused' } : { kind: 'custom' }
}
