import type { EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import type { ApiFacts } from './contract.ts'

const DAY_MS = 86_400_000

/** From so many days before on a sunset is warned of. */
export const SUNSET_WARNING_DAYS = 90

export interface Sunset {
  /** The API and its version, as people call it: `Google Ads API v26`. */
  readonly what: string
  /** Day on which it ends, `2027-11-01`. */
  readonly on: string
  /** Whole days from now; negative once it is over. */
  readonly days: number
}

/**
 * The first end among the API versions that the connections of this platform use; without a connection its main API counts as used. Undefined where none
 * is announced. Pure.
 */
export function nearestSunset(
  api: ApiFacts,
  connections: readonly Pick<Connection, 'platform' | 'settings'>[],
  platform: PlatformId,
  now: EpochMs,
): Sunset | undefined {
  const used = new Set(connections.flatMap((each) => (each.platform === platform ? [each.settings.api] : [])))
  const others = (api.others ?? []).filter((other) => used.has(other.api))
  const isMainUsed = used.size === 0 || used.size > others.length
  const ends = [...(isMainUsed ? [{ name: `${platform} API`, version: api.version, sunset: api.sunset }] : []), ...others]
    .flatMap(({ name, version, sunset }) => (sunset === null ? [] : [{ what: `${name} ${version.value}`, on: sunset }]))
    .toSorted((one, other) => Date.parse(one.on) - Date.parse(other.on))
  const [first] = ends
  return first === undefined ? undefined : { ...first, days: Math.floor((Date.parse(first.on) - now) / DAY_MS) }
}

/** One sentence for a log or a person. */
export const sunsetSentence = ({ what, on, days }: Sunset): string =>
  days < 0 ? `${what} was switched off on ${on}: a newer release of the relay is due` : `${what} is switched off on ${on}, in ${days} days`
