import type { EpochMs } from '@relay/core/clock'
import { parseDurationMs } from '@relay/core/duration'
import type { PlatformId } from '@relay/core/ids'
import { type AuditEntry, readFleetAudit } from '@relay/state/audit'
import { type Hold, readHolds } from '@relay/state/holds'
import { type HoldChange, readHoldChanges } from '@relay/state/trace'
import { WITHOUT_END } from '@relay/state/without-end'
import type { Redis } from 'ioredis'

/** The whole queue of a platform waited for one reason. */
export interface QueueWait {
  readonly reason: string
  readonly from: EpochMs
  /** WITHOUT_END where it is in force and only an operator ends it. */
  readonly until: EpochMs
  readonly message: string
}

export interface QueueWaits {
  /** Oldest first; those in force are among them. */
  readonly all: readonly QueueWait[]
  /** In force now, the one that ends last first. */
  readonly inForce: readonly Hold[]
}

const AUDIT_READ = 1_000

/** Why a platform's queue waited, as far back as is known: what workers noted, what operators did, what is in force. */
export async function readQueueWaits(redis: Redis, platform: PlatformId): Promise<QueueWaits> {
  const [noted, audit, inForce] = await Promise.all([
    readHoldChanges(redis, platform),
    readFleetAudit(redis, AUDIT_READ),
    readHolds(redis, platform),
  ])
  const ofOperators = audit.flatMap((entry) => changesOf(entry, platform))
  const changes = [...noted, ...ofOperators].toSorted((a, b) => a.at - b.at)
  return { all: spansOf(changes, inForce), inForce }
}

/** What an operator's action changed. Pure. */
export function changesOf({ at, action, actor, details }: AuditEntry, platform: PlatformId): HoldChange[] {
  if (details['platform'] !== platform) return []
  const forMs = parseDurationMs(String(details['for'] ?? ''))
  const until = instantOf(details['until']) ?? (forMs === undefined ? WITHOUT_END : at + forMs)
  const why = typeof details['reason'] === 'string' ? `: ${details['reason']}` : ''
  switch (action) {
    case 'queue.paused':
      return [{ at, reason: 'operator', until: WITHOUT_END, message: `Paused by ${actor}${why}` }]
    case 'queue.resumed':
      return [{ at, reason: 'operator', message: `Resumed by ${actor}` }]
    case 'breaker.opened':
      return [{ at, reason: 'breaker', until, message: `Opened by ${actor}` }]
    case 'breaker.closed':
    case 'breaker.reset':
      return [{ at, reason: 'breaker', message: `Closed by ${actor}` }]
    case 'maintenance.declared':
      return [{ at: instantOf(details['from']) ?? at, reason: 'maintenance', until, message: `Declared by ${actor}${why}` }]
    case 'maintenance.ended':
      return [{ at, reason: 'maintenance', message: `Ended by ${actor}` }]
    default:
      return []
  }
}

function instantOf(value: string | number | undefined): EpochMs | undefined {
  const instant = typeof value === 'string' ? Date.parse(value) : value
  return instant === undefined || Number.isNaN(instant) ? undefined : instant
}

/** Changes, oldest first, to spans of time per reason; what is in force is right whatever was noted of it. Pure. */
export function spansOf(changes: readonly HoldChange[], inForce: readonly Hold[]): QueueWait[] {
  const spans: QueueWait[] = []
  for (const { at, reason, until, message } of changes) {
    const last = spans.findLastIndex((span) => span.reason === reason)
    const isOpen = last >= 0 && spans[last]!.until > at
    if (until === undefined) {
      if (isOpen) spans[last] = { ...spans[last]!, until: Math.max(at, spans[last]!.from) }
    } else if (isOpen) spans[last] = { ...spans[last]!, until: Math.max(until, spans[last]!.until), message }
    else spans.push({ reason, from: at, until, message })
  }
  for (const { reason, until, message } of inForce) {
    const last = spans.findLastIndex((span) => span.reason === reason)
    if (last >= 0) spans[last] = { ...spans[last]!, until }
    else spans.push({ reason, from: Number.NaN, until, message })
  }
  return spans
}
