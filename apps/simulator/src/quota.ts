import type { Call, EpochMs, PlatformApi } from './call.ts'
import type { Settings } from './settings.ts'

/** Holds the limits that `PUT /settings` has set, in sliding windows. A request that is turned away does not count against them. */
export interface Quota {
  admits(api: Pick<PlatformApi, 'id' | 'limitedBy'>, call: Call, settings: Settings, at: EpochMs): boolean
  clear(): void
}

interface Passed {
  readonly at: EpochMs
  readonly rows: number
}

export function createQuota(): Quota {
  const passed = new Map<string, Passed[]>()
  return {
    admits(api, call, settings, at) {
      const { requests_per_second: perSecond, requests_per_minute: perMinute, events_per_minute: eventsPerMinute } = settings
      if (perSecond === undefined && perMinute === undefined && eventsPerMinute === undefined) return true
      const scope = `${api.id} ${api.limitedBy(call)}`
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
