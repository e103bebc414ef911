import type { Delivery } from '@relay/core/delivery'
import { meta } from '@relay/platforms/meta/index'
import { tiktok } from '@relay/platforms/tiktok/index'
import { readLetters, requeueLetters, selectLetters } from '@relay/queue/dead-letters'
import type { Letter } from '@relay/queue/letter'
import { recoverFlights } from '@relay/delivery/flight-recovery'
import { openQueue } from '@relay/queue/queues'
import { createUndertaker } from '@relay/queue/settle'
import { type Books, readBooks } from '@relay/state/books'
import { readBreaker } from '@relay/state/circuit-breaker'
import { findConnection } from '@relay/state/connections'
import { startFlight } from '@relay/state/flights'
import { readLearnedRates } from '@relay/state/learned-rates'
import { resetLimit, setLimit } from '@relay/state/limits'
import type { ConnectionId } from '@relay/core/ids'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admitToQueue } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'

let database: FreshDatabase
let simulator: Simulator
let url: string
let fleet: TestFleet
let queue: Queue

beforeAll(async () => {
  database = await freshDatabase()
})

beforeEach(async () => {
  simulator = createSimulator()
  url = await simulator.listen(0)
  fleet = createTestFleet(database.url, url)
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

const enqueue = (deliveries: readonly Delivery[]): Promise<void> => admitToQueue(fleet.redis, deliveries)

const books = (): Promise<Books> => readBooks(fleet.redis, 'meta')
const settledBooks = async (expected: Partial<Books>): Promise<void> => {
  await eventually(async () => expect(await books()).toMatchObject({ waiting: 0, held: 0, active: 0, unaccounted: 0, ...expected }), 10_000)
}
const letters = async (): Promise<Letter[]> => readLetters(fleet.redis, 'meta', await selectLetters(fleet.redis, 'meta', {}))
const many = (count: number, changes: Parameters<typeof buildDelivery>[0] = {}): Delivery[] =>
  Array.from({ length: count }, () => buildDelivery(changes))

test('many events of one connection travel in few requests and each is counted once', async () => {
  await enqueue(many(500))
  await fleet.startPool(meta)
  await settledBooks({ accepted: 500, delivered: 500 })
  const summary = simulator.ledger.summary().meta
  expect(summary).toMatchObject({ counted: 500, repeated: 0 })
  expect(summary.requests).toBeLessThanOrEqual(5)
})

test('one bad event in a batch dies alone, and the others arrive once', async () => {
  const deliveries = many(50)
  const bad = deliveries[17]!
  simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: bad.event.event_id })
  await enqueue(deliveries)
  await fleet.startPool(meta)
  await settledBooks({ delivered: 49, dead: 1 })
  expect(simulator.ledger.summary().meta).toMatchObject({ counted: 49, repeated: 0 })
  expect(await letters()).toMatchObject([{ id: bad.id, code: 'EVENT_REJECTED', exhausted: false }])
})

test('a fault that passes is retried and leaves nothing behind', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'server_error', times: 2 })
  await enqueue(many(10))
  await fleet.startPool(meta)
  await settledBooks({ delivered: 10, dead: 0 })
})

test('an event whose attempts run out is a letter with the last real cause and every attempt', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'server_error' })
  await enqueue(many(1))
  await fleet.startPool(meta, { retryDelaysMs: [5, 5] })
  await settledBooks({ dead: 1 })
  const [letter] = await letters()
  expect(letter).toMatchObject({ code: 'PLATFORM_ERROR', exhausted: true })
  expect(letter!.attempts).toHaveLength(3)
})

test('an answer lost after acceptance is sent again under the same id, and the platform counts it once', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'lost_answer', times: 1 })
  await enqueue(many(20))
  await fleet.startPool(meta)
  await settledBooks({ delivered: 20 })
  expect(simulator.ledger.summary().meta).toMatchObject({ counted: 20, repeated: 20 })
})

test('five failures open the breaker, nothing is lost while it is open, and it closes by itself', async () => {
  const fault = simulator.faults.add({ platform: 'meta', kind: 'http_status', status: 500, body: 'down' })
  for (const connection of ['con_two', 'con_three', 'con_four', 'con_five', 'con_six']) {
    await fleet.connect(meta, connection, { pixel_id: `22${connection}` }, { access_token: 'good-token' })
    await enqueue(many(30, { connectionId: connection }))
  }
  await fleet.startPool(meta, { breakerOpenMs: 200 })
  await eventually(async () => expect((await readBreaker(fleet.redis, 'meta')).state).toBe('open'), 5_000)
  if ('fault_id' in fault) simulator.faults.remove(fault.fault_id)
  await settledBooks({ delivered: 150, dead: 0 })
  expect((await readBreaker(fleet.redis, 'meta')).state).toBe('closed')
})

test('when the breaker closes, what the outage buried before it opened is named with the command that replays it', async () => {
  const fault = simulator.faults.add({ platform: 'meta', kind: 'http_status', status: 500, body: 'down' })
  await enqueue(many(3))
  await fleet.startPool(meta, { retryDelaysMs: [5, 5, 5, 5], breakerOpenMs: 200 })
  await settledBooks({ dead: 3 })
  if ('fault_id' in fault) simulator.faults.remove(fault.fault_id)
  await enqueue(many(30))
  await eventually(async () => expect((await readBreaker(fleet.redis, 'meta')).state).toBe('closed'), 5_000)
  const closed = await eventually(() => fleet.lines.find((line) => line.includes('circuit closed')), 2_000)
  expect(closed).toContain('relay dlq replay --platform meta --code PLATFORM_ERROR --since 20')
})

test('a dead token suspends its connection and parks its work; another connection goes on', async () => {
  await fleet.connect(meta, 'con_two', { pixel_id: '2222222222' }, { access_token: 'revoked-later' })
  simulator.faults.add({ platform: 'meta', kind: 'revoked_token', token: 'revoked-later' })
  await enqueue([...many(40, { connectionId: 'con_two' }), ...many(40)])
  await fleet.startPool(meta)
  await settledBooks({ delivered: 40, dead: 40 })
  expect(new Set((await letters()).map(({ code, connection_id }) => `${connection_id} ${code}`))).toEqual(
    new Set(['con_two CREDENTIALS_EXPIRED']),
  )
  expect((await findConnection(fleet.redis, 'con_two' as ConnectionId))?.status).toMatchObject({
    state: 'error',
    code: 'CREDENTIALS_EXPIRED',
  })
})

test('a throttled connection waits without using attempts', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'rate_limited', times: 6 })
  await enqueue(many(5))
  await fleet.startPool(meta, { retryDelaysMs: [20, 20, 20] })
  await settledBooks({ delivered: 5, dead: 0 })
})

test('a connection at its own limit holds up nobody, and its rows are fetched at most twice', async () => {
  await fleet.connect(meta, 'con_slow', { pixel_id: '3333333333', events_per_minute: 60 }, { access_token: 'good-token' })
  await enqueue(many(300, { connectionId: 'con_slow' }))
  await enqueue(many(300))
  await fleet.startPool(meta, { fetchAhead: 100 })
  await eventually(async () => expect(simulator.ledger.summary().meta.by_account['1111111111']?.counted).toBe(300), 5_000)
  expect(simulator.ledger.summary().meta.by_account['3333333333']?.counted ?? 0).toBeLessThanOrEqual(2 + 6)
  await eventually(async () => expect((await books()).active).toBeLessThanOrEqual(1), 5_000)
  const held = await queue.getDelayed()
  expect(Math.max(...held.map((job) => job.attemptsStarted))).toBeLessThanOrEqual(2)
  expect(new Set(held.map(({ attemptsMade }) => attemptsMade))).toEqual(new Set([0]))
})

test('a platform that throttles below the limit is met at its own rate, and the rate recovers', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'rate_limited', times: 3 })
  await enqueue(many(50))
  await fleet.startPool(meta, { eventsPerMinute: 60_000, retryDelaysMs: [50, 50, 50] })
  await settledBooks({ delivered: 50, dead: 0 })
  const rates = await readLearnedRates(fleet.redis, 'meta', 60_000)
  expect(rates.get('con_one' as ConnectionId)).toBeLessThan(60_000 * 0.8)
  expect(rates.get('con_one' as ConnectionId)).toBeGreaterThan(60_000 * 0.8 ** 4)
  expect(simulator.ledger.summary().meta.requests).toBeLessThanOrEqual(12)
})

test('a quota that is nearly used slows the connection down before anything is refused', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'usage_header', percent: 95 })
  await enqueue(many(20))
  await fleet.startPool(meta)
  await settledBooks({ delivered: 20 })
  expect((await readLearnedRates(fleet.redis, 'meta', 600_000)).get('con_one' as ConnectionId)).toBeLessThan(600_000 * 0.5)
})

test('a limit that an operator changes is in force within seconds, also for rows that wait for the old one', async () => {
  await setLimit(fleet.redis, { platform: 'meta' }, 1)
  await enqueue(many(50))
  await fleet.startPool(meta)
  await eventually(async () => expect(await books()).toMatchObject({ delivered: 1 }), 5_000)
  await setLimit(fleet.redis, { platform: 'meta' }, 600_000)
  await settledBooks({ delivered: 50 })
  await resetLimit(fleet.redis, { platform: 'meta' })
})

test('a delivery past its deadline is never sent', async () => {
  await enqueue([buildDelivery({ deadlineAt: Date.now() - 1 }), buildDelivery()])
  await fleet.startPool(meta)
  await settledBooks({ delivered: 1, dead: 1 })
  expect((await letters())[0]).toMatchObject({ code: 'EVENT_TOO_OLD', attempts: [] })
  expect(simulator.ledger.summary().meta).toMatchObject({ counted: 1 })
})

test('a job that is no delivery does not stop the queue', async () => {
  await queue.add('strange', { hello: 'world' })
  await enqueue(many(3))
  await fleet.startPool(meta)
  await settledBooks({ imported: 1, delivered: 3, dead: 1 })
})

test('a pool that is told to stop gives back what it has not sent', async () => {
  await enqueue(many(200))
  simulator.faults.add({ platform: 'meta', kind: 'latency', ms: 300 })
  const pool = await fleet.startPool(meta, { eventsPerMinute: 600, lingerMs: 10 })
  await eventually(async () => expect((await books()).active).toBeGreaterThan(0), 3_000)
  await pool.close(5_000)
  const after = await books()
  expect(after.active).toBe(0)
  expect(after.waiting + after.delivered).toBe(200)
  expect(after.unaccounted).toBe(0)
})

test('an answer that leaves open what was taken is sent once more, and the second one like it is for a person to decide', async () => {
  await fleet.connect(tiktok, 'con_tiktok', { event_source_id: 'C0000000000000000009' }, { access_token: 'good-token' })
  simulator.faults.add({
    platform: 'tiktok',
    kind: 'http_status',
    status: 200,
    body: { code: 20001, message: 'partial', request_id: 'r1', data: {} },
  })
  const delivery = buildDelivery({ platform: 'tiktok', connectionId: 'con_tiktok', event: { user: { email: [HASH] } } })
  await admitToQueue(fleet.redis, [delivery])
  await fleet.startPool(tiktok)
  await eventually(async () => expect(await readBooks(fleet.redis, 'tiktok')).toMatchObject({ dead: 1, unaccounted: 0 }), 5_000)
  const [letter] = await readLetters(fleet.redis, 'tiktok', [delivery.id])
  expect(letter).toMatchObject({ code: 'AMBIGUOUS', platform_code: '20001', ambiguous: true, exhausted: false })
  expect(simulator.ledger.requests().tiktok.by_door['events']).toEqual({ 200: 2 })
})

test('a replayed delivery leaves no delivered mark behind once it is settled', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: 'evt-replayed', times: 1 })
  await enqueue([buildDelivery({ eventId: 'evt-replayed' })])
  await fleet.startPool(meta)
  await settledBooks({ dead: 1 })
  simulator.faults.clear()
  const [id] = await selectLetters(fleet.redis, 'meta', {})
  await requeueLetters(fleet.redis, queue, 'meta', [id!], Date.now)
  await settledBooks({ dead: 0, delivered: 1 })
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(await fleet.redis.keys('*delivered:*')).toEqual([])
})

test('a request whose process died is found, and its deliveries know of it; one of a live process is left alone', async () => {
  const [mine, lost] = [buildDelivery(), buildDelivery()]
  const undertaker = createUndertaker(fleet.redis, queue, 'meta', { clock: Date.now, letterRetentionMs: 86_400_000 })
  await startFlight(fleet.redis, 'meta', { processId: 'worker_test', sentAt: 1, deliveries: [mine.id] })
  await startFlight(fleet.redis, 'meta', { processId: 'worker_dead', sentAt: 2, deliveries: [lost.id, mine.id] })
  const context = {
    platform: 'meta',
    redis: fleet.redis,
    undertaker,
    processId: 'worker_test',
    clock: Date.now,
    logger: fleet.logger,
  } as const
  expect(await recoverFlights(context)).toBe(1)
  expect(await undertaker.readAttempts(lost.id)).toMatchObject([{ at: 2, maybe_taken: true, died: 'among others' }])
  expect(await recoverFlights(context)).toBe(0)
})

test('a delivery whose window for repeats is over is parked for a person', async () => {
  const delivery = buildDelivery()
  await enqueue([delivery])
  const undertaker = createUndertaker(fleet.redis, queue, 'meta', { clock: Date.now, letterRetentionMs: 86_400_000 })
  await undertaker.noteAttempt(delivery.id, { at: Date.now() - 49 * 3_600_000, code: 'TIMEOUT', message: 'no answer', maybe_taken: true })
  simulator.faults.add({ platform: 'meta', kind: 'server_error', times: 1 })
  await fleet.startPool(meta)
  await settledBooks({ dead: 1 })
  expect(await letters()).toMatchObject([{ code: 'AMBIGUOUS', ambiguous: true }])
})

test('no raw text of an event or secret reaches the log', async () => {
  await enqueue(many(3))
  await fleet.startPool(meta)
  await settledBooks({ delivered: 3 })
  const log = fleet.lines.join('\n')
  expect(log).toContain('"msg":"batch"')
  expect(log).not.toContain('good-token')
})
