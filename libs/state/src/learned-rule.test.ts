import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, type LearnedRate, prove, rateNow, slowDown } from './learned-rule.ts'

const answer = (sentAt: number, firstHoldMs = 5_000) => ({ sentAt, firstHoldMs })

describe('a 429', () => {
  test('the first holds for the first retry step, one while a rate is learned for a second', () => {
    const first = cut(undefined, 1_000, 0, answer(0))
    expect(first).toMatchObject({ holdMs: 5_000, learned: { eventsPerMinute: 800 } })
    const second = cut(prove(first.learned, 6_000, 6_050), 1_000, 7_000, answer(6_500))
    expect(second.holdMs).toBe(1_000)
    expect(second.learned.eventsPerMinute).toBeLessThan(800)
  })

  test('with nothing taken in between the hold doubles, to a minute', () => {
    let learned: LearnedRate | undefined
    const holds: number[] = []
    let now = 0
    for (let i = 0; i < 7; i += 1) {
      const next = cut(learned, 1_000, now, answer(now))
      holds.push(next.holdMs)
      learned = next.learned
      now += next.holdMs
    }
    expect(holds).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  })

  test('of a request that left before the last cut says nothing new', () => {
    const { learned } = cut(undefined, 1_000, 1_000, answer(900))
    expect(cut(learned, 1_000, 1_100, answer(950)).learned).toBe(learned)
  })
})

test('what is learned is regained, and never more than the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 50 }), (limit, pauses) => {
      let learned: LearnedRate | undefined
      let now = 0
      for (const pauseMs of pauses) {
        now += pauseMs
        learned = cut(learned, limit, now, answer(now)).learned
        const rate = rateNow(learned, limit, now)
        if (rate !== undefined) expect(rate).toBeLessThanOrEqual(Math.max(1, limit))
      }
      if (learned !== undefined) expect(rateNow(prove(learned, now, now), limit, now + 100 * 3_600_000)).toBeUndefined()
    }),
  )
})

test('a limit cut to a quarter without notice: few are throttled, and most of what is left is used', () => {
  const [configured, real, stepMs] = [12_000, 3_000, 2]
  let learned: LearnedRate | undefined
  let [tokens, credit, heldUntil] = [0, 0, 0]
  const counts = { taken: 0, throttled: 0 }
  for (let now = 0; now < 120_000; now += stepMs) {
    const rate = rateNow(learned, configured, now) ?? configured
    tokens = Math.min(real / 60, tokens + (real / 60_000) * stepMs)
    credit = Math.min(rate / 60, credit + (rate / 60_000) * stepMs)
    if (now < heldUntil || credit < 1) continue
    credit -= 1
    const isTaken = tokens >= 1
    if (now > 30_000) counts[isTaken ? 'taken' : 'throttled'] += 1
    if (isTaken) {
      tokens -= 1
      if (learned !== undefined) learned = prove(learned, now, now)
    } else {
      const next = cut(learned, configured, now, answer(now, 1_000))
      learned = next.learned
      heldUntil = now + next.holdMs
    }
  }
  expect(counts.throttled / (counts.taken + counts.throttled)).toBeLessThanOrEqual(0.05)
  expect(counts.taken / (real * 1.5)).toBeGreaterThanOrEqual(0.75)
})

test('a quota that is nearly used slows down before the platform has to say no', () => {
  expect(slowDown(undefined, 1_000, 0, 79)).toBeUndefined()
  expect(slowDown(undefined, 1_000, 0, 90)?.eventsPerMinute).toBeCloseTo(625)
  expect(slowDown(undefined, 1_000, 0, 250)?.eventsPerMinute).toBe(250)
})
