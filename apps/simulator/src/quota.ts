import type { Call, EpochMs, PlatformId } from './call.ts'
import { firstAccount } from './call.ts'
import type { Settings } from './settings.ts'

/** Holds the limits that `PUT /settings` has set, in sliding windows. A request that is turned away does not count against them. */
export interface Quota {
  admits(platform: PlatformId, call: Call, settings: Settings, at: EpochMs): boolean
  clear(): void
}

interface Passed {
  readonly at: EpochMs
  readonly rows: number
}

/** Whom a platform counts a request for: Meta the account, TikTok and Snapchat the token, Google the Cloud project, which is all that comes here. */
const SCOPES: Record<PlatformId, (call: Call) => string> = {
  meta: firstAccount,
  google: () => '',
  tiktok: (call) => call.token,
  snapchat: (call) => call.token,
}

export function createQuota(): Quota {
  const passed = new Map<string, Passed[]>()
  return {
    admits(platform, call, settings, at) {
      const { requests_per_second: perSecond, requests_per_minute: perMinute, events_per_minute: eventsPerMinute } = settings
      if (perSecond === undefined && perMinute === undefined && eventsPerMinute === undefined) return true
      const scope = `${platform} ${SCOPES[platform](call)}`
      const recent = (passed.get(scope) ?? []).filter((each) => each.at > at - 60_000)
      const rows = [...call.arrivals.values()].reduce((sum, each) => sum + each, 0)
      const isOver =
        isReached(perSecond, recent.filter((each) => each.at > at - 1000).length + 1) ||
        isReached(perMinute, recent.length + 1) ||
        isReached(
          eventsPerMinute,
          recent.reduce((sum, each) => sum + each.rows, rows),
        )
      passed.set(scope, isOver ? recent : [...recent, { at, rows }])
      return !isOver
    },
    clear: () => passed.clear(),
  }
}

function isReached(limit: number | undefined, wanted: number): boolean {
  return limit !== undefined && wanted > limit
}
