import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, planReplay, type PlanRules, type SkipReason } from './replay-plan.ts'

const NOW = 1_000_000
const RULES: PlanRules = { includeAmbiguous: false, force: false, again: false }
const CANDIDATE: Candidate = {
  platform: 'meta',
  id: 'letter1',
  tenantId: 'acme',
  connectionId: 'con_good',
  code: 'PLATFORM_ERROR',
  deadlineAt: NOW + 1,
  isAmbiguous: false,
  replayCount: 0,
  state: 'dead',
}
const isSendable = (connectionId: string): boolean => connectionId === 'con_good'
const planOf = (changes: Partial<Candidate>, rules: Partial<PlanRules> = {}) =>
  planReplay([{ ...CANDIDATE, ...changes }], isSendable, { ...RULES, ...rules }, NOW)

describe('a letter is left out', () => {
  test.each<[SkipReason, Partial<Candidate>]>([
    ['deadline', { deadlineAt: NOW }],
    ['ambiguous', { isAmbiguous: true }],
    ['connection_error', { connectionId: 'con_ill' }],
    ['replayed_twice', { replayCount: 2 }],
    ['delivered', { state: 'delivered' }],
    ['not_dead', { state: 'queued' }],
  ])('as %s', (reason, changes) => {
    expect(planOf(changes)).toMatchObject({ selected: 1, move: [], skipped: { [reason]: 1 } })
  })
})

describe('a person may overrule', () => {
  test.each<[keyof PlanRules, Partial<Candidate>]>([
    ['includeAmbiguous', { isAmbiguous: true }],
    ['force', { connectionId: 'con_ill' }],
    ['again', { replayCount: 7 }],
  ])('with %s', (rule, changes) => {
    expect(planOf(changes, { [rule]: true })).toMatchObject({ move: [{ id: 'letter1' }], skipped: {} })
  })

  test('but never a deadline, nor what is not dead', () => {
    const all = { includeAmbiguous: true, force: true, again: true }
    expect(planOf({ deadlineAt: NOW - 1 }, all).move).toEqual([])
    expect(planOf({ state: 'queued' }, all).move).toEqual([])
  })
})

test('a letter that was replayed once is moved again without asking', () => {
  expect(planOf({ replayCount: 1 }).move).toHaveLength(1)
})

test('groups are by platform, code and connection, the largest first, and say how many of them move', () => {
  const candidates = [
    CANDIDATE,
    { ...CANDIDATE, code: 'TIMEOUT' },
    { ...CANDIDATE, code: 'TIMEOUT', isAmbiguous: true },
    { ...CANDIDATE, code: 'TIMEOUT', platform: 'tiktok' as const },
  ]
  expect(planReplay(candidates, isSendable, RULES, NOW).groups).toEqual([
    { platform: 'meta', code: 'TIMEOUT', connection_id: 'con_good', selected: 2, to_replay: 1 },
    { platform: 'meta', code: 'PLATFORM_ERROR', connection_id: 'con_good', selected: 1, to_replay: 1 },
    { platform: 'tiktok', code: 'TIMEOUT', connection_id: 'con_good', selected: 1, to_replay: 1 },
  ])
})

test('whatever is selected: each letter is moved or left out for one reason, and the groups add up too', () => {
  const candidate = fc.record({
    platform: fc.constantFrom('meta' as const, 'google' as const),
    id: fc.string(),
    tenantId: fc.constant('acme'),
    connectionId: fc.constantFrom('con_good', 'con_ill'),
    code: fc.constantFrom('TIMEOUT', 'EVENT_REJECTED'),
    deadlineAt: fc.integer({ min: NOW - 5, max: NOW + 5 }),
    isAmbiguous: fc.boolean(),
    replayCount: fc.nat(4),
    state: fc.constantFrom('dead' as const, 'queued' as const, 'delivered' as const),
  })
  const rules = fc.record({ includeAmbiguous: fc.boolean(), force: fc.boolean(), again: fc.boolean() })
  fc.assert(
    fc.property(fc.array(candidate), rules, (candidates, rules) => {
      const plan = planReplay(candidates, isSendable, rules, NOW)
      const skipped = Object.values(plan.skipped).reduce((total, count) => total + count, 0)
      expect(plan.move.length + skipped).toBe(candidates.length)
      expect(plan.groups.reduce((total, group) => total + group.selected, 0)).toBe(candidates.length)
      expect(plan.groups.reduce((total, group) => total + group.to_replay, 0)).toBe(plan.move.length)
      expect(plan.move.every((moved) => moved.state === 'dead' && moved.deadlineAt > NOW)).toBe(true)
    }),
  )
})
