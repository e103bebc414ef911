import { createColumn, float64, uint32, uint8 } from './column.ts'
import type { Column } from './column.ts'
import { PLATFORMS, isWithin } from './call.ts'
import type { EpochMs, PlatformId } from './call.ts'

export interface Peak {
  readonly platform: PlatformId
  readonly window_ms: number
  /** The largest number of events of any window of that length, wherever it begins; refused and unanswered requests count too. */
  readonly max_events: number
  readonly max_requests: number
  /** When the window with most events begins; null where nothing came. */
  readonly from: EpochMs | null
}

/** Every request at the door `events` with its rows, taken or not: what a sender's rate limit is measured by. */
export interface Arrivals {
  /** `byAccount` may be empty: a request whose body could not be read still counts as one. */
  add(platform: PlatformId, at: EpochMs, byAccount: ReadonlyMap<string, number>): void
  peak(platform: PlatformId, windowMs: number, account?: string): Peak
  clear(): void
}

interface Track {
  readonly at: Column
  readonly rows: Column
  readonly account: Column
  /** 1 on the first entry of a request, so that a request for two accounts is one request. */
  readonly opens: Column
}

export function createArrivals(): Arrivals {
  const tracks = new Map<PlatformId, Track>()
  const accounts: string[] = []
  const accountNo = new Map<string, number>()

  function numberOf(account: string): number {
    const known = accountNo.get(account)
    if (known !== undefined) return known
    accountNo.set(account, accounts.length)
    return accounts.push(account) - 1
  }

  function clear(): void {
    accounts.length = 0
    accountNo.clear()
    for (const platform of PLATFORMS) {
      tracks.set(platform, {
        at: createColumn(float64),
        rows: createColumn(uint32),
        account: createColumn(uint32),
        opens: createColumn(uint8),
      })
    }
  }

  clear()
  return {
    add(platform, at, byAccount) {
      const track = tracks.get(platform)
      if (track === undefined) return
      let opens = 1
      for (const [account, rows] of byAccount.size === 0 ? [['', 0] as const] : byAccount) {
        track.at.push(at)
        track.rows.push(rows)
        track.account.push(numberOf(account))
        track.opens.push(opens)
        opens = 0
      }
    },
    peak(platform, windowMs, account) {
      const track = tracks.get(platform)
      const wanted = account === undefined ? undefined : new Set(accounts.flatMap((each, no) => (isWithin(each, account) ? [no] : [])))
      const highest = track === undefined ? { events: 0, requests: 0, from: null } : slide(track, windowMs, wanted)
      return { platform, window_ms: windowMs, max_events: highest.events, max_requests: highest.requests, from: highest.from }
    },
    clear,
  }
}

/** Two ends walk over the entries, which stand in the order of their arrival; the window is [t, t + windowMs). */
function slide(
  track: Track,
  windowMs: number,
  wanted: ReadonlySet<number> | undefined,
): { events: number; requests: number; from: EpochMs | null } {
  const isWanted = (index: number): boolean => wanted === undefined || wanted.has(track.account.at(index))
  const requestsOf = (index: number): number => (wanted === undefined ? track.opens.at(index) : 1)
  let events = 0
  let requests = 0
  let tail = 0
  const highest: { events: number; requests: number; from: EpochMs | null } = { events: 0, requests: 0, from: null }
  for (let head = 0; head < track.at.length; head += 1) {
    if (!isWanted(head)) continue
    events += track.rows.at(head)
    requests += requestsOf(head)
    for (; track.at.at(tail) <= track.at.at(head) - windowMs; tail += 1) {
      if (!isWanted(tail)) continue
      events -= track.rows.at(tail)
      requests -= requestsOf(tail)
    }
    if (events > highest.events || highest.from === null) {
      highest.events = events
      highest.from = track.at.at(tail)
    }
    highest.requests = Math.max(highest.requests, requests)
  }
  return highest
}
