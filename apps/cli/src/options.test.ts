import { InvalidArgumentError } from 'commander'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readComingInstant, readCount, readDuration, readInstant, readPlatform, readRate, readReason } from './options.ts'

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

test.each([
  ['500/min', 500],
  ['10/s', 600],
  ['30000/h', 500],
  ['0.5/s', 30],
  ['30/h', 0.5],
])('%s is %d events a minute', (text, eventsPerMinute) => {
  expect(readRate(text)).toBeCloseTo(eventsPerMinute, 9)
})

test.each(['500', '0/min', '-5/min', '5/d', '5 per minute', '1e9/min', '999999999/s', '/min', 'NaN/s', ''])('%j is no rate', (text) => {
  expect(() => readRate(text)).toThrow(InvalidArgumentError)
})

test('an instant that is to come may be a duration from now, and needs its zone like any other', () => {
  const read = readComingInstant(NOW)
  expect(read('2h')).toBe(NOW + 7_200_000)
  expect(read('2026-11-25T02:00:00+01:00')).toBe(Date.parse('2026-11-25T01:00:00Z'))
  for (const text of ['tomorrow', '2026-11-25', '2026-11-25T02:00:00', '']) expect(() => read(text)).toThrow(InvalidArgumentError)
})

test('a duration is above 0, a reason one short line', () => {
  expect(readDuration('10m')).toBe(600_000)
  for (const text of ['0s', '10', '-1m', '']) expect(() => readDuration(text)).toThrow(InvalidArgumentError)
  expect(readReason(' Graph API\nupgrade ')).toBe('Graph API upgrade')
  for (const text of ['', '  ', 'x'.repeat(201)]) expect(() => readReason(text)).toThrow(InvalidArgumentError)
})
