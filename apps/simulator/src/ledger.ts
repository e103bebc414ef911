import { createArrivals } from './arrivals.ts'
import type { Peak } from './arrivals.ts'
import { createColumn, float64, uint32, uint8 } from './column.ts'
import { createCounts } from './counts.ts'
import type { Fate, PlatformCounts, RequestCounts } from './counts.ts'
import type { Booking, Door, EpochMs, PlatformId } from './call.ts'
import { isWithin } from './faults.ts'

const OUTCOMES = ['counted', 'repeated', 'test', 'rejected'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** One arrival of one event that the platform took. */
export interface Entry {
  readonly platform: PlatformId
  readonly account: string
  readonly event_name: string
  /** null where the client gave none. */
  readonly event_id: string | null
  /** Unix seconds. */
  readonly event_time: number
  readonly counted: Outcome
  readonly request_no: number
  readonly at: EpochMs
}

export interface EntryFilter {
  readonly platform?: PlatformId
  readonly account?: string
  readonly event_id?: string
  readonly counted?: string
}

/** The same account, name and id counted more than once although the platform deduplicates. */
export interface Doubled {
  readonly platform: PlatformId
  readonly account: string
  readonly event_name: string
  readonly event_id: string
  readonly counted: number
}

/** What came to `events` in one request. */
export interface Visit {
  readonly platform: PlatformId
  readonly requestNo: number
  readonly at: EpochMs
  readonly byAccount: ReadonlyMap<string, number>
  readonly fate: Fate
}

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

/** Account and name, shared by all their entries, with what was counted under them: dedup key → entry. */
interface Group {
  readonly platform: PlatformId
  readonly account: string
  readonly name: string
  readonly counted: Map<string, number>
}

export function createLedger(): Ledger {
  const arrivals = createArrivals()
  const counts = createCounts()
  const groups: Group[] = []
  const groupNo = new Map<string, number>()
  const ids: string[] = []
  const rows = {
    group: createColumn(uint32),
    time: createColumn(float64),
    outcome: createColumn(uint8),
    no: createColumn(uint32),
    at: createColumn(float64),
  }

  function groupOf(platform: PlatformId, account: string, name: string): number {
    const key = `${platform}\n${account}\n${name}`
    const known = groupNo.get(key)
    if (known !== undefined) return known
    groupNo.set(key, groups.length)
    return groups.push({ platform, account, name, counted: new Map() }) - 1
  }

  /** The window begins at the first receipt and is not prolonged by repeats; after it the same key is counted again. */
  function outcomeOf(booking: Booking, group: Group, at: EpochMs, windowMs: number): Outcome {
    if (booking.as !== 'live') return booking.as
    if (booking.key === '') return 'counted'
    const first = group.counted.get(booking.key)
    if (first !== undefined && at - rows.at.at(first) < windowMs) return 'repeated'
    group.counted.set(booking.key, ids.length)
    return 'counted'
  }

  function entryAt(index: number): Entry {
    const { platform, account, name } = groups[rows.group.at(index)]!
    const id = ids[index] ?? ''
    const counted = OUTCOMES[rows.outcome.at(index)]!
    const own = { event_time: rows.time.at(index), counted, request_no: rows.no.at(index), at: rows.at.at(index) }
    return { platform, account, event_name: name, event_id: id === '' ? null : id, ...own }
  }

  function* entries(filter: EntryFilter = {}): Generator<Entry> {
    const account = filter.account
    const isWanted = (group: Group): boolean =>
      (filter.platform === undefined || group.platform === filter.platform) && (account === undefined || isWithin(group.account, account))
    for (let index = 0; index < ids.length; index += 1) {
      if (!isWanted(groups[rows.group.at(index)]!)) continue
      if (filter.event_id !== undefined && ids[index] !== filter.event_id) continue
      if (filter.counted !== undefined && OUTCOMES[rows.outcome.at(index)] !== filter.counted) continue
      yield entryAt(index)
    }
  }

  return {
    record({ platform, requestNo, at, byAccount, fate }, bookings, dedupWindowMs) {
      arrivals.add(platform, at, byAccount)
      counts.addRequest(platform, fate, byAccount)
      for (const booking of bookings) {
        const group = groupOf(platform, booking.account, booking.name)
        const outcome = outcomeOf(booking, groups[group]!, at, dedupWindowMs)
        counts.addEvent(platform, booking.account, outcome)
        ids.push(booking.id)
        rows.group.push(group)
        rows.time.push(booking.timeS)
        rows.outcome.push(OUTCOMES.indexOf(outcome))
        rows.no.push(requestNo)
        rows.at.push(at)
      }
    },
    countAnswer: (platform, door, status) => counts.addAnswer(platform, door, status),
    summary: () => counts.events(),
    requests: () => counts.requests(),
    entries,
    doubled: () => findDoubled(ids, rows, groups),
    windows: (platform, windowMs = 60_000, account) => arrivals.peak(platform, windowMs, account),
    clear() {
      arrivals.clear()
      counts.clear()
      groups.length = 0
      groupNo.clear()
      ids.length = 0
      for (const column of Object.values(rows)) column.clear()
    },
  }
}

/** By id and not by what the platform deduplicates by: a client that changes a time between two attempts shows up here. */
function findDoubled(
  ids: readonly string[],
  rows: { readonly group: { at(index: number): number }; readonly outcome: { at(index: number): number } },
  groups: readonly Group[],
): readonly Doubled[] {
  const seen = groups.map(() => new Map<string, number>())
  ids.forEach((id, index) => {
    if (id === '' || OUTCOMES[rows.outcome.at(index)] !== 'counted') return
    const ofGroup = seen[rows.group.at(index)]!
    ofGroup.set(id, (ofGroup.get(id) ?? 0) + 1)
  })
  return groups.flatMap(({ platform, account, name }, no) =>
    [...seen[no]!]
      .filter(([, counted]) => counted > 1)
      .map(([id, counted]) => ({ platform, account, event_name: name, event_id: id, counted })),
  )
}
