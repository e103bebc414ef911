import type { Attempt } from '@relay/queue/letter'
import { describe, expect, test } from 'vitest'
import { suspect } from './suspicion.ts'

const HOUR = 3_600_000
const WINDOW = 48 * HOUR
const open = (at: number): Attempt => ({ at, code: 'TIMEOUT', message: 'no answer', maybe_taken: true })
const closed = (at: number): Attempt => ({ at, code: 'PLATFORM_ERROR', message: 'answered 500' })
const death = (died: 'alone' | 'among others'): Attempt => ({ at: 0, code: 'INTERNAL', message: 'died', died })

describe('a send that was not answered', () => {
  test('is repeated while the platform recognises repeats, counted from the first one', () => {
    expect(suspect([open(0), closed(HOUR), open(2 * HOUR)], WINDOW, WINDOW)).toEqual({ kind: 'go', alone: false })
    expect(suspect([open(0), open(47 * HOUR)], WINDOW + 1, WINDOW)).toMatchObject({ kind: 'stop', error: { code: 'AMBIGUOUS' } })
  })

  test('is repeated for ever where the platform always recognises repeats', () => {
    expect(suspect([open(0)], 1_000 * HOUR, null)).toEqual({ kind: 'go', alone: false })
  })

  test('one that was answered leaves nothing open, however long ago it was', () => {
    expect(suspect([closed(0)], 1_000 * HOUR, WINDOW)).toEqual({ kind: 'go', alone: false })
  })
})

describe('a process that died with it in flight', () => {
  test('twice: it travels alone from then on', () => {
    expect(suspect([death('among others')], 1, WINDOW)).toEqual({ kind: 'go', alone: false })
    expect(suspect([death('among others'), death('among others')], 1, WINDOW)).toEqual({ kind: 'go', alone: true })
  })

  test('three times with it alone: it is given up', () => {
    const past = [death('among others'), death('among others'), death('alone'), death('alone')]
    expect(suspect(past, 1, WINDOW)).toEqual({ kind: 'go', alone: true })
    expect(suspect([...past, death('alone')], 1, WINDOW)).toMatchObject({ kind: 'stop', error: { code: 'POISONOUS' } })
  })
})
