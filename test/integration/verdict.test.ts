import type { ConnectionId } from '@relay/core/ids'
import { google } from '@relay/platforms/google/index'
import { readLetters, requeueLetters, selectLetters } from '@relay/queue/dead-letters'
import { createPayload } from '@relay/queue/job'
import { openQueue } from '@relay/queue/queues'
import { condemnDelivery, keepForVerdict, openVerdictQueue } from '@relay/queue/verdicts'
import { type Books, readBooks } from '@relay/state/books'
import { findConnection } from '@relay/state/connections'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admitToQueue } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
const DAY_MS = 86_400_000

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
  await settings({ verdict_after_s: 0 })
  fleet = createTestFleet(database.url, url)
  await fleet.redis.flushdb()
  queue = openQueue('google', fleet.redis)
  const connected = { operating_account: '1234567890', conversion_actions: { Purchase: '777' } }
  await fleet.connect(google, 'con_one', connected, { client_id: 'c', client_secret: 's', refresh_token: 'r' })
})
afterEach(async () => {
  await fleet[Symbol.asyncDispose]()
  await queue.close()
  await simulator.close()
})
afterAll(async () => {
  await database.release()
})

const settings = async (change: Record<string, unknown>): Promise<void> => {
  const response = await fetch(`${url}/settings/google`, { method: 'PUT', body: JSON.stringify(change) })
  expect(response.status).toBe(200)
}

async function enqueue(eventIds: readonly string[]): Promise<void> {
  const user = { userIdentifiers: [{ emailAddress: HASH }] }
  await admitToQueue(
    fleet.redis,
    eventIds.map((eventId) => buildDelivery({ platform: 'google', eventId, event: { user } })),
  )
}

const books = (): Promise<Books> => readBooks(fleet.redis, 'google')
const settled = (expected: Partial<Books>): Promise<unknown> =>
  eventually(async () => expect(await books()).toMatchObject({ waiting: 0, held: 0, active: 0, unaccounted: 0, ...expected }), 10_000)
const records = (): Promise<string[]> => fleet.redis.keys('*:verdict:*')
const reject = (event_id: string, reason: string): unknown =>
  simulator.faults.add({ platform: 'google', kind: 'late_reject', event_id, reason })

test('what a platform takes now and refuses later moves from delivered to dead, and nothing else does', async () => {
  reject('evt-lost-click', 'CLICK_NOT_FOUND')
  await enqueue(['evt-good-one', 'evt-lost-click', 'evt-good-two'])
  await fleet.startPool(google, { firstLookMs: 200 })
  await settled({ accepted: 3, delivered: 2, dead: 1 })
  const [letter] = await readLetters(fleet.redis, 'google', await selectLetters(fleet.redis, 'google', {}))
  expect(letter).toMatchObject({
    event_id: 'evt-lost-click',
    code: 'EVENT_REJECTED',
    platform_code: expect.stringContaining('CLICK_NOT_FOUND'),
    exhausted: false,
  })
  await eventually(async () => expect(await records()).toEqual([]), 3_000)
})

test('a letter of a later verdict can be replayed like any other', async () => {
  reject('evt-again', 'INVALID_FORMAT')
  await enqueue(['evt-again'])
  await fleet.startPool(google, { firstLookMs: 100 })
  await settled({ dead: 1 })
  simulator.faults.clear()
  const ids = await selectLetters(fleet.redis, 'google', {})
  expect(await requeueLetters(fleet.redis, queue, 'google', ids, Date.now)).toEqual(['queued'])
  await settled({ delivered: 1, dead: 0 })
})

test('what is put off is sent again later under the same id, without a letter', async () => {
  reject('evt-fresh-click', 'TOO_RECENT_CLICK')
  await enqueue(['evt-fresh-click', 'evt-good-one'])
  await fleet.startPool(google, { firstLookMs: 100 })
  await eventually(async () => expect(await books()).toMatchObject({ delivered: 1, held: 1, dead: 0, unaccounted: 0 }), 5_000)
  const [held] = await queue.getDelayed()
  expect(held?.data.delivery.event.event_id).toBe('evt-fresh-click')
  expect((held?.opts.delay ?? 0) / 3_600_000).toBeCloseTo(6, 0)
})

test('a delivery that two requests carried, since a worker died before it could settle the first, is condemned once', async () => {
  await enqueue(['evt-twice'])
  await fleet.startPool(google, { firstLookMs: 60_000 })
  await settled({ delivered: 1 })
  const delivery = buildDelivery({ platform: 'google', eventId: 'evt-twice' })
  const verdicts = openVerdictQueue('google', fleet.redis)
  const payload = createPayload(delivery)
  const error = { code: 'EVENT_REJECTED', message: 'The click is unknown' } as const
  const options = { clock: Date.now, letterRetentionMs: DAY_MS }
  const condemned: boolean[] = []
  for (const requestId of ['first', 'second']) {
    const job = { requestId, connectionId: delivery.connectionId, sentAt: Date.now(), count: 1 }
    await keepForVerdict(verdicts, 'google', { job, settings: {}, payloads: new Map([[0, payload]]) }, 60_000)
    condemned.push(await condemnDelivery(fleet.redis, 'google', requestId, { place: 0, payload, error, exhausted: false }, options))
  }
  expect(condemned).toEqual([true, false])
  expect(await books()).toMatchObject({ accepted: 1, delivered: 0, dead: 1, unaccounted: 0 })
  await verdicts.close()
})

test('a verdict that is not in yet is asked for again', async () => {
  await settings({ verdict_after_s: 1 })
  reject('evt-late', 'INVALID_GCLID')
  await enqueue(['evt-late'])
  await fleet.startPool(google, { firstLookMs: 300 })
  await eventually(async () => expect(await books()).toMatchObject({ delivered: 1, dead: 0 }), 3_000)
  await settled({ delivered: 0, dead: 1 })
})

test('a verdict that blames the account suspends the connection', async () => {
  reject('evt-unsigned', 'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED')
  await enqueue(['evt-unsigned'])
  await fleet.startPool(google, { firstLookMs: 100 })
  await settled({ dead: 1 })
  await eventually(async () => expect((await findConnection(fleet.redis, 'con_one' as ConnectionId))?.status.state).toBe('error'), 3_000)
})

test('rows that must not travel together travel apart, and each arrives', async () => {
  const actions = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`Custom ${index}`, `${900 + index}`]))
  await fleet.connect(
    google,
    'con_many',
    { operating_account: '2234567890', conversion_actions: actions },
    { client_id: 'c', client_secret: 's', refresh_token: 'r2' },
  )
  const deliveries = Object.keys(actions).map((eventName) =>
    buildDelivery({
      platform: 'google',
      connectionId: 'con_many',
      eventName,
      event: { user: { userIdentifiers: [{ emailAddress: HASH }] } },
    }),
  )
  await admitToQueue(fleet.redis, deliveries)
  await fleet.startPool(google)
  await settled({ delivered: 12, dead: 0 })
  expect(simulator.ledger.summary().google).toMatchObject({ counted: 12, refused: 0 })
})
