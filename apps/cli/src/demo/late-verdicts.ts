import type { TenantId } from '@relay/core/ids'
import { readLetters, selectLetters } from '@relay/queue/dead-letters'
import type { DemoEvent } from './events.ts'
import type { Stage } from './stage.ts'

/*
 * The events that Google takes and refuses afterwards, and the proof that each of them was moved from delivered to the dead letters.
 */

export const LATE_VERDICT_S = 2

const EVERY = 1_000
const FIRST = 300

export const isRefusedLate = (index: number): boolean => index % EVERY === FIRST

export interface LateVerdicts {
  /** Letters by later verdict, over all Google connections. */
  readonly letters: number
  /** What has no letter, in words. */
  readonly faults: readonly string[]
}

/** To be asked when nothing is on its way and before anything is replayed. */
export async function findLateVerdicts(
  { redis, connections }: Stage,
  events: ReadonlyMap<TenantId, readonly DemoEvent[]>,
): Promise<LateVerdicts> {
  const letters = await readLetters(redis, 'google', await selectLetters(redis, 'google', {}))
  const dead = new Set(letters.map(({ connection_id, event_id }) => `${connection_id} ${event_id}`))
  const due = [...connections].flatMap(([id, { platform, tenant }]) => {
    const own = platform === 'google' ? (events.get(tenant) ?? []) : []
    return own.filter((_, index) => isRefusedLate(index)).map((event) => `${id} ${event.id}`)
  })
  const missing = due.filter((each) => !dead.has(each))
  return {
    letters: due.length - missing.length,
    faults: missing.map((each) => `google: ${each} was refused by the later verdict and has no letter`),
  }
}
