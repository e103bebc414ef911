import { expect, test } from 'vitest'
import { expiringSentences } from './expiring.ts'

test('what expires soon is told with how much of it the present rate saves, and nothing else is', () => {
  expect(expiringSentences('meta', { expiring_1h: 0, saved_1h: 0, expiring_24h: 0, saved_24h: 0 })).toEqual([])
  expect(expiringSentences('meta', { expiring_1h: 40, saved_1h: 40, expiring_24h: 90, saved_24h: 70 })).toEqual([
    'meta: of what waits expire 40 within 1 h (40 in time at the present rate), 90 within 24 h (70 in time at the present rate)',
  ])
})
