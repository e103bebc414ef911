import { google } from '@relay/platforms/google/index'
import { meta } from '@relay/platforms/meta/index'
import { snapchat } from '@relay/platforms/snapchat/index'
import { requeueLetters, selectLetters } from '@relay/queue/dead-letters'
import { openQueue } from '@relay/queue/queues'
import { setLimit } from '@relay/state/limits'
import { noteRow, readBatch } from '@relay/state/tracked-batches'
import type { BatchId, ConnectionId } from '@relay/core/ids'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { createDoor, type Door, type DoorProducer } from '../support/door.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { purchase, purchases } from '../support/shop.ts'

const PIXEL = '0b1c2d3e-0000-4000-8000-000000000001'
const WAIT = '?wait=10s'

let database: FreshDatabase
let simulator: Simulator
let url: string
let fleet: TestFleet
let door: Door
let acme: DoorProducer

beforeAll(async () => {
  database = await freshDatabase()
})

beforeEach(async () => {
  simulator = createSimulator()
  url = await simulator.listen(0)
  fleet = createTestFleet(database.url, url)
  await fleet.redis.flushdb()
  door = createDoor(fleet.redis)
  acme = await door.producer('acme')
  await fleet.connect(meta, 'con_one', { pixel_id: '1111111111' }, { access_token: 'good-token' })
})

afterEach(async () => {
  await fleet[Symbol.asyncDispose]()
  await simulator.close()
})

afterAll(async () => {
  await database.release()
})

test('a tracked batch is answered for when it is done, in the shape of the document, and costs others nothing', async () => {
  await fleet.startPool(meta)
  const untracked = await acme.send(purchases('quiet', 3))
  const { batch_id: id } = await acme.send(purchases('b', 50), '?track=true')
  const { status, body } = await acme.batch(id, WAIT)
  expect(status).toBe(200)
  expect(body).toEqual({
    success: true,
    data: {
      batch_id: id,
      done: true,
      events_received: 50,
      connections: [
        {
          success: true,
          data: {
            platform: 'meta',
            connection_id: 'con_one',
            events_received: 50,
            events_processed: 50,
            events_pending: 0,
            events_skipped: 0,
            errors: [],
          },
        },
      ],
    },
  })
  expect((await acme.batch(untracked.batch_id)).status).toBe(404)
  expect(await fleet.redis.keys('relay:{control}:batch:*')).toEqual([`relay:{control}:batch:${id}`])
  expect(await fleet.redis.pttl(`relay:{control}:batch:${id}`)).toBeGreaterThan(23 * 3_600_000)
})

test('rejected events are one entry with their places in the request, and the others are processed (case 8)', async () => {
  for (const id of ['b-3', 'b-7']) simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: id })
  await fleet.startPool(meta)
  const { batch_id: id } = await acme.send(purchases('b', 10), '?track=true')
  const { body } = await acme.batch(id, WAIT)
  expect(body).toMatchObject({ success: true, data: { done: true } })
  expect(body.data.connections[0]).toMatchObject({
    success: true,
    data: {
      events_received: 10,
      events_processed: 8,
      errors: [
        {
          message: 'Partial failure: 2 events rejected',
          details: [
            { index: 3, error: expect.any(String) },
            { index: 7, error: expect.any(String) },
          ],
        },
      ],
    },
  })
})

test('events that time out until their attempts are used up are one entry with its message (case 7)', async () => {
  await fleet.connect(snapchat, 'con_snap', { pixel_id: PIXEL }, { access_token: 'good-token' })
  simulator.faults.add({ platform: 'snapchat', kind: 'timeout' })
  await fleet.startPool(snapchat, { retryDelaysMs: [1] })
  const events = purchases('b', 10).map((event) => ({ ...event, destinations: ['snapchat'] }))
  const { batch_id: id } = await acme.send(events, '?track=true')
  const { body } = await acme.batch(id, WAIT)
  expect(body).toMatchObject({ success: false, data: { done: true } })
  expect(body.data.connections).toEqual([
    {
      success: false,
      data: {
        platform: 'snapchat',
        connection_id: 'con_snap',
        events_received: 10,
        events_processed: 0,
        events_pending: 0,
        events_skipped: 0,
        errors: [{ message: 'Request timeout after 1 seconds' }],
      },
    },
  ])
})

test('received is the sum of processed, pending, skipped and failed for each connection, duplicates and what fails at the door included', async () => {
  await fleet.connect(meta, 'con_two', { pixel_id: '2222222222', only_events: ['Lead'] }, { access_token: 'good-token' })
  await fleet.startPool(meta)
  await acme.send([purchase('b-0', { destinations: ['con_one'] })])
  const old = purchase('b-old', { event_time: Math.floor(Date.now() / 1_000) - 30 * 86_400 })
  const events = [purchase('b-0'), purchase('b-1'), purchase('b-1'), { ...purchase('b-2'), event_name: 'Lead' }, old, { event_name: 7 }]
  const { batch_id: id, events_received: received } = await acme.send(events, '?track=true')
  expect(received).toBe(6)
  const { body } = await acme.batch(id, WAIT)
  expect(body.data).toMatchObject({ done: true, events_received: 6 })
  // The old event is refused for con_one and filtered by con_two, so it is accepted and dead at once.
  expect(body.data.connections.map(({ data }) => data)).toMatchObject([
    { connection_id: 'con_one', events_received: 5, events_processed: 2, events_pending: 0, events_skipped: 2 },
    { connection_id: 'con_two', events_received: 5, events_processed: 1, events_pending: 0, events_skipped: 4, errors: [] },
  ])
  expect(body.data.connections[0]?.data.errors).toEqual([
    { message: 'Partial failure: 1 events rejected', details: [{ index: 4, error: expect.any(String) }] },
  ])
})

test('while events wait the batch is not done, says for what they wait, and waiting for it ends in time', async () => {
  await setLimit(fleet.redis, { platform: 'meta' }, 1)
  await fleet.startPool(meta)
  const { batch_id: id } = await acme.send(purchases('b', 20), '?track=true')
  await eventually(async () => expect((await acme.batch(id)).body.data.connections[0]?.data.events_processed).toBe(1), 5_000)
  const startedAt = performance.now()
  const { body } = await acme.batch(id, '?wait=300ms')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(250)
  expect(body).toMatchObject({ success: false, data: { done: false } })
  expect(body.data.connections[0]?.data).toMatchObject({ events_received: 20, events_processed: 1, events_pending: 19, errors: [] })
  expect(body.data.connections[0]?.data.notices).toMatchObject([
    { code: 'RATE_LIMITED', message: 'Platform rate limit exceeded', details: { platform: 'meta', events_queued: 19 } },
  ])
})

test("another tenant's batch looks like one that does not exist, and reading takes its own right", async () => {
  const { batch_id: id } = await acme.send(purchases('b', 1), '?track=true')
  const globex = await door.producer('globex')
  const [theirs, none] = [await globex.batch(id), await globex.batch('b_none')]
  expect([theirs.status, none.status]).toEqual([404, 404])
  expect(theirs.body).toEqual(none.body)
  expect((await (await door.producer('acme', ['events:write'])).batch(id)).status).toBe(403)
  expect((await acme.batch(id, '?wait=soon')).status).toBe(400)
  expect((await acme.batch('b_..%2F..')).status).toBe(404)
})

test('a dead connection is told of as everywhere, and a letter that is replayed turns its row', async () => {
  simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: 'b-1' })
  await fleet.startPool(meta)
  const { batch_id: id } = await acme.send(purchases('b', 3), '?track=true')
  expect((await acme.batch(id, WAIT)).body.data.connections[0]?.data).toMatchObject({ events_processed: 2, errors: [{}] })
  simulator.faults.clear()
  const queue = openQueue('meta', fleet.redis)
  await requeueLetters(fleet.redis, queue, 'meta', await selectLetters(fleet.redis, 'meta', {}), Date.now)
  await queue.close()
  await eventually(async () => {
    const { body } = await acme.batch(id)
    expect(body.data.connections[0]).toMatchObject({ success: true, data: { events_processed: 3, errors: [] } })
    return true
  }, 5_000)

  simulator.faults.add({ platform: 'meta', kind: 'revoked_token', token: 'good-token' })
  const { batch_id: dead } = await acme.send(purchases('c', 2), '?track=true')
  expect((await acme.batch(dead, WAIT)).body).toMatchObject({
    success: false,
    data: {
      done: true,
      connections: [
        {
          data: {
            events_processed: 0,
            errors: [
              {
                code: 'CREDENTIALS_EXPIRED',
                message: 'Platform credentials have expired or been revoked',
                details: { platform: 'meta', action_required: 'Please reconnect with new credentials' },
              },
            ],
          },
        },
      ],
    },
  })
})

test('what a platform refuses afterwards, or puts off, is no longer processed', async () => {
  await fetch(`${url}/settings/google`, { method: 'PUT', body: JSON.stringify({ verdict_after_s: 0 }) })
  const account = { operating_account: '1234567890', conversion_actions: { '*': '777' } }
  await fleet.connect(google, 'con_google', account, { client_id: 'c', client_secret: 's', refresh_token: 'r' })
  simulator.faults.add({ platform: 'google', kind: 'late_reject', event_id: 'later-1', reason: 'CLICK_NOT_FOUND' })
  simulator.faults.add({ platform: 'google', kind: 'late_reject', event_id: 'later-2', reason: 'TOO_RECENT_CLICK' })
  await fleet.startPool(google, { firstLookMs: 300 })
  const events = purchases('later', 4).map((event) => ({ ...event, destinations: ['google'] }))
  const { batch_id: id } = await acme.send(events, '?track=true')
  await eventually(async () => {
    const { body } = await acme.batch(id)
    expect(body.data).toMatchObject({ done: false, connections: [{ data: { events_processed: 2, events_pending: 1 } }] })
    expect(body.data.connections[0]?.data.errors).toMatchObject([{ details: [{ index: 1 }] }])
    return true
  }, 5_000)
})

test('a row that is told of twice counts once, and only a later verdict undoes a delivered one', async () => {
  const { batch_id: id } = await acme.send(purchases('b', 2), '?track=true')
  const row = { batchId: id, connectionId: 'con_one' as ConnectionId, batchIndex: 0 }
  const failed = { kind: 'failed', code: 'EVENT_REJECTED', message: 'no' } as const
  await noteRow(fleet.redis, row, { kind: 'processed' })
  await noteRow(fleet.redis, row, { kind: 'processed' })
  await noteRow(fleet.redis, row, failed)
  await noteRow(fleet.redis, { ...row, connectionId: 'con_other' as ConnectionId }, failed)
  const counts = async () => (await acme.batch(id)).body.data.connections[0]?.data
  expect(await counts()).toMatchObject({ events_processed: 1, events_pending: 1, errors: [] })
  await noteRow(fleet.redis, row, failed, { isVerdict: true })
  expect(await counts()).toMatchObject({ events_processed: 0, events_pending: 1, errors: [{}] })
  await noteRow(fleet.redis, row, { kind: 'pending' }, { isVerdict: true })
  expect(await counts()).toMatchObject({ events_processed: 0, events_pending: 2, errors: [] })
  expect(await readBatch(fleet.redis, 'b_gone' as BatchId)).toBeUndefined()
})
