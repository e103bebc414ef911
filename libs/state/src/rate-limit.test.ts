import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, quantumOf, requestBucketOf } from './rate-limit.ts'

test('a bucket lets at most the limit through in 60 s and at least 95 % of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000 }), (limit) => {
      const { burst, intervalMs } = bucketOf(limit)
      // n grants span at least (n − burst) intervals: the most that begin within a half-open minute
      const most = Math.ceil(burst + 60_000 / intervalMs - 1e-9) - 1
      expect(most).toBeLessThanOrEqual(limit)
      expect(60_000 / intervalMs).toBeGreaterThanOrEqual(limit * 0.95)
    }),
  )
})

test('the defaults of the four platforms', () => {
  expect([1_000, 2_000, 600, 500].map((limit) => quantumOf(bucketOf(limit)))).toEqual([20, 40, 12, 10])
})

test('a window of requests of any length holds at most the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom(1_000, 60_000, 86_400_000), (requests, windowMs) => {
      const { burst, intervalMs } = requestBucketOf(requests, windowMs)
      expect(Math.ceil(burst + windowMs / intervalMs - 1e-9) - 1).toBeLessThanOrEqual(requests)
    }),
  )
})
