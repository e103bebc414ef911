import { createArrivals } from './arrivals.ts'
import type { Peak } from './arrivals.ts'
import type { Booking, Door, EpochMs, PlatformId } from './call.ts'
import { createCounts } from './counts.ts'
import type { Fate, PlatformCounts, RequestCounts } from './counts.ts'
import { createEntries } from './entries.ts'
import type { Doubled, Entry, EntryFilter } from './entries.ts'

/** What came to `events` in one request. */
interface Visit {
  readonly platform: PlatformId
  readonly requestNo: number
  readonly at: EpochMs
  readonly byAccount: ReadonlyMap<string, number>
  readonly fate: Fate
}

/** What arrived, independent of what any sender believes. All of it is in memory and ends with the process. */
export interface Ledger {
  /** Writes one request down, and its events where it was taken; decides for each whether it is counted or a repeat. */
  record(visit: Visit, bookings: readonly Booking[], dedupWindowMs: number): void
  countAnswer(platform: PlatformId, door: Door | 'none', status: number | 'none'): void
  summary(): Readonly<Record<PlatformId, PlatformCounts>>
  requests(): Readonly<Record<PlatformId, RequestCounts>>
  /** In order of arrival. */
  entries(filter?: EntryFilter): Generator<Entry>
  doubled(): readonly Doubled[]
  /** 60 s windows unless told otherwise. */
  windows(platform: PlatformId, windowMs?: number, account?: string): Peak
  /** Forgets everything, also what the platforms deduplicate by. */
  clear(): void
}

export function createLedger(): Ledger {
  const arrivals = createArrivals()
  const counts = createCounts()
  const entries = createEntries()
  return {
    record({ platform, requestNo, at, byAccount, fate }, bookings, dedupWindowMs) {
      arrivals.add(platform, at, byAccount)
      counts.addRequest(platform, fate, byAccount)
      for (const booking of bookings) {
        counts.addEvent(platform, booking.account, entries.add(platform, booking, requestNo, at, dedupWindowMs))
      }
    },
    countAnswer: (platform, door, status) => counts.addAnswer(platform, door, status),
    summary: () => counts.events(),
    requests: () => counts.requests(),
    entries: (filter = {}) => entries.walk(filter),
    doubled: () => entries.doubled(),
    windows: (platform, windowMs = 60_000, account) => arrivals.peak(platform, windowMs, account),
    clear() {
      arrivals.clear()
      counts.clear()
      entries.clear()
    },
  }
}
