import { expect, test } from 'vitest'
import { expiringOf, hourOf, savedOf } from './deadlines.ts'

const HOUR = 3_600_000

test('deadlines are counted by the hour in which they fall', () => {
  const now = 100 * HOUR + 1
  const hours = {
    [hourOf(now + 0.5 * HOUR)]: '3',
    [hourOf(now + 5 * HOUR)]: '10',
    [hourOf(now + 30 * HOUR)]: '100',
    [hourOf(now - HOUR)]: '-2',
  }
  expect(expiringOf(hours, now)).toEqual({ within1h: 3, within24h: 13 })
})

test('what the limit lets out in time is saved, after what stands before it', () => {
  expect(savedOf(500, 500, 1_000, HOUR)).toBe(500)
  expect(savedOf(90_000, 90_000, 1_000, HOUR)).toBe(60_000)
  expect(savedOf(500, 70_000, 1_000, HOUR)).toBe(0)
})
