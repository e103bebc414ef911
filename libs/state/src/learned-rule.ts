import type { EpochMs } from '@relay/core/clock'

/*
 * A rate learned from a platform that throttles below the configured limit, pure. Cut at each 429, regained bit by bit while requests are taken, never above
 * the configured limit. Answers to requests that left before the last cut say nothing new. The numbers: a cut to 0.8 that is regained in 20 s keeps nine
 * tenths of a limit in use, while of 20 s of requests one is throttled.
 */

export interface LearnedRate {
  /** Events a minute, at `at`. */
  readonly eventsPerMinute: number
  readonly at: EpochMs
  readonly cutAt: EpochMs
  /** Something was taken since the last cut, at `at`: only then is it regained. */
  readonly isProven: boolean
  /** How long the next 429 holds if nothing is taken until then, ms. */
  readonly nextHoldMs: number
}

const CUT_TO = 0.8
const REGAINED_A_SECOND = 0.0125
const HOLD_MS = 1_000
const LONGEST_HOLD_MS = 60_000
const SLOWEST = 1

/** The rate in force now; undefined where nothing is learned, or all of the limit is regained. */
export function rateNow(learned: LearnedRate | undefined, limit: number, now: EpochMs): number | undefined {
  if (learned === undefined) return undefined
  const seconds = learned.isProven ? Math.max(0, now - learned.at) / 1_000 : 0
  const rate = learned.eventsPerMinute * (1 + REGAINED_A_SECOND * seconds)
  return rate >= limit ? undefined : Math.max(SLOWEST, rate)
}

/**
 * After a 429: what is learned now, and how long the scope is held where the platform names no time. The first one holds for the platform's first retry step;
 * while a learned rate is in force it is a second; with nothing taken in between it doubles, to a minute at most.
 */
export function cut(
  learned: LearnedRate | undefined,
  limit: number,
  now: EpochMs,
  answer: { readonly sentAt: EpochMs; readonly firstHoldMs: number },
): { readonly learned: LearnedRate; readonly holdMs: number } {
  if (learned !== undefined && answer.sentAt < learned.cutAt) return { learned, holdMs: Math.max(0, learned.cutAt + HOLD_MS - now) }
  const current = rateNow(learned, limit, now)
  const isFirst = learned === undefined || current === undefined
  const holdMs = isFirst ? answer.firstHoldMs : learned.isProven ? HOLD_MS : learned.nextHoldMs
  const nextHoldMs = Math.min(LONGEST_HOLD_MS, Math.max(1, holdMs) * 2)
  const eventsPerMinute = Math.max(SLOWEST, (current ?? limit) * CUT_TO)
  return { learned: { eventsPerMinute, at: now, cutAt: now, isProven: false, nextHoldMs }, holdMs }
}

/** Something was taken: from now on the rate is regained, and the next 429 is a new one. The same object where that is known. */
export const prove = (learned: LearnedRate, sentAt: EpochMs, now: EpochMs): LearnedRate =>
  learned.isProven || sentAt < learned.cutAt ? learned : { ...learned, isProven: true, at: now }

/** From this share of a quota on the platform is spared, in percent. */
const SPARED_FROM = 80

/** A platform that tells how much of its quota is used: slower from 80 % on, down to a quarter of the limit at 100 %. */
export function slowDown(learned: LearnedRate | undefined, limit: number, now: EpochMs, usedPercent: number): LearnedRate | undefined {
  if (usedPercent < SPARED_FROM) return learned
  const share = Math.max(0.25, 1 - (0.75 * (usedPercent - SPARED_FROM)) / (100 - SPARED_FROM))
  const target = Math.max(SLOWEST, limit * share)
  const current = rateNow(learned, limit, now) ?? limit
  if (current <= target) return learned
  return { eventsPerMinute: target, at: now, cutAt: learned?.cutAt ?? 0, isProven: true, nextHoldMs: learned?.nextHoldMs ?? HOLD_MS }
}
