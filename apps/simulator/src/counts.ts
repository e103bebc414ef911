import { PLATFORMS } from './call.ts'
import type { Door, PlatformId } from './call.ts'

/** What became of a request at the door `events`. `unserved`: a fault on command ended it before the platform judged it. */
export type Fate = 'taken' | 'refused' | 'throttled' | 'unserved'

/** Events, except `requests`. Always `events = counted + repeated + test + rejected + refused + throttled + unserved`. */
interface Counts {
  requests: number
  events: number
  counted: number
  repeated: number
  test: number
  rejected: number
  refused: number
  throttled: number
  unserved: number
}

export interface PlatformCounts extends Counts {
  readonly by_account: Readonly<Record<string, Readonly<Counts>>>
}

export interface RequestCounts {
  readonly total: number
  /** Door → HTTP status (`none` where no answer was given) → requests. */
  readonly by_door: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface CountBook {
  addRequest(platform: PlatformId, fate: Fate, byAccount: ReadonlyMap<string, number>): void
  addEvent(platform: PlatformId, account: string, outcome: 'counted' | 'repeated' | 'test' | 'rejected'): void
  addAnswer(platform: PlatformId, door: Door | 'none', status: number | 'none'): void
  events(): Readonly<Record<PlatformId, PlatformCounts>>
  requests(): Readonly<Record<PlatformId, RequestCounts>>
  clear(): void
}

interface Shelf {
  readonly all: Counts
  readonly accounts: Map<string, Counts>
  readonly answers: Map<string, Map<string, number>>
}

export function createCounts(): CountBook {
  let shelves = emptyShelves()

  return {
    addRequest(platform, fate, byAccount) {
      const shelf = shelves[platform]
      shelf.all.requests += 1
      for (const [account, rows] of byAccount) {
        const own = accountOf(shelf, account)
        own.requests += 1
        for (const counts of [shelf.all, own]) {
          counts.events += rows
          if (fate !== 'taken') counts[fate] += rows
        }
      }
    },
    addEvent(platform, account, outcome) {
      const shelf = shelves[platform]
      shelf.all[outcome] += 1
      accountOf(shelf, account)[outcome] += 1
    },
    addAnswer(platform, door, status) {
      const { answers } = shelves[platform]
      const ofDoor = answers.get(door) ?? new Map<string, number>()
      answers.set(door, ofDoor.set(String(status), (ofDoor.get(String(status)) ?? 0) + 1))
    },
    events: () => perPlatform((platform) => ({ ...shelves[platform].all, by_account: Object.fromEntries(shelves[platform].accounts) })),
    requests: () => perPlatform((platform) => requestCounts(shelves[platform])),
    clear() {
      shelves = emptyShelves()
    },
  }
}

function accountOf(shelf: Shelf, account: string): Counts {
  const known = shelf.accounts.get(account)
  if (known !== undefined) return known
  const fresh = zero()
  shelf.accounts.set(account, fresh)
  return fresh
}

function zero(): Counts {
  return { requests: 0, events: 0, counted: 0, repeated: 0, test: 0, rejected: 0, refused: 0, throttled: 0, unserved: 0 }
}

function emptyShelves(): Record<PlatformId, Shelf> {
  return perPlatform(() => ({ all: zero(), accounts: new Map(), answers: new Map() }))
}

function perPlatform<T>(make: (platform: PlatformId) => T): Record<PlatformId, T> {
  return Object.fromEntries(PLATFORMS.map((platform) => [platform, make(platform)])) as Record<PlatformId, T>
}

function requestCounts(shelf: Shelf): RequestCounts {
  let total = 0
  for (const ofDoor of shelf.answers.values()) for (const count of ofDoor.values()) total += count
  return { total, by_door: Object.fromEntries([...shelf.answers].map(([door, ofDoor]) => [door, Object.fromEntries(ofDoor)])) }
}
