import { randomUUID } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { type Admission, admit, type BreakerState, CLOSED, record, type Verdict } from './breaker-rule.ts'
import { keys } from './keys.ts'
import { changeVersioned, readVersioned } from './versioned.ts'

/** The breaker of a platform, shared by all workers: the rule is breaker-rule.ts, this is its place in Redis. Kept a day after its last change. */
const options = { initial: CLOSED, ttlMs: 86_400_000 }

export interface BreakerView {
  readonly state: BreakerState['state']
  /** When an open breaker will probe. */
  readonly recoveryAt?: EpochMs
  readonly failureCount: number
}

const viewOf = (breaker: BreakerState): BreakerView => ({
  state: breaker.state,
  failureCount: breaker.failures,
  ...(breaker.state === 'open' ? { recoveryAt: breaker.until } : {}),
})

export const readBreaker = async (redis: Redis, platform: PlatformId): Promise<BreakerView> =>
  viewOf((await readVersioned(redis, keys.breaker(platform), options.initial)).state)

/** May a request leave now, as a probe or freely? */
export async function askBreaker(redis: Redis, platform: PlatformId): Promise<Admission> {
  const probeId = randomUUID()
  const { result } = await changeVersioned(redis, keys.breaker(platform), options, (state, now) => admit(state, now, probeId))
  return result
}

export interface BreakerChange {
  readonly before: BreakerView
  readonly after: BreakerView
  /** This very report made the change, so this process tells of it. */
  readonly changed: boolean
}

export async function tellBreaker(
  redis: Redis,
  platform: PlatformId,
  verdict: Verdict,
  probeId: string | undefined,
  openMs: number,
): Promise<BreakerChange> {
  const { before, after } = await changeVersioned(redis, keys.breaker(platform), options, (state, now) => ({
    state: record(state, now, verdict, probeId, openMs),
    result: undefined,
  }))
  return { before: viewOf(before), after: viewOf(after), changed: before.state !== after.state }
}
