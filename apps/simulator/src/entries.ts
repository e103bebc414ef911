import { isWithin } from './call.ts'
import type { Booking, EpochMs, PlatformId } from './call.ts'
import { createColumn, float64, uint32, uint8 } from './column.ts'

const OUTCOMES = ['counted', 'repeated', 'test', 'rejected'] as const
type Outcome = (typeof OUTCOMES)[number]

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

/** The arrivals themselves: numbers in columns, ids as they came, names and accounts once. With a million of them the whole process stays at half a gigabyte. */
export interface Entries {
  /** Decides whether the event is counted or a repeat, and writes it down. */
  add(platform: PlatformId, booking: Booking, requestNo: number, at: EpochMs, dedupWindowMs: number): Outcome
  /** In order of arrival; what comes while the walk goes on is walked too. */
  walk(filter: EntryFilter): Generator<Entry>
  /** By id and not by what the platform deduplicates by: a client that changes a time between two attempts shows up here. */
  doubled(): readonly Doubled[]
  clear(): void
}

/** Account and name, shared by all their entries, with what was counted under them: dedup key → entry. */
interface Group {
  readonly platform: PlatformId
  readonly account: string
  readonly name: string
  readonly counted: Map<string, number>
}

export function createEntries(): Entries {
  const groups = createGroups()
  const ids: string[] = []
  const rows = createRows()

  /** The window begins at the first receipt and is not prolonged by repeats; after it the same key is counted again. */
  function outcomeOf(booking: Booking, group: Group, at: EpochMs, windowMs: number): Outcome {
    if (booking.as !== 'live') return booking.as
    if (booking.key === '') return 'counted'
    const first = group.counted.get(booking.key)
    if (first !== undefined && at - rows.at.at(first) < windowMs) return 'repeated'
    group.counted.set(booking.key, ids.length)
    return 'counted'
  }

  return {
    add(platform, booking, requestNo, at, dedupWindowMs) {
      const group = groups.numberOf(platform, booking.account, booking.name)
      const outcome = outcomeOf(booking, groups.at(group), at, dedupWindowMs)
      ids.push(booking.id)
      rows.group.push(group)
      rows.time.push(booking.timeS)
      rows.outcome.push(OUTCOMES.indexOf(outcome))
      rows.no.push(requestNo)
      rows.at.push(at)
      return outcome
    },
    *walk(filter) {
      for (let index = 0; index < ids.length; index += 1) {
        const group = groups.at(rows.group.at(index))
        const id = ids[index]!
        const counted = OUTCOMES[rows.outcome.at(index)]!
        if (!isWanted(filter, group, id, counted)) continue
        const when = { event_time: rows.time.at(index), counted, request_no: rows.no.at(index), at: rows.at.at(index) }
        yield { platform: group.platform, account: group.account, event_name: group.name, event_id: id === '' ? null : id, ...when }
      }
    },
    doubled: () =>
      findDoubled(ids, (index) => (OUTCOMES[rows.outcome.at(index)] === 'counted' ? groups.at(rows.group.at(index)) : undefined)),
    clear() {
      groups.clear()
      ids.length = 0
      for (const column of Object.values(rows)) column.clear()
    },
  }
}

function createRows() {
  return {
    group: createColumn(uint32),
    time: createColumn(float64),
    outcome: createColumn(uint8),
    no: createColumn(uint32),
    at: createColumn(float64),
  }
}

interface Groups {
  numberOf(platform: PlatformId, account: string, name: string): number
  at(no: number): Group
  clear(): void
}

function createGroups(): Groups {
  const groups: Group[] = []
  const numbers = new Map<string, number>()
  return {
    numberOf(platform, account, name) {
      const key = `${platform}\n${account}\n${name}`
      const known = numbers.get(key)
      if (known !== undefined) return known
      numbers.set(key, groups.length)
      return groups.push({ platform, account, name, counted: new Map() }) - 1
    },
    at: (no) => groups[no]!,
    clear() {
      groups.length = 0
      numbers.clear()
    },
  }
}

function isWanted(filter: EntryFilter, group: Group, id: string, counted: Outcome): boolean {
  if (filter.platform !== undefined && filter.platform !== group.platform) return false
  if (filter.account !== undefined && !isWithin(group.account, filter.account)) return false
  if (filter.event_id !== undefined && filter.event_id !== id) return false
  return filter.counted === undefined || filter.counted === counted
}

/** `groupOf` gives the group of an entry that was counted, undefined for any other. */
function findDoubled(ids: readonly string[], groupOf: (index: number) => Group | undefined): readonly Doubled[] {
  const seen = new Map<Group, Map<string, number>>()
  for (const [index, id] of ids.entries()) {
    const group = id === '' ? undefined : groupOf(index)
    if (group === undefined) continue
    const ofGroup = seen.get(group) ?? new Map<string, number>()
    seen.set(group, ofGroup.set(id, (ofGroup.get(id) ?? 0) + 1))
  }
  return [...seen].flatMap(([{ platform, account, name }, times]) =>
    [...times]
      .filter(([, counted]) => counted > 1)
      .map(([id, counted]) => ({ platform, account, event_name: name, event_id: id, counted })),
  )
}
