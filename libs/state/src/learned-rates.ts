import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { cut, type LearnedRate, prove, rateNow, slowDown } from './learned-rule.ts'
import { changeVersioned, readVersioned } from './versioned.ts'

/** Who is throttled: the whole platform, or one connection (which brings its own application). */
export type LearnedScope = 'platform' | ConnectionId

type Rates = Readonly<Record<string, LearnedRate>>

/** All of a platform in one small document, kept an hour after its last change. */
const options = { initial: {} as Rates, ttlMs: 3_600_000 }
const READ_EVERY_MS = 500

export interface LearnedRates {
  /** The learned rate of a scope, events a minute; undefined where the limit holds. Read from Redis at most twice a second. */
  rate(scope: LearnedScope, limit: number): Promise<number | undefined>
  /** A 429 was answered; how long the scope is held where the platform names no time, ms. */
  throttled(scope: LearnedScope, limit: number, answer: { readonly sentAt: EpochMs; readonly firstHoldMs: number }): Promise<number>
  /** A request that left then was taken. */
  taken(scope: LearnedScope, sentAt: EpochMs): Promise<void>
  /** The platform told how much of its quota is used. */
  used(scope: LearnedScope, limit: number, usedPercent: number): Promise<void>
}

export function createLearnedRates(redis: Redis, platform: PlatformId, clock: Clock): LearnedRates {
  const key = keys.learned(platform)
  let known: Rates = {}
  let readAt: EpochMs = -Infinity

  async function change<R>(
    scope: LearnedScope,
    decide: (learned: LearnedRate | undefined, now: EpochMs) => readonly [LearnedRate | undefined, R],
  ): Promise<R> {
    const { after, result } = await changeVersioned(redis, key, options, (rates, now) => {
      const [next, result] = decide(rates[scope], now)
      return { state: next === rates[scope] ? rates : withScope(rates, scope, next), result }
    })
    known = after
    return result
  }

  return {
    async rate(scope, limit) {
      if (clock() - readAt >= READ_EVERY_MS) {
        readAt = clock()
        known = (await readVersioned(redis, key, options.initial)).state
      }
      return rateNow(known[scope], limit, clock())
    },
    throttled: (scope, limit, answer) =>
      change(scope, (learned, now) => {
        const next = cut(learned, limit, now, answer)
        return [next.learned, next.holdMs]
      }),
    async taken(scope, sentAt) {
      const learned = known[scope]
      if (learned === undefined || learned.isProven) return
      await change(scope, (current, now) => [current && prove(current, sentAt, now), undefined])
    },
    async used(scope, limit, usedPercent) {
      if (usedPercent < 80) return
      await change(scope, (learned, now) => [slowDown(learned, limit, now, usedPercent), undefined])
    },
  }
}

const withScope = (rates: Rates, scope: LearnedScope, learned: LearnedRate | undefined): Rates => {
  const { [scope]: _former, ...others } = rates
  return learned === undefined ? others : { ...others, [scope]: learned }
}

/** What is learned now, by scope; for `relay limits show` and the metric. */
export async function readLearnedRates(redis: Redis, platform: PlatformId, limit: number): Promise<ReadonlyMap<LearnedScope, number>> {
  const { state, now } = await readVersioned(redis, keys.learned(platform), options.initial)
  const rates = new Map<LearnedScope, number>()
  for (const [scope, learned] of Object.entries(state)) {
    const rate = rateNow(learned, limit, now)
    if (rate !== undefined) rates.set(scope as LearnedScope, rate)
  }
  return rates
}
