import { hostname } from 'node:os'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/** A process that has not been seen for this long, in ms, counts as dead. */
export const HEARTBEAT_TTL_MS = 15_000
const HEARTBEAT_EVERY_MS = 3_000

export interface ProcessRecord {
  readonly id: string
  readonly kind: 'ingest' | 'worker'
  readonly pid: number
  readonly host: string
  readonly startedAt: EpochMs
  readonly platforms: readonly PlatformId[]
  readonly seenAt: EpochMs
}

/** Tells the fleet that this process lives, every 3 s until `stop`; forgotten 15 s after the last beat. */
export function startHeartbeat(
  redis: Redis,
  own: Pick<ProcessRecord, 'id' | 'kind' | 'platforms'>,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const startedAt = Date.now()
  const beat = async (): Promise<void> => {
    const record: ProcessRecord = { ...own, pid: process.pid, host: hostname(), startedAt, seenAt: Date.now() }
    await redis.set(keys.process(own.id), JSON.stringify(record), 'PX', HEARTBEAT_TTL_MS)
  }
  const timer = setInterval(() => void beat().catch(onError), HEARTBEAT_EVERY_MS)
  timer.unref()
  void beat().catch(onError)
  return {
    async stop() {
      clearInterval(timer)
      await redis.del(keys.process(own.id))
    },
  }
}

/** The live processes, oldest first. */
export async function listProcesses(redis: Redis): Promise<ProcessRecord[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', keys.processPattern(), 'COUNT', 1_000)
    cursor = next
    found.push(...page)
  } while (cursor !== '0')
  if (found.length === 0) return []
  const texts = await redis.mget([...new Set(found)])
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as ProcessRecord])).toSorted((a, b) => a.startedAt - b.startedAt)
}
