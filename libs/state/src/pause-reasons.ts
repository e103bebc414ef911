import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { windowsIn } from './maintenance.ts'
import { maintenanceAt } from './maintenance-rule.ts'
import { loadScript } from './script.ts'

/*
 * Why a platform's queue waits is a set: each cause has its own entry with its own end, so one cause's end never undoes another's, and the queue
 * runs when the set is empty. The breaker is not in it: it has a state of its own and asks for probes (holds.ts puts both together). Nor are the windows of
 * maintenance that an operator declared: they have entries of their own, and are read as one reason with what the platform itself tells.
 */

export type PauseReason = 'maintenance' | 'limit' | 'configuration' | 'operator'

export interface Pause {
  readonly reason: PauseReason
  /** WITHOUT_END where only an operator ends it. */
  readonly until: EpochMs
  /** Fit to be shown. */
  readonly message: string
}

const pause = loadScript(new URL('.', import.meta.url), 'pause')
const end = loadScript(new URL('.', import.meta.url), 'end-pause')
const readPauses = loadScript(new URL('.', import.meta.url), 'read-pauses')

/** Adds a reason, or moves its end later; true where the reason is new, so that its cause is told of once. */
export async function addPause(redis: Redis, platform: PlatformId, { reason, until, message }: Pause): Promise<boolean> {
  return (await pause.run(redis, [keys.pauses(platform)], [reason, until, message])) === 1
}

/** The reasons in force, each once, the one that ends last first. */
export async function activePauses(redis: Redis, platform: PlatformId): Promise<Pause[]> {
  const { now, recorded, windows } = await readRecorded(redis, platform)
  const recognised = recorded.find(({ reason }) => reason === 'maintenance')
  const maintenance = maintenanceAt(windows, recognised, now)
  return [
    ...(maintenance === undefined ? [] : [{ reason: 'maintenance', ...maintenance } as const]),
    ...recorded.filter(({ reason, until }) => reason !== 'maintenance' && until > now),
  ].toSorted((a, b) => b.until - a.until)
}

/** The maintenance that the platform itself told of, while it is in force. */
export async function recognisedMaintenance(redis: Redis, platform: PlatformId): Promise<Pause | undefined> {
  const { now, recorded } = await readRecorded(redis, platform)
  return recorded.find(({ reason, until }) => reason === 'maintenance' && until > now)
}

async function readRecorded(redis: Redis, platform: PlatformId) {
  const from = [keys.pauses(platform), keys.maintenance(platform)]
  const [now, json, rows] = (await readPauses.run(redis, from, [])) as [EpochMs, string, [PauseReason, string, string][]]
  const recorded = rows.map(([reason, until, message]): Pause => ({ reason, until: Number(until), message }))
  return { now, recorded, windows: windowsIn(json) }
}

/** Ends one reason; the others stay, declared windows of maintenance too. False where it was not in force. */
export const endPause = async (redis: Redis, platform: PlatformId, reason: PauseReason): Promise<boolean> =>
  (await end.run(redis, [keys.pauses(platform)], [reason])) === 1
