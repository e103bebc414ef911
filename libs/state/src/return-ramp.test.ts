import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareOf } from './limits.ts'
import { RAMP_MS, rampShare } from './return-ramp.ts'

test('the return begins with a quarter and reaches the whole after a minute', () => {
  expect([0, 20_000, 40_000, 59_999, 60_000].map((elapsed) => Math.round(rampShare(1_000, 1_000 + elapsed) * 100))).toEqual([
    25, 50, 75, 100, 100,
  ])
  expect(rampShare(undefined, 1_000)).toBe(1)
})

test('it never falls, never leaves a quarter to one, and an end in the future says nothing', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: -100_000, max: 200_000 }), fc.nat(10_000), (endedAt, elapsed, stepMs) => {
      const share = rampShare(endedAt, endedAt + elapsed)
      expect(share).toBeGreaterThanOrEqual(0.25)
      expect(share).toBeLessThanOrEqual(1)
      if (elapsed < 0 || elapsed >= RAMP_MS) expect(share).toBe(1)
      else expect(rampShare(endedAt, endedAt + elapsed + stepMs)).toBeGreaterThanOrEqual(share)
    }),
  )
})

test('a small limit is not cut to less than one event a minute', () => {
  expect([shareOf(1_000, 0.25), shareOf(2, 0.25), shareOf(0.5, 0.25), shareOf(500, 1)]).toEqual([250, 1, 0.5, 500])
})
