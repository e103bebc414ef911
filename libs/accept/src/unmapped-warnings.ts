import type { Clock, EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'

const HOUR_MS = 3_600_000
/** Producers may invent names without end; past this many the oldest are forgotten, and warned of again. */
const MAX_NAMES = 10_000

/** Is it time to warn of this name? Once an hour for each platform and name, in this process. */
export function createUnmappedWarnings(clock: Clock): (platform: PlatformId, eventName: string) => boolean {
  const warnedAt = new Map<string, EpochMs>()
  return (platform, eventName) => {
    const key = `${platform} ${eventName}`
    const now = clock()
    if (now - (warnedAt.get(key) ?? -Infinity) < HOUR_MS) return false
    // Taken out first, so that the order of the map is that of the warnings.
    warnedAt.delete(key)
    warnedAt.set(key, now)
    if (warnedAt.size > MAX_NAMES) warnedAt.delete(warnedAt.keys().next().value!)
    return true
  }
}
