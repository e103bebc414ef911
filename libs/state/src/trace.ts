import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { encodeEntry, findRows, type FoundRow, readHeader, type TraceEntry, type TraceHeader, type WantedIds } from './trace-entry.ts'

/*
 * What became of deliveries lately, per platform: a stream with one entry per request. Bounded in age, in number and in bytes; a lost write loses a line of an
 * explanation and nothing else, so nobody waits for one.
 */

export interface TraceBounds {
  /** 0: no trace is kept. */
  readonly retentionMs: number
  readonly maxEntries: number
}

export const DEFAULT_TRACE_BOUNDS: TraceBounds = { retentionMs: 3_600_000, maxEntries: 10_000 }

/** Of one platform's stream, whatever the size of its requests. */
const MAX_BYTES = 32 * 1024 * 1024
/** Of the average size that the bound in bytes goes by, the newest entry makes so much. */
const WEIGHT = 0.05
const TRIM_EVERY_MS = 10_000

export interface TraceWriter {
  /** Returns at once. Does nothing while Redis is away. */
  append(entry: TraceEntry): void
}

/** One per platform and process. */
export function createTraceWriter(
  redis: Redis,
  platform: PlatformId,
  bounds: TraceBounds,
  onError: (error: unknown) => void = () => {},
): TraceWriter {
  const key = keys.trace(platform)
  let averageBytes = 0
  let trimmedAt = 0
  return {
    append(entry) {
      if (bounds.retentionMs <= 0 || entry.rows.length === 0 || redis.status !== 'ready') return
      const { head, rows } = encodeEntry(entry)
      const bytes = head.length + rows.length
      averageBytes = averageBytes === 0 ? bytes : averageBytes + (bytes - averageBytes) * WEIGHT
      const most = Math.max(1, Math.min(bounds.maxEntries, Math.floor(MAX_BYTES / averageBytes)))
      const pipeline = redis.pipeline().xadd(key, 'MAXLEN', '~', most, '*', 'h', head, 'r', rows).pexpire(key, bounds.retentionMs)
      if (entry.at - trimmedAt > TRIM_EVERY_MS) {
        trimmedAt = entry.at
        pipeline.xtrim(key, 'MINID', '~', Math.max(0, entry.at - bounds.retentionMs))
      }
      pipeline.exec().catch(onError)
    },
  }
}

const PAGE = 200

/**
 * The wanted rows of a platform's trace, oldest first. `onHeader` sees each entry before its rows are looked at, and may add to what is wanted. Reads the
 * whole stream, 32 MB at most, in pages.
 */
export async function findInTrace(
  redis: Redis,
  platform: PlatformId,
  wanted: WantedIds,
  onHeader: (header: TraceHeader) => void = () => {},
): Promise<FoundRow[]> {
  const found: FoundRow[] = []
  let from = '-'
  for (;;) {
    const page = await redis.xrangeBuffer(keys.trace(platform), from, '+', 'COUNT', PAGE)
    for (const [, fields] of page) {
      const [, head, , rows] = fields
      if (head === undefined || rows === undefined) continue
      const { fates, ...entry } = readHeader(head.toString('utf8'))
      onHeader(entry)
      for (const row of findRows({ fates, ...entry }, rows, wanted)) found.push({ ...row, platform, entry })
    }
    if (page.length < PAGE) return found
    from = `(${page.at(-1)![0].toString('latin1')}`
  }
}

/** Why the whole queue of a platform waited, or that it runs again. */
export interface HoldChange {
  readonly at: EpochMs
  readonly reason: string
  /** Undefined where the reason is gone. */
  readonly until?: EpochMs
  readonly message: string
}

const CHANGES_KEPT = 500
const CHANGES_MS = 30 * 86_400_000

/** The newest 500 stay, for 30 d after the last. */
export async function noteHoldChange(redis: Redis, platform: PlatformId, change: HoldChange): Promise<void> {
  const key = keys.holdsHistory(platform)
  await redis.pipeline().xadd(key, 'MAXLEN', '~', CHANGES_KEPT, '*', 'change', JSON.stringify(change)).pexpire(key, CHANGES_MS).exec()
}

/** Oldest first. */
export async function readHoldChanges(redis: Redis, platform: PlatformId): Promise<HoldChange[]> {
  const rows = await redis.xrange(keys.holdsHistory(platform), '-', '+')
  return rows.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as HoldChange)
}
