import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { declare, endWindows, lastMaintenanceEnd, maintenanceAt, type MaintenanceWindow, windowState } from './maintenance-rule.ts'

const window = (id: string, from: number, until: number): MaintenanceWindow => ({ id, from, until, reason: `reason ${id}`, by: 'ada' })
const anyWindows = fc
  .array(fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 500 })), { maxLength: 8 })
  .map((spans) => spans.map(([from, length], index) => window(`w${index}`, from, from + length)))
const anyRecognised = fc.option(
  fc.nat(1_500).map((until) => ({ until, message: 'told by the platform' })),
  { nil: undefined },
)

describe('maintenance in force', () => {
  test('a window declared in advance is in force from its first instant until its last', () => {
    const windows = [window('a', 100, 200)]
    expect([99, 100, 199, 200].map((now) => windowState(windows[0]!, now))).toEqual(['announced', 'in_force', 'in_force', 'over'])
    expect(maintenanceAt(windows, undefined, 99)).toBeUndefined()
    expect(maintenanceAt(windows, undefined, 100)).toEqual({ until: 200, message: 'reason a' })
    expect(maintenanceAt(windows, undefined, 200)).toBeUndefined()
  })

  test('the estimated end is that of what follows without a gap, and not of what comes later', () => {
    const windows = [window('a', 100, 200), window('b', 150, 300), window('c', 300, 400), window('d', 401, 900)]
    expect(maintenanceAt(windows, undefined, 120)).toEqual({ until: 400, message: 'reason a' })
  })

  test('what the platform told counts beside what was declared, with the words of the operator', () => {
    const told = { until: 500, message: 'back soon' }
    expect(maintenanceAt([window('a', 100, 200)], told, 150)).toEqual({ until: 500, message: 'reason a' })
    expect(maintenanceAt([window('a', 100, 200)], told, 250)).toEqual({ until: 500, message: 'back soon' })
    expect(maintenanceAt([window('a', 450, 900)], told, 250)).toEqual({ until: 900, message: 'back soon' })
  })

  test('at any instant it is in force exactly if one of its spans is, and its end is one at which none is', () => {
    fc.assert(
      fc.property(anyWindows, anyRecognised, fc.nat(2_000), (windows, told, now) => {
        const found = maintenanceAt(windows, told, now)
        const isIn = (at: number): boolean =>
          windows.some(({ from, until }) => from <= at && at < until) || (told !== undefined && at < told.until)
        expect(found !== undefined).toBe(isIn(now))
        if (found === undefined) return
        expect(isIn(found.until)).toBe(false)
        for (let at = now; at < found.until; at += 1) expect(isIn(at)).toBe(true)
      }),
    )
  })
})

describe('the end of a maintenance', () => {
  test('ends what is in force, leaves what is announced, and an id names one of either', () => {
    const windows = [window('now', 0, 200), window('also', 50, 300), window('later', 500, 600)]
    const all = endWindows(windows, 100, undefined)
    expect(all.ended.map(({ id }) => id)).toEqual(['now', 'also'])
    expect(maintenanceAt(all.windows, undefined, 100)).toBeUndefined()
    expect(maintenanceAt(all.windows, undefined, 550)).toMatchObject({ until: 600 })
    expect(lastMaintenanceEnd(all.windows, undefined, 150)).toBe(100)

    const one = endWindows(windows, 100, 'now')
    expect(maintenanceAt(one.windows, undefined, 100)).toMatchObject({ until: 300 })
    const calledOff = endWindows(windows, 100, 'later')
    expect(calledOff.windows.map(({ id }) => id)).toEqual(['now', 'also'])
    expect(lastMaintenanceEnd(calledOff.windows, undefined, 100)).toBeUndefined()
  })

  test('what is over or unknown is not ended again, and nothing is written', () => {
    const windows = [window('past', 0, 50)]
    expect(endWindows(windows, 100, 'past')).toEqual({ windows, ended: [] })
    expect(endWindows(windows, 100, 'nobody').windows).toBe(windows)
    expect(endWindows(windows, 100, undefined).windows).toBe(windows)
  })

  test('is remembered for the ramp, the latest of all', () => {
    const windows = declare([window('a', 0, 100), window('b', 0, 180)], window('c', 500, 600), 200)
    expect(lastMaintenanceEnd(windows, { until: 150, message: '' }, 200)).toBe(180)
    expect(lastMaintenanceEnd(windows, { until: 190, message: '' }, 200)).toBe(190)
    expect(declare(windows, window('d', 2_000_000, 3_000_000), 1_000_000).map(({ id }) => id)).toEqual(['d'])
  })
})
