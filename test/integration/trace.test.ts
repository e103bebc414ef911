import type { Delivery } from '@relay/core/delivery'
import type { BatchId } from '@relay/core/ids'
import { createDeliveryLog } from '@relay/observe/delivery-log'
import { google } from '@relay/platforms/google/index'
import { meta } from '@relay/platforms/meta/index'
import { requeueLetters } from '@relay/queue/dead-letters'
import type { Admission } from '@relay/queue/enqueue'
import { openQueue } from '@relay/queue/queues'
import { readBooks } from '@relay/state/books'
import { keys } from '@relay/state/keys'
import { addPause } from '@relay/state/pause-reasons'
import { createTraceWriter } from '@relay/state/trace'
import { WITHOUT_END } from '@relay/state/without-end'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import type { Story } from '../../apps/cli/src/trace/story.ts'
import { admit } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { runToEnd } from '../support/process.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'

// What an operator is told of an event by the real command, after real workers have had it.

/** Each command is a process of its own, and the machine may be busy with other files. */
const TEST_MS = 60_000
const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'

let database: FreshDatabase
let folder: Awaited<ReturnType<typeof tempFolder>>
let simulator: Simulator
let url: string
let fleet: TestFleet
let queue: Queue

beforeAll(async () => {
  database = await freshDatabase()
  folder = await tempFolder()
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
  await folder[Symbol.asyncDispose]()
  await database.release()
})

const queued = (delivery: Delivery): Admission => ({ kind: 'queue', delivery })
const orderOf = (eventId: string, changes: Parameters<typeof buildDelivery>[0] = {}): Delivery => ({
  ...buildDelivery({ eventId, ...changes }),
  batchId: 'bat_first' as BatchId,
})

const take = (...admissions: readonly Admission[]): Promise<void> => admit(fleet.redis, admissions)

async function relayTrace(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { env: { RELAY_REDIS_URL: database.url, ...env }, cwd: folder.path, withinMs: 25_000 }
  return runToEnd('apps/cli/src/main.ts', ['trace', ...args], options)
}

async function storiesOf(eventId: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Story[]> {
  const { code, stdout, stderr } = await relayTrace([eventId, '--json', ...args], env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Story)
}

const untilBooks = async (expected: object, platform: 'meta' | 'google' = 'meta'): Promise<void> => {
  await eventually(
    async () => expect(await readBooks(fleet.redis, platform)).toMatchObject({ active: 0, unaccounted: 0, ...expected }),
    10_000,
  )
}

test(
  'a delivered one: when it came, what answered, that nothing is left to do; and what came again',
  async () => {
    const order = orderOf('order-1')
    await take(queued(order), queued(orderOf('order-2')))
    await fleet.startPool(meta)
    await untilBooks({ delivered: 2 })
    await take(queued({ ...order, batchId: 'bat_second' as BatchId }))
    const [story, ...others] = await storiesOf('order-1')
    expect(others).toEqual([])
    expect(story).toMatchObject({
      delivery_id: order.id,
      event_name: 'Purchase',
      tenant_id: 'acme',
      connection_id: 'con_one',
      platform: 'meta',
      state: 'delivered',
      received_at: new Date(order.receivedAt).toISOString(),
      mapped_to: { name: 'Purchase', unmapped: false },
      repeats: [{ batch_id: 'bat_second', duplicate_of: order.id }],
      attempts: [{ outcome: 'delivered', statuses: [200], maybe_taken: false }],
      end: null,
    })
    expect(story!.attempts[0]!.platform_request_id).toEqual(expect.any(String))
    expect(story!.next.what).toContain('arrived')
    const { stdout } = await relayTrace(['order-1'])
    expect(stdout).toContain('Purchase order-1 → meta')
    expect(stdout).toContain('attempt: delivered (HTTP 200')
    expect(stdout).toContain('came again in bat_second: a duplicate of this delivery')
  },
  TEST_MS,
)

test(
  'one that waits: its place in line, why the whole queue waits, and the command that lets it go',
  async () => {
    await take(...Array.from({ length: 5 }, (_, n) => queued(orderOf(`order-${n}`))))
    const [free] = await storiesOf('order-3')
    expect(free).toMatchObject({ state: 'waiting', ahead: 3, batch_id: 'bat_first', attempts: [], waits: [], next: { command: null } })
    await addPause(fleet.redis, 'meta', { reason: 'operator', until: WITHOUT_END, message: 'stocktaking' })
    const [paused] = await storiesOf('order-3')
    expect(paused!.next).toMatchObject({ at: null, command: 'relay queues resume meta' })
    expect(paused!.waits).toMatchObject([{ scope: 'queue', code: 'operator', until: null }])
  },
  TEST_MS,
)

test(
  'one that is held: why, until when, and when it goes back into line',
  async () => {
    simulator.faults.add({ platform: 'meta', kind: 'rate_limited', retry_after_s: 3_600 })
    await take(queued(orderOf('order-1')))
    await fleet.startPool(meta)
    await untilBooks({ held: 1 })
    const [story] = await storiesOf('order-1')
    expect(story).toMatchObject({
      state: 'held',
      attempts: [{ outcome: 'hold', code: 'RATE_LIMITED', statuses: [400] }],
      waits: [{ scope: 'delivery', code: 'RATE_LIMITED', times: 1 }],
    })
    expect(Date.parse(story!.due_at!) - Date.now()).toBeGreaterThan(3_000_000)
    expect(story!.next.at).toBe(story!.due_at)
  },
  TEST_MS,
)

test(
  'one that was retried: each attempt with its answer and the pause after it',
  async () => {
    simulator.faults.add({ platform: 'meta', kind: 'server_error', times: 2 })
    await take(queued(orderOf('order-1')))
    await fleet.startPool(meta)
    await untilBooks({ delivered: 1 })
    const [story] = await storiesOf('order-1')
    expect(story!.attempts.map(({ outcome, code, statuses }) => [outcome, code, statuses])).toEqual([
      ['retry', 'PLATFORM_ERROR', [500]],
      ['retry', 'PLATFORM_ERROR', [500]],
      ['delivered', null, [200]],
    ])
    expect(story!.waits).toMatchObject([
      { code: 'PLATFORM_ERROR', until: story!.attempts[1]!.at },
      { code: 'PLATFORM_ERROR', until: story!.attempts[2]!.at },
    ])
  },
  TEST_MS,
)

test(
  'one that is dead: why, and the replay that sends it again; and one that was replayed and arrived',
  async () => {
    simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: 'order-1', times: 1 })
    const order = orderOf('order-1')
    await take(queued(order))
    await fleet.startPool(meta)
    await untilBooks({ dead: 1 })
    const [dead] = await storiesOf('order-1')
    expect(dead).toMatchObject({
      state: 'dead',
      end: { code: 'EVENT_REJECTED', exhausted: false },
      attempts: [{ outcome: 'reject', code: 'EVENT_REJECTED' }],
      next: { command: `relay dlq replay ${order.id}` },
    })
    await requeueLetters(fleet.redis, queue, 'meta', [order.id], Date.now)
    await untilBooks({ dead: 0, delivered: 1 })
    const [replayed] = await storiesOf('order-1')
    expect(replayed).toMatchObject({ state: 'delivered', replays: 1, waits: [], end: null })
    expect(replayed!.attempts.map(({ outcome }) => outcome)).toEqual(['reject', 'delivered'])
    expect(Date.parse(replayed!.replayed_at!)).toBeLessThanOrEqual(Date.parse(replayed!.delivered_at!))
  },
  TEST_MS,
)

test(
  'what ended at the door: skipped by rule, dead at once, under any name and test code',
  async () => {
    const error = { code: 'CONSENT_DENIED', message: 'No consent' } as const
    await take(
      { kind: 'skip', delivery: orderOf('order-1', { eventName: 'quiz_done' }), error },
      {
        kind: 'dead',
        delivery: orderOf('order-1', { event: { test_event_code: 'TEST7' } }),
        error: { code: 'IDENTITY_MISSING', message: 'Nobody' },
      },
    )
    const stories = await storiesOf('order-1')
    expect(stories).toMatchObject([
      { event_name: 'Purchase', test_event_code: 'TEST7', state: 'dead', end: { code: 'IDENTITY_MISSING' } },
      { event_name: 'quiz_done', state: 'skipped', end: { code: 'CONSENT_DENIED' }, mapped_to: { name: 'quiz_done', unmapped: true } },
    ])
  },
  TEST_MS,
)

test(
  'every connection of every tenant, or of the one that was named',
  async () => {
    await fleet.connect(meta, 'con_other', { pixel_id: '2222222222' }, { access_token: 'good-token' }, 'globex')
    await take(queued(orderOf('order-1')))
    await take(queued(orderOf('order-1', { tenantId: 'globex', connectionId: 'con_other' })))
    await fleet.redis.sadd(keys.tenants(), 'globex')
    await fleet.redis.hset(keys.tenant('globex' as never), 'record', JSON.stringify({ id: 'globex', name: 'globex', createdAt: 0 }))
    expect((await storiesOf('order-1')).map(({ tenant_id }) => tenant_id)).toEqual(['acme', 'globex'])
    expect((await storiesOf('order-1', ['--tenant', 'globex'])).map(({ connection_id }) => connection_id)).toEqual(['con_other'])
  },
  TEST_MS,
)

test(
  'what a platform judges later: that the verdict is awaited, and the verdict',
  async () => {
    await fetch(`${url}/settings/google`, { method: 'PUT', body: JSON.stringify({ verdict_after_s: 0 }) })
    const connected = { operating_account: '1234567890', conversion_actions: { Purchase: '777' } }
    await fleet.connect(google, 'con_google', connected, { client_id: 'c', client_secret: 's', refresh_token: 'r' })
    const user = { userIdentifiers: [{ emailAddress: HASH }] }
    const order = orderOf('order-1', { platform: 'google', connectionId: 'con_google', event: { user } })
    await take(queued(order))
    const pool = await fleet.startPool(google, { firstLookMs: 3_600_000 })
    await untilBooks({ delivered: 1 }, 'google')
    const [awaited] = await storiesOf('order-1')
    expect(awaited).toMatchObject({ state: 'delivered', mapped_to: { name: '777' } })
    expect(Date.parse(awaited!.next.at!) - Date.now()).toBeGreaterThan(3_000_000)
    await pool.close(1_000)
    simulator.faults.add({ platform: 'google', kind: 'late_reject', event_id: 'order-2' })
    await take(queued(orderOf('order-2', { platform: 'google', connectionId: 'con_google', event: { user } })))
    await fleet.startPool(google, { firstLookMs: 20 })
    await untilBooks({ delivered: 1, dead: 1 }, 'google')
    const [judged] = await storiesOf('order-2')
    expect(judged).toMatchObject({ state: 'dead', verdicts: [{ outcome: 'reject', code: judged!.end!.code }] })
    expect(judged!.attempts[0]).toMatchObject({ outcome: 'delivered', statuses: [200] })
  },
  TEST_MS,
)

test(
  'past the retention of Redis the delivery records of this machine tell; elsewhere only that it has ended',
  async () => {
    await using records = await tempFolder()
    const deliveryLog = createDeliveryLog({
      folder: records.path,
      processId: 'worker_test',
      maxBytes: 1024 * 1024,
      retentionMs: 86_400_000,
      clock: Date.now,
      onError: (error) => expect(error).toBeUndefined(),
    })
    simulator.faults.add({ platform: 'meta', kind: 'server_error', times: 1 })
    const order = orderOf('order-1')
    await take(queued(order))
    await fleet.startPool(meta, { deliveryLog })
    await untilBooks({ delivered: 1 })
    await deliveryLog.close()
    await fleet.redis.del(keys.trace('meta'), keys.attempts('meta', order.id))
    const [story] = await storiesOf('order-1', [], { RELAY_DELIVERY_LOG_DIR: records.path })
    expect(story).toMatchObject({ state: 'delivered', batch_id: 'bat_first', received_at: new Date(order.receivedAt).toISOString() })
    expect(story!.attempts.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['retry', 'PLATFORM_ERROR'],
      ['delivered', null],
    ])
    const audit = await runToEnd('apps/cli/src/main.ts', ['audit', '--deliveries', '--json', '--limit', '1'], {
      env: { RELAY_REDIS_URL: database.url, RELAY_DELIVERY_LOG_DIR: records.path },
      cwd: folder.path,
      withinMs: 25_000,
    })
    expect(JSON.parse(audit.stdout)).toMatchObject({ event_id: 'order-1', outcome: 'delivered', tenant_id: 'acme' })
    expect(audit.stdout).not.toContain(HASH)
    expect((await storiesOf('order-1'))[0]).toMatchObject({ state: 'ended', attempts: [] })
  },
  TEST_MS,
)

test(
  'an event that nobody knows ends with 3 and says what to check',
  async () => {
    const { code, stderr } = await relayTrace(['order-none'])
    expect(code).toBe(3)
    expect(stderr).toContain('Nothing is known of event order-none')
  },
  TEST_MS,
)

test(
  'a trace is bounded in number and in bytes, is forgotten by itself, and holds nobody',
  async () => {
    await take(queued(orderOf('order-1')))
    await fleet.startPool(meta, { traceBounds: { retentionMs: 60_000, maxEntries: 5 } })
    await untilBooks({ delivered: 1 })
    const key = keys.trace('meta')
    await eventually(async () => expect(await fleet.redis.pttl(key)).toBeGreaterThan(50_000), 2_000)
    expect(await fleet.redis.pttl(key)).toBeLessThanOrEqual(60_000)
    expect(JSON.stringify(await fleet.redis.xrange(key, '-', '+'))).not.toContain(HASH)

    const id = orderOf('order-1').id
    const rowsOf = (count: number) => Array.from({ length: count }, () => ({ id, receivedAt: 1, fate: { outcome: 'delivered' } as const }))
    const fill = async (entries: number, rows: number, maxEntries: number): Promise<void> => {
      await fleet.redis.del(key)
      const writer = createTraceWriter(fleet.redis, 'meta', { retentionMs: 60_000, maxEntries }, (error) => expect(error).toBeUndefined())
      for (let n = 0; n < entries; n += 1) {
        writer.append({ at: Date.now(), kind: 'request', rows: rowsOf(rows) })
        if (n % 100 === 0) await fleet.redis.ping()
      }
      await fleet.redis.ping()
    }
    await fill(1_000, 1, 100)
    expect(await fleet.redis.xlen(key)).toBeLessThanOrEqual(300)
    await fill(2_500, 1_000, 10_000)
    expect(await fleet.redis.memory('USAGE', key, 'SAMPLES', 0)).toBeLessThan(45 * 1024 * 1024)
  },
  TEST_MS,
)
