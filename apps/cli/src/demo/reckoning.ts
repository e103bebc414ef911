import { mapPlatforms, type PlatformId } from '@relay/core/ids'
import type { Books } from '@relay/state/books'
import { ownsAccount, type Part } from './cast.ts'
import type { DemoEvent } from './events.ts'
import type { LedgerEntry, PlatformLedger } from './simulator-control.ts'

/*
 * The end of the demo: what the shops sent against what the platforms' ledgers hold, delivery by delivery. The product's own books are then held against both.
 */

export interface PlatformReckoning {
  readonly accepted: number
  readonly delivered: number
  readonly duplicates: number
  readonly skipped: number
  readonly dead: number
  readonly replayed: number
  readonly requests: number
  readonly lost: number
  readonly doubled: number
}

export interface Evidence {
  readonly cast: readonly Part[]
  /** Every valid event, once. */
  readonly events: readonly DemoEvent[]
  readonly entries: readonly LedgerEntry[]
  readonly ledger: Readonly<Record<PlatformId, PlatformLedger>>
  readonly doubled: readonly { readonly platform: PlatformId }[]
  readonly books: Readonly<Record<PlatformId, Books>>
  /** Letters that are dead at the end, as `account event_id`. */
  readonly dead: Readonly<Record<PlatformId, ReadonlySet<string>>>
  readonly replayed: Readonly<Record<PlatformId, number>>
  /** Repeats of events, per tenant. */
  readonly repeats: Readonly<Record<string, number>>
}

export interface Reckoning {
  readonly platforms: Readonly<Record<PlatformId, PlatformReckoning>>
  /** What does not add up, in words; empty where all does. */
  readonly faults: readonly string[]
}

export function reckon(evidence: Evidence): Reckoning {
  const faults: string[] = []
  const platforms = mapPlatforms((platform) => reckonPlatform(evidence, platform, faults))
  return { platforms, faults }
}

function reckonPlatform(evidence: Evidence, platform: PlatformId, faults: string[]): PlatformReckoning {
  const parts = evidence.cast.filter((part) => part.platform === platform)
  const arrived = arrivals(evidence, parts, platform)
  let [accepted, skipped, lost, strays] = [0, 0, 0, arrived.size]
  for (const part of parts) {
    for (const event of evidence.events) {
      if (event.tenant !== part.tenant) continue
      accepted += 1
      const key = `${part.account} ${event.id}`
      const fate = event.fate(platform)
      if (fate === 'skipped') skipped += 1
      else if (arrived.has(key)) strays -= 1
      else if (!evidence.dead[platform].has(key)) lost += 1
    }
  }
  const doubled = evidence.doubled.filter((each) => each.platform === platform).length + strays
  const books = evidence.books[platform]
  const counts = { accepted, skipped, delivered: arrived.size, dead: evidence.dead[platform].size }
  for (const [name, expected] of Object.entries(counts) as [keyof typeof counts, number][]) {
    if (books[name] !== expected) faults.push(`${platform}: the books say ${books[name]} ${name}, the demo counted ${expected}`)
  }
  if (books.unaccounted !== 0) faults.push(`${platform}: ${books.unaccounted} deliveries are not accounted for`)
  if (lost > 0) faults.push(`${platform}: ${lost} deliveries neither arrived nor are dead letters`)
  if (doubled > 0) faults.push(`${platform}: ${doubled} events were counted twice, or should not have come`)
  const duplicates = parts.reduce((sum, part) => sum + (evidence.repeats[part.tenant] ?? 0), 0)
  return { ...counts, duplicates, replayed: evidence.replayed[platform], requests: evidence.ledger[platform].requests, lost, doubled }
}

/** What the platform counted, as `account event_id`. */
function arrivals(evidence: Evidence, parts: readonly Part[], platform: PlatformId): Set<string> {
  const arrived = new Set<string>()
  for (const entry of evidence.entries) {
    if (entry.platform !== platform || entry.counted !== 'counted') continue
    const part = parts.find((each) => ownsAccount(each, platform, entry.account))
    arrived.add(`${part?.account ?? entry.account} ${entry.event_id}`)
  }
  return arrived
}
