import { InvalidArgumentError } from 'commander'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCount, readInstant, readPlatform } from './options.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')

test.each([
  ['2h', '2026-11-24T10:00:00.000Z'],
  ['30s', '2026-11-24T11:59:30.000Z'],
  ['3d', '2026-11-21T12:00:00.000Z'],
  ['2026-11-24T14:00:00+02:00', '2026-11-24T12:00:00.000Z'],
])('%s is %s', (text, instant) => {
  expect(new Date(readInstant(NOW)(text)).toISOString()).toBe(instant)
})

test.each(['yesterday', '2026-11-24', '2026-11-24T14:00:00', '', '-2h', '2 hours'])(
  '%j is refused, since it could mean two things or nothing',
  (text) => {
    expect(() => readInstant(NOW)(text)).toThrow(InvalidArgumentError)
  },
)

test('a count is a whole number above 0, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        const count = readCount(text)
        expect(Number.isSafeInteger(count) && count > 0).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidArgumentError)
      }
    }),
  )
  expect(readCount('50')).toBe(50)
  expect(() => readCount('1e3')).toThrow(InvalidArgumentError)
})

test('a platform is one of the known', () => {
  expect(readPlatform('meta')).toBe('meta')
  expect(() => readPlatform('facebook')).toThrow('meta, google, tiktok, snapchat')
})
