import type { EpochMs } from './call.ts'

interface PastHour {
  readonly event_count_past_hour: number
  /** Unix seconds; 0 where there was none. */
  readonly latest_event_ts: number
}

/** How many events an asset had in the past hour, test and live apart, to the minute. */
export interface Hourly {
  add(asset: string, kind: 'test' | 'live', events: number, at: EpochMs): void
  past(asset: string, kind: 'test' | 'live', now: EpochMs): PastHour
  clear(): void
}

interface Shelf {
  /** Minute since 1970 → events; at most 61 of them. */
  readonly minutes: Map<number, number>
  latestMs: EpochMs
}

export function createHourly(): Hourly {
  const shelves = new Map<string, Shelf>()
  return {
    add(asset, kind, events, at) {
      if (events === 0) return
      const key = `${kind} ${asset}`
      const shelf = shelves.get(key) ?? { minutes: new Map<number, number>(), latestMs: 0 }
      const minute = Math.floor(at / 60_000)
      shelf.minutes.set(minute, (shelf.minutes.get(minute) ?? 0) + events)
      shelf.latestMs = at
      for (const each of shelf.minutes.keys()) if (each < minute - 60) shelf.minutes.delete(each)
      shelves.set(key, shelf)
    },
    past(asset, kind, now) {
      const shelf = shelves.get(`${kind} ${asset}`)
      const since = Math.floor(now / 60_000) - 60
      let events = 0
      for (const [minute, count] of shelf?.minutes ?? []) if (minute > since) events += count
      return { event_count_past_hour: events, latest_event_ts: Math.floor((shelf?.latestMs ?? 0) / 1000) }
    },
    clear: () => shelves.clear(),
  }
}
