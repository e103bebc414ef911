import { expect, test } from 'vitest'
import { createRecentCounts } from './recent-counts.ts'

test('counts what came within a quarter of an hour, and forgets the rest', () => {
  let now = Date.UTC(2026, 10, 24, 10)
  const counts = createRecentCounts(() => now)
  counts.add(10, 2)
  counts.add(5, 0)
  now += 14 * 60_000
  counts.add(1, 1)
  expect(counts.read()).toEqual({ events: 16, duplicates: 3 })
  now += 60_000
  expect(counts.read()).toEqual({ events: 1, duplicates: 1 })
  now += 3_600_000
  expect(counts.read()).toEqual({ events: 0, duplicates: 0 })
})
