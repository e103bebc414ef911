import type { Clock } from '@relay/core/clock'

export interface RecentCounts {
  add(events: number, duplicates: number): void
  /** Of this minute and the 14 before it. */
  read(): { readonly events: number; readonly duplicates: number }
}

const MINUTE_MS = 60_000
const MINUTES = 15

/** What this process was sent lately, in a bucket a minute. */
export function createRecentCounts(clock: Clock): RecentCounts {
  const buckets = new Map<number, { events: number; duplicates: number }>()

  function current(): number {
    const minute = Math.floor(clock() / MINUTE_MS)
    for (const old of buckets.keys()) if (old <= minute - MINUTES) buckets.delete(old)
    return minute
  }

  return {
    add(events, duplicates) {
      const minute = current()
      const bucket = buckets.get(minute) ?? { events: 0, duplicates: 0 }
      bucket.events += events
      bucket.duplicates += duplicates
      buckets.set(minute, bucket)
    },
    read() {
      current()
      let [events, duplicates] = [0, 0]
      for (const bucket of buckets.values()) {
        events += bucket.events
        duplicates += bucket.duplicates
      }
      return { events, duplicates }
    },
  }
}
