import { hostname } from 'node:os'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/** A process that has not been seen for this long, in ms, counts as dead. */
export const HEARTBEAT_TTL_MS = 15_000
const HEARTBEAT_EVERY_MS = 3_000
const INDEX_TTL_MS = 600_000

/** What a process tells of itself beside that it lives: numbers of this process alone. */
export interface ProcessStats {
  /** A worker's HTTP connections to platforms: used, at most, and requests that wait for one. */
  readonly pool?: { readonly open: number; readonly waiting: number; readonly max: number }
  /** Events that an ingest was sent within the last 15 minutes, and how many of them were duplicates. */
  readonly received?: { readonly events: number; readonly duplicates: number }
}

export interface ProcessRecord {
  readonly id: string
  readonly kind: 'ingest' | 'worker'
  readonly pid: number
  readonly host: string
  readonly startedAt: EpochMs
  readonly platforms: readonly PlatformId[]
  readonly seenAt: EpochMs
  readonly stats?: ProcessStats
}

/** Tells the fleet that this process lives, and how it does, every 3 s until `stop`; forgotten 15 s after the last beat. */
export function startHeartbeat(
  redis: Redis,
  own: Pick<ProcessRecord, 'id' | 'kind' | 'platforms'>,
  onError: (error: unknown) => void,
  readStats?: () => ProcessStats,
): { stop(): Promise<void> } {
  const startedAt = Date.now()
  const stats = (): Pick<ProcessRecord, 'stats'> => (readStats === undefined ? {} : { stats: readStats() })
  const beat = async (): Promise<void> => {
    const record: ProcessRecord = { ...own, pid: process.pid, host: hostname(), startedAt, seenAt: Date.now(), ...stats() }
    await redis
      .multi()
      .set(keys.process(own.id), JSON.stringify(record), 'PX', HEARTBEAT_TTL_MS)
      .sadd(keys.processes(), own.id)
      .pexpire(keys.processes(), INDEX_TTL_MS)
      .exec()
  }
  const timer = setInterval(() => void beat().catch(onError), HEARTBEAT_EVERY_MS)
  timer.unref()
  void beat().catch(onError)
  return {
    async stop() {
      clearInterval(timer)
      await redis.multi().del(keys.process(own.id)).srem(keys.processes(), own.id).exec()
    },
  }
}

/**
 * The live processes, oldest first. Found by their index, since going through the keys of a long queue would take long; those that died are taken out of it,
 * and one that comes back puts itself in again with its next beat.
 */
export async function listProcesses(redis: Redis): Promise<ProcessRecord[]> {
  const ids = await redis.smembers(keys.processes())
  if (ids.length === 0) return []
  const texts = await redis.mget(ids.map((id) => keys.process(id)))
  const dead = ids.filter((_, index) => texts[index] === null)
  if (dead.length > 0) await redis.srem(keys.processes(), ...dead)
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as ProcessRecord])).toSorted((a, b) => a.startedAt - b.startedAt)
}
