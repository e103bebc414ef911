import type { PlatformId } from '@relay/core/ids'
import type { LetterState } from '@relay/queue/letter'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Candidate, ReplayPlan } from './replay-plan.ts'
import { addsUp, runReplay, type RunSum, type RunTools } from './replay-run.ts'

const candidate = (index: number, platform: PlatformId = 'meta'): Candidate => ({
  platform,
  id: `letter${index}`,
  tenantId: 'acme',
  connectionId: 'con_1',
  code: 'TIMEOUT',
  deadlineAt: 1,
  isAmbiguous: false,
  replayCount: 0,
  state: 'dead',
})
const planOf = (count: number, skipped: ReplayPlan['skipped'] = {}): ReplayPlan => {
  const move = Array.from({ length: count }, (_, index) => candidate(index, index % 2 === 0 ? 'meta' : 'tiktok'))
  return { selected: count + Object.values(skipped).reduce((total, one) => total + one, 0), move, skipped, groups: [] }
}

/** A store whose letters take `rounds` looks to settle, as `fate` says. */
function createStore(
  options: { readonly fate?: (id: string) => LetterState | undefined; readonly rounds?: number; readonly hasWorkers?: boolean } = {},
) {
  const { fate = () => 'delivered', rounds = 2, hasWorkers = true } = options
  const looks = new Map<string, number>()
  const chunks: number[] = []
  const progress: RunSum[] = []
  let now = 0
  let mostUnderWay = 0
  const tools: RunTools = {
    requeue(_platform, ids) {
      chunks.push(ids.length)
      for (const id of ids) looks.set(id, 0)
      return Promise.resolve(ids.map((id) => (id === 'letter3' ? 'not_dead' : 'queued')))
    },
    states(_platform, ids) {
      mostUnderWay = Math.max(mostUnderWay, ids.length)
      return Promise.resolve(
        ids.map((id) => {
          const look = (looks.get(id) ?? 0) + 1
          looks.set(id, look)
          return look >= rounds ? fate(id) : 'queued'
        }),
      )
    },
    hasWorkers: () => Promise.resolve(hasWorkers),
    pause(ms) {
      now += ms
      return Promise.resolve()
    },
    clock: () => now,
    onProgress: (sum) => void progress.push(sum),
  }
  return { tools, chunks, progress, mostUnderWay: () => mostUnderWay }
}
const never = new AbortController().signal

describe('a run', () => {
  test('ends when each moved letter is delivered or dead again, and its sum adds up', async () => {
    const store = createStore({ fate: (id) => (id.endsWith('1') ? 'dead' : 'delivered') })
    const sum = await runReplay(planOf(12, { deadline: 2 }), 'run_1', store.tools, never)
    expect(sum).toEqual({
      run_id: 'run_1',
      state: 'done',
      selected: 14,
      delivered: 9,
      died_again: 2,
      skipped: { deadline: 2, not_dead: 1 },
      cancelled: 0,
    })
    expect(addsUp(sum)).toBe(true)
  })

  test('moves at most 100 letters at once, each chunk of one platform', async () => {
    const store = createStore()
    await runReplay(planOf(450), 'run_1', store.tools, never)
    expect(Math.max(...store.chunks)).toBe(100)
    expect(store.chunks.reduce((total, count) => total + count, 0)).toBe(450)
  })

  test('keeps at most 1,000 letters under way, so that live traffic is not behind them all', async () => {
    const store = createStore({ rounds: 3 })
    const sum = await runReplay(planOf(5_000), 'run_1', store.tools, never)
    expect(sum.delivered).toBe(4_999)
    expect(store.mostUnderWay()).toBeLessThanOrEqual(1_000)
  })

  test('with nothing to move is done at once', async () => {
    const sum = await runReplay(planOf(0, { deadline: 3 }), 'run_1', createStore().tools, never)
    expect(sum).toMatchObject({ state: 'done', selected: 3, skipped: { deadline: 3 } })
    expect(addsUp(sum)).toBe(true)
  })

  test('a letter that is gone had died again', async () => {
    const sum = await runReplay(planOf(2), 'run_1', createStore({ fate: () => undefined }).tools, never)
    expect(sum).toMatchObject({ state: 'done', died_again: 2 })
  })

  test('that is cancelled waits for what it moved and counts the rest', async () => {
    const store = createStore({ rounds: 5 })
    const controller = new AbortController()
    const sum = await runReplay(planOf(3_000), 'run_1', { ...store.tools, onProgress: () => controller.abort() }, controller.signal)
    expect(sum.state).toBe('cancelled')
    expect(sum.cancelled).toBe(2_000)
    expect(addsUp(sum)).toBe(true)
  })

  test('without a worker for a minute is stopped, and its sum is not right, since letters are under way', async () => {
    const sum = await runReplay(planOf(10), 'run_1', createStore({ rounds: Infinity, hasWorkers: false }).tools, never)
    expect(sum.state).toBe('stopped')
    expect(addsUp(sum)).toBe(false)
  })
})

test('whatever becomes of the letters, the sum of a finished run adds up', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(300),
      fc.array(fc.constantFrom<LetterState | undefined>('delivered', 'dead', undefined), { minLength: 1 }),
      async (count, fates) => {
        const store = createStore({ fate: (id) => fates[Number(id.slice(6)) % fates.length] })
        const sum = await runReplay(planOf(count), 'run_1', store.tools, never)
        expect(addsUp(sum)).toBe(true)
        expect(store.progress.every((line) => line.run_id === 'run_1')).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})
