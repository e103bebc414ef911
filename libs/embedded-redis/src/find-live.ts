import { setTimeout as delay } from 'node:timers/promises'
import { isServerOf, readRecord, servesFolder } from './server-record.ts'
import type { ServerRecord } from './server-record.ts'
import { RedisStartError } from './start-error.ts'

const POLL_MS = 50
/** A server that is ending writes its file first; one that has just been started reads its configuration. */
const PATIENCE_MS = 20_000

/** The server that holds this data folder, if one is alive; waits for one that is just starting or ending. UNRESPONSIVE if it does neither. */
export async function findLive(dir: string): Promise<ServerRecord | undefined> {
  const record = await readRecord(dir)
  if (record === undefined) return undefined
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    if (await servesFolder(record.port, dir)) return record
    if (record.pid === undefined || !(await isServerOf(record.pid, dir))) return undefined
    if (performance.now() > giveUpAt) {
      throw new RedisStartError(
        'UNRESPONSIVE',
        `the Redis of ${dir} (process ${record.pid}) neither answers nor ends. Run: kill -9 ${record.pid}`,
      )
    }
    await delay(POLL_MS)
  }
}
