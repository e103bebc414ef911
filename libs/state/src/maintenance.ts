import { randomBytes } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { declare, type Ended, endWindows, type MaintenanceWindow, REMEMBERED_MS } from './maintenance-rule.ts'
import { changeVersioned, readVersioned } from './versioned.ts'

/*
 * Declared maintenance of a platform: the rule is maintenance-rule.ts, this is its place in Redis. Kept until the last window has been over for ten minutes.
 * What a platform tells of itself is not here but among the pauses.
 */

export interface DeclaredMaintenance {
  readonly windows: readonly MaintenanceWindow[]
}

const options = {
  initial: { windows: [] } as DeclaredMaintenance,
  ttlMs: ({ windows }: DeclaredMaintenance, now: EpochMs) => Math.max(now, ...windows.map(({ until }) => until)) - now + REMEMBERED_MS,
}

/** Declares a window that is in force from `from` (or now, if that is over) until `until`; in advance, if that is later. The windows of before stay. */
export async function declareMaintenance(
  redis: Redis,
  platform: PlatformId,
  window: Omit<MaintenanceWindow, 'id' | 'from'> & { readonly from: EpochMs | undefined },
): Promise<{ readonly window: MaintenanceWindow; readonly now: EpochMs }> {
  const id = `mnt_${randomBytes(6).toString('hex')}`
  const { result } = await changeVersioned(redis, keys.maintenance(platform), options, ({ windows }, now) => {
    const added = { ...window, id, from: Math.max(now, window.from ?? now) }
    return { state: { windows: declare(windows, added, now) }, result: { window: added, now } }
  })
  return result
}

/** Ends the declared windows in force now, or the one of this id; answers with those that it ended or called off. */
export async function endDeclaredMaintenance(redis: Redis, platform: PlatformId, id?: string): Promise<Ended['ended']> {
  const { result } = await changeVersioned(redis, keys.maintenance(platform), options, (state, now) => {
    const { windows, ended } = endWindows(state.windows, now, id)
    return { state: windows === state.windows ? state : { windows }, result: ended }
  })
  return result
}

/** The declared windows, those in memory after their end too, and Redis' time to judge them by. */
export async function readDeclaredMaintenance(
  redis: Redis,
  platform: PlatformId,
): Promise<DeclaredMaintenance & { readonly now: EpochMs }> {
  const { state, now } = await readVersioned(redis, keys.maintenance(platform), options.initial)
  return { ...state, now }
}

/** The document as scripts read it, '' where there is none. */
export const windowsIn = (json: string): readonly MaintenanceWindow[] =>
  json === '' ? [] : (JSON.parse(json) as DeclaredMaintenance).windows
