import type { PoolOptions } from '@relay/delivery/pool-parts'
import { meta } from '@relay/platforms/meta/index'
import { alignBrake } from '@relay/queue/brake'
import { openQueue } from '@relay/queue/queues'
import { type Books, readBooks } from '@relay/state/books'
import { closeBreaker, openBreaker } from '@relay/state/circuit-breaker'
import { declareMaintenance, endDeclaredMaintenance } from '@relay/state/maintenance'
import { addPause, endPause } from '@relay/state/pause-reasons'
import { WITHOUT_END } from '@relay/state/without-end'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admitToQueue } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

/* Pools under an operator's hand: what is held is not sent and uses no attempt; what is let go is sent at once, by all of them. */

let database: FreshDatabase
let simulator: Simulator
let fleet: TestFleet
let queue: Queue

beforeAll(async () => {
  database = await freshDatabase()
})

beforeEach(async () => {
  simulator = createSimulator()
  fleet = createTestFleet(database.url, await simulator.listen(0))
  await fleet.redis.flushdb()
  queue = openQueue('meta', fleet.redis)
  await fleet.connect(meta, 'con_one', { pixel_id: '1111111111' }, { access_token: 'good-token' })
})

afterEach(async () => {
  await fleet[Symbol.asyncDispose]()
  await queue.close()
  await simulator.close()
})

afterAll(async () => {
  await database.release()
})

const enqueue = (count: number): Promise<void> =>
  admitToQueue(
    fleet.redis,
    Array.from({ length: count }, () => buildDelivery()),
  )

const startPools = async (changes: Partial<PoolOptions> = {}): Promise<void> => {
  await Promise.all([fleet.startPool(meta, changes), fleet.startPool(meta, { processId: 'worker_two', ...changes })])
}
const books = (): Promise<Books> => readBooks(fleet.redis, 'meta')
const counted = (): number => simulator.ledger.summary().meta.counted
const sent = (count: number, withinMs: number): Promise<unknown> =>
  eventually(async () => {
    const { waiting, held, active, unaccounted } = await books()
    return counted() === count && waiting + held + active + unaccounted === 0
  }, withinMs)
/** All of it lies in the queue, untouched by an attempt, and nothing arrives for a while. */
const nothingMoves = async (count: number): Promise<void> => {
  const before = counted()
  await eventually(async () => (await books()).waiting === count, 3_000)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(counted()).toBe(before)
  expect(await books()).toMatchObject({ waiting: count, active: 0, held: 0, dead: 0, unaccounted: 0 })
  const jobs = await queue.getPrioritized()
  expect(new Set(jobs.map(({ attemptsMade }) => attemptsMade))).toEqual(new Set([0]))
}

const pause = async (): Promise<void> => {
  await addPause(fleet.redis, 'meta', { reason: 'operator', until: WITHOUT_END, message: 'paused by ada' })
  await alignBrake(fleet.redis, 'meta')
}
const resume = async (): Promise<void> => {
  await endPause(fleet.redis, 'meta', 'operator')
  await alignBrake(fleet.redis, 'meta')
}
const startMaintenance = async (from?: number): Promise<void> => {
  await declareMaintenance(fleet.redis, 'meta', { from, until: Date.now() + 60_000, reason: 'announced', by: 'ada' })
  await alignBrake(fleet.redis, 'meta')
}
const endMaintenance = async (): Promise<void> => {
  await endDeclaredMaintenance(fleet.redis, 'meta')
  await alignBrake(fleet.redis, 'meta')
}

test('a paused platform gets nothing, and all of it as soon as it is resumed, again and again', async () => {
  await startPools()
  for (const round of [1, 2, 3]) {
    await pause()
    await enqueue(200)
    await nothingMoves(200)
    await resume()
    await sent(round * 200, 4_000)
  }
})

test('a pause in the middle of the work holds what is not sent yet', async () => {
  await enqueue(1_200)
  await startPools({ eventsPerMinute: 12_000 })
  await eventually(() => counted() > 0, 3_000)
  await pause()
  await eventually(async () => (await books()).active === 0, 3_000)
  const held = (await books()).waiting
  expect(held).toBeGreaterThan(0)
  await nothingMoves(held)
  await resume()
  await sent(1_200, 10_000)
}, 20_000)

test('an operator who resumes lets nothing through while a maintenance or the breaker holds, and the other way round', async () => {
  await pause()
  await startMaintenance()
  await openBreaker(fleet.redis, 'meta', undefined)
  await enqueue(50)
  await startPools()
  await nothingMoves(50)
  await resume()
  await nothingMoves(50)
  await endMaintenance()
  await nothingMoves(50)
  await pause()
  await closeBreaker(fleet.redis, 'meta')
  await alignBrake(fleet.redis, 'meta')
  await nothingMoves(50)
  await resume()
  await sent(50, 4_000)
})

test('an operator’s breaker opened for a time holds until then, and closes by three probes', async () => {
  await openBreaker(fleet.redis, 'meta', 1_200)
  await alignBrake(fleet.redis, 'meta')
  const openedAt = performance.now()
  await enqueue(60)
  await startPools()
  await sent(60, 8_000)
  expect(performance.now() - openedAt).toBeGreaterThan(1_100)
  const requests = simulator.ledger.summary().meta.requests
  expect(requests).toBeGreaterThanOrEqual(4)
})

test('a maintenance that begins later is kept by a running fleet when its time has come', async () => {
  await startPools()
  const from = Date.now() + 700
  await startMaintenance(from)
  await enqueue(20)
  await sent(20, 3_000)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, from + 50 - Date.now())))
  await enqueue(30)
  await nothingMoves(30)
  const held = (await fleet.metrics.deliveriesHeld.get()).values.map(({ labels }) => labels)
  expect(held).toEqual([{ platform: 'meta', code: 'PLATFORM_MAINTENANCE' }])
  await endMaintenance()
  await sent(50, 4_000)
})

test('after a maintenance the fleet returns in a ramp: at a quarter of the limit, then more', async () => {
  await startMaintenance()
  await enqueue(2_000)
  await startPools({ eventsPerMinute: 12_000, rampMs: 8_000 })
  await nothingMoves(2_000)
  await endMaintenance()
  const endedAt = performance.now()
  const arrivedBy = async (ms: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, ms - (performance.now() - endedAt)))
    return counted()
  }
  // The whole limit is 200 a second and a burst of 480; a quarter is 50 a second and a burst of 120.
  const inTheFirstSecond = await arrivedBy(1_000)
  expect(inTheFirstSecond).toBeGreaterThan(0)
  expect(inTheFirstSecond).toBeLessThan(120 + 100 + 20)
  const early = (await arrivedBy(3_000)) - inTheFirstSecond
  const before = await arrivedBy(5_500)
  const late = (await arrivedBy(7_500)) - before
  expect(late).toBeGreaterThan(early)
}, 20_000)

test('rows that come back late from a hold that has ended do not stop the fleet again', async () => {
  await startPools()
  for (let round = 1; round <= 15; round += 1) {
    await addPause(fleet.redis, 'meta', { reason: 'operator', until: WITHOUT_END, message: 'paused by ada' })
    await enqueue(40)
    await new Promise((resolve) => setTimeout(resolve, round))
    await resume()
  }
  await sent(600, 10_000)
}, 20_000)

test('a paused pool does not spin: with much work waiting it asks Redis a few times a second', async () => {
  await startPools()
  await pause()
  await enqueue(1_000)
  await nothingMoves(1_000)
  // All that the pools ask, but for the one blocking call with which each sleeps.
  const calls = vi.spyOn(fleet.redis, 'sendCommand')
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const aSecond = calls.mock.calls.length / 3
  calls.mockRestore()
  // Two pools: each looks at its lock, its limits and its brake about once a second.
  expect(aSecond).toBeLessThan(2 * 7)
  expect(aSecond).toBeGreaterThan(0)
}, 20_000)
