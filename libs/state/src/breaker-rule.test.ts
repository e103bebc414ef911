import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  admit,
  type BreakerState,
  CLOSED,
  FAILURES_TO_OPEN,
  forceClosed,
  forceOpen,
  PROBE_LEASE_MS,
  PROBES,
  record,
  reset,
  type Verdict,
} from './breaker-rule.ts'

const OPEN_MS = 60_000
const fail = (breaker: BreakerState, now: number, probeId?: string): BreakerState => record(breaker, now, 'failure', probeId, OPEN_MS)

const opened = (now = 0): BreakerState => {
  let breaker: BreakerState = CLOSED
  for (let i = 0; i < FAILURES_TO_OPEN; i += 1) breaker = fail(breaker, now)
  return breaker
}

describe('breaker', () => {
  test('the fifth failure in a row opens it for a minute, a success in between sets the count back', () => {
    let breaker: BreakerState = CLOSED
    for (let i = 0; i < 4; i += 1) breaker = fail(breaker, 0)
    breaker = record(breaker, 0, 'success', undefined, OPEN_MS)
    for (let i = 0; i < 4; i += 1) breaker = fail(breaker, 1_000)
    expect(breaker.state).toBe('closed')
    breaker = fail(breaker, 2_000)
    expect(breaker).toMatchObject({ state: 'open', failures: 5, until: 62_000 })
  })

  test('nothing passes while it is open, three probes afterwards', () => {
    const breaker = opened()
    expect(admit(breaker, 59_999, 'a').result).toEqual({ kind: 'wait', until: 60_000, failures: 5 })
    let half = admit(breaker, 60_000, 'a')
    expect(half.result).toEqual({ kind: 'probe', probeId: 'a' })
    half = admit(half.state, 60_001, 'b')
    half = admit(half.state, 60_002, 'c')
    expect(half.result.kind).toBe('probe')
    expect(admit(half.state, 60_003, 'd').result.kind).toBe('wait')
  })

  test('three successful probes close it, one failed probe opens it for another minute', () => {
    let breaker = opened()
    for (const id of ['a', 'b']) {
      breaker = admit(breaker, 60_000, id).state
      breaker = record(breaker, 60_100, 'success', id, OPEN_MS)
      expect(breaker.state).toBe('half-open')
    }
    const third = admit(breaker, 60_200, 'c').state
    expect(record(third, 60_300, 'success', 'c', OPEN_MS)).toEqual(CLOSED)
    expect(fail(third, 60_300, 'c')).toMatchObject({ state: 'open', until: 120_300 })
  })

  test('a prober that died frees its probe when the lease ends', () => {
    let breaker = opened()
    for (const id of ['a', 'b', 'c']) breaker = admit(breaker, 60_000, id).state
    expect(admit(breaker, 60_000 + PROBE_LEASE_MS - 1, 'd').result.kind).toBe('wait')
    expect(admit(breaker, 60_000 + PROBE_LEASE_MS, 'd').result).toEqual({ kind: 'probe', probeId: 'd' })
  })

  test('a throttled probe is free again and says nothing', () => {
    const breaker = admit(opened(), 60_000, 'a').state
    expect(record(breaker, 60_100, 'neither', 'a', OPEN_MS)).toMatchObject({ state: 'half-open', probes: [], successes: 0 })
  })

  test('whatever happens there are never more than three probes out', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 70_000 }),
      verdict: fc.constantFrom<Verdict | 'ask'>('ask', 'success', 'failure', 'neither'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let breaker: BreakerState = CLOSED
        let now = 0
        steps.forEach(({ afterMs, verdict }, index) => {
          now += afterMs
          if (verdict === 'ask') breaker = admit(breaker, now, `p${index}`).state
          else breaker = record(breaker, now, verdict, breaker.state === 'half-open' ? breaker.probes[0]?.id : undefined, OPEN_MS)
          if (breaker.state === 'half-open')
            expect(breaker.probes.filter(({ until }) => until > now).length + breaker.successes).toBeLessThanOrEqual(PROBES)
        })
      }),
    )
  })
})

describe('an operator’s hand on the breaker', () => {
  test('what an operator opened stays open whatever requests in flight tell, and probes after its time', () => {
    let breaker = forceOpen(CLOSED, 1_000, 601_000)
    for (const verdict of ['success', 'failure', 'neither'] as const) breaker = record(breaker, 2_000, verdict, undefined, OPEN_MS)
    expect(breaker).toEqual({ state: 'open', failures: 0, openedAt: 1_000, until: 601_000, openedBy: 'operator' })
    expect(admit(breaker, 600_999, 'a').result).toMatchObject({ kind: 'wait', until: 601_000 })
    expect(admit(breaker, 601_000, 'a').result).toEqual({ kind: 'probe', probeId: 'a' })
  })

  test('it takes over a breaker that failures opened, and a probe on its way changes nothing any more', () => {
    const half = admit(opened(), 60_000, 'a').state
    const forced = forceOpen(half, 60_100, 900_000)
    expect(record(forced, 60_200, 'success', 'a', OPEN_MS)).toBe(forced)
    expect(forced).toMatchObject({ failures: 5, openedBy: 'operator', until: 900_000 })
  })

  test('closed by hand it lets everything through, and five new failures open it as ever', () => {
    for (const breaker of [opened(), forceOpen(CLOSED, 0, 1e12), admit(opened(), 60_000, 'a').state]) {
      const closed = forceClosed(breaker)
      expect(admit(closed, 1, 'x').result).toEqual({ kind: 'pass' })
      let again = closed
      for (let i = 0; i < FAILURES_TO_OPEN; i += 1) again = fail(again, 70_000)
      expect(again).toMatchObject({ state: 'open', until: 130_000 })
      expect(again).not.toHaveProperty('openedBy')
    }
  })

  test('closing leaves the count of a closed one alone, a reset forgets it', () => {
    const counting = fail(fail(CLOSED, 0), 0)
    expect(forceClosed(counting)).toBe(counting)
    expect(reset(counting)).toEqual(CLOSED)
    expect(reset(opened())).toEqual(CLOSED)
    expect(reset(CLOSED)).toBe(CLOSED)
  })
})
