import { WITHOUT_END } from '@relay/state/without-end'
import { describe, expect, test } from 'vitest'
import { changesOf, spansOf } from './queue-waits.ts'

const at = (second: number): number => 1_764_000_000_000 + second * 1_000

describe('why a queue waited', () => {
  test('the end of one reason leaves the others alone', () => {
    const spans = spansOf(
      [
        { at: at(0), reason: 'breaker', until: at(60), message: '5 failures in a row' },
        { at: at(5), reason: 'operator', until: WITHOUT_END, message: 'Paused by ops' },
        { at: at(30), reason: 'breaker', message: 'The platform answers again' },
      ],
      [],
    )
    expect(spans).toEqual([
      { reason: 'breaker', from: at(0), until: at(30), message: '5 failures in a row' },
      { reason: 'operator', from: at(5), until: WITHOUT_END, message: 'Paused by ops' },
    ])
  })

  test('a breaker that opens again while it is open has waited longer, and one that opens later once more', () => {
    const open = (from: number) => ({ at: at(from), reason: 'breaker', until: at(from + 60), message: '5 failures in a row' })
    expect(spansOf([open(0), open(59), open(300)], []).map(({ from, until }) => [from, until])).toEqual([
      [at(0), at(119)],
      [at(300), at(360)],
    ])
  })

  test('what is in force counts, whatever was noted of it', () => {
    const spans = spansOf(
      [{ at: at(0), reason: 'maintenance', until: at(10), message: 'Back soon' }],
      [
        { reason: 'maintenance', until: at(500), message: 'Back later' },
        { reason: 'limit', until: at(20), message: 'Slow down' },
      ],
    )
    expect(spans[0]).toMatchObject({ reason: 'maintenance', from: at(0), until: at(500) })
    expect(spans[1]).toMatchObject({ reason: 'limit', until: at(20) })
  })

  test("an operator's actions are read from the audit trail, those on other platforms not", () => {
    const by = (action: 'queue.paused' | 'breaker.opened' | 'limit.set', details: Record<string, string>) =>
      changesOf({ at: at(0), action, actor: 'ops', details: { platform: 'meta', ...details } }, 'meta')
    expect(by('queue.paused', { reason: 'stocktaking' })).toEqual([
      { at: at(0), reason: 'operator', until: WITHOUT_END, message: 'Paused by ops: stocktaking' },
    ])
    expect(by('breaker.opened', { for: '10m' })).toMatchObject([{ reason: 'breaker', until: at(600) }])
    expect(by('breaker.opened', { for: 'until closed' })).toMatchObject([{ until: WITHOUT_END }])
    expect(by('queue.paused', { platform: 'tiktok' })).toEqual([])
    expect(by('limit.set', {})).toEqual([])
  })
})
