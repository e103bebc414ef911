import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

/*
 * Why a platform's queue waits is a set: each cause has its own entry with its own end, so one cause's end never undoes another's, and the queue
 * runs when the set is empty. The breaker is not in it: it has a state of its own and asks for probes.
 */

export type PauseReason = 'maintenance' | 'limit' | 'configuration' | 'operator'

export interface Pause {
  readonly reason: PauseReason
  readonly until: EpochMs
  /** Fit to be shown. */
  readonly message: string
}

const pause = loadScript(new URL('.', import.meta.url), 'pause')
const readPauses = loadScript(new URL('.', import.meta.url), 'read-pauses')

/** Adds a reason, or moves its end later; true where the reason is new, so that its cause is told of once. */
export async function addPause(redis: Redis, platform: PlatformId, { reason, until, message }: Pause): Promise<boolean> {
  return (await pause.run(redis, [keys.pauses(platform)], [reason, until, message])) === 1
}

/** The reasons in force, the one that ends last first. */
export async function activePauses(redis: Redis, platform: PlatformId): Promise<Pause[]> {
  const rows = (await readPauses.run(redis, [keys.pauses(platform)], [])) as [PauseReason, string, string][]
  return rows.map(([reason, until, message]) => ({ reason, until: Number(until), message })).toSorted((a, b) => b.until - a.until)
}

/** Ends one reason; the others stay. */
export const endPause = async (redis: Redis, platform: PlatformId, reason: PauseReason): Promise<void> => {
  await redis.hdel(keys.pauses(platform), reason, `${reason}:message`)
}
