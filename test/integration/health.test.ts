import { meta } from '@relay/platforms/meta/index'
import { tiktok } from '@relay/platforms/tiktok/index'
import { openBreaker } from '@relay/state/circuit-breaker'
import { setConnectionStatus } from '@relay/state/connections'
import { setLimit } from '@relay/state/limits'
import { declareMaintenance } from '@relay/state/maintenance'
import { addPause } from '@relay/state/pause-reasons'
import { startHeartbeat } from '@relay/state/processes'
import { promiseSlots } from '@relay/state/rate-limit'
import { WITHOUT_END } from '@relay/state/without-end'
import type { ConnectionId } from '@relay/core/ids'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { createDoor, type Door, type DoorProducer } from '../support/door.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { purchases } from '../support/shop.ts'

// What producers and watchers are told of platforms that are ill.

let database: FreshDatabase
let simulator: Simulator
let fleet: TestFleet
let door: Door
let acme: DoorProducer
let heartbeats: { stop(): Promise<void> }[]

beforeAll(async () => {
  database = await freshDatabase()
})

beforeEach(async () => {
  simulator = createSimulator()
  fleet = createTestFleet(database.url, await simulator.listen(0))
  await fleet.redis.flushdb()
  heartbeats = []
  door = createDoor(fleet.redis, 600)
  acme = await door.producer('acme')
  await fleet.connect(meta, 'con_meta', { pixel_id: '1111111111' }, { access_token: 'good-token' })
  await fleet.connect(tiktok, 'con_tiktok', { event_source_id: 'C0000000000000000009' }, { access_token: 'good-token' })
})

afterEach(async () => {
  for (const heartbeat of heartbeats) await heartbeat.stop()
  await fleet[Symbol.asyncDispose]()
  await simulator.close()
})

afterAll(async () => {
  await database.release()
})

const inAnHour = (): number => Date.now() + 3_600_000

describe('notices of acceptance', () => {
  test('where all is well nothing is told', async () => {
    expect((await acme.send(purchases('a', 5))).notices).toEqual([])
  })

  test('an open circuit, with when it recovers (case 2)', async () => {
    const { after } = await openBreaker(fleet.redis, 'meta', 60_000)
    const { notices, events_accepted: accepted } = await acme.send(purchases('a', 5))
    expect(accepted).toBe(5)
    expect(notices).toEqual([
      {
        code: 'CIRCUIT_OPEN',
        message: 'Platform temporarily unavailable',
        platform: 'meta',
        count: 5,
        details: { platform: 'meta', circuit_state: 'open', recovery_at: new Date(after.recoveryAt!).toISOString(), failure_count: 0 },
      },
    ])
  })

  test("maintenance, with its end and the tenant's own backlog (case 10)", async () => {
    const until = inAnHour()
    // Another process takes the first events, so that this one does not remember the platform as it was.
    const elsewhere = createDoor(fleet.redis, 600)
    await fleet.connect(meta, 'con_globex', { pixel_id: '2222222222' }, { access_token: 'good-token' }, 'globex')
    await (await elsewhere.producer('globex')).send(purchases('g', 7))
    await (await elsewhere.producer('acme')).send(purchases('a', 3))
    await declareMaintenance(fleet.redis, 'meta', { from: undefined, until, reason: 'announced', by: 'test' })
    const globex = await door.producer('globex')
    const { notices } = await globex.send(purchases('h', 2))
    expect(notices).toEqual([
      {
        code: 'PLATFORM_MAINTENANCE',
        message: 'Meta API undergoing scheduled maintenance',
        platform: 'meta',
        count: 2,
        details: { platform: 'meta', estimated_end: new Date(until).toISOString(), events_queued: 9 },
      },
    ])
  })

  test('a limit: until when the platform asked to wait, or how long what is queued takes (case 3)', async () => {
    await addPause(fleet.redis, 'tiktok', { reason: 'limit', until: Date.now() + 60_000, message: 'slow down' })
    const { notices } = await acme.send(purchases('a', 150))
    expect(notices).toEqual([
      {
        code: 'RATE_LIMITED',
        message: 'Platform rate limit exceeded',
        platform: 'meta',
        count: 150,
        details: { platform: 'meta', retry_after_seconds: 15, events_queued: 150 },
      },
      {
        code: 'RATE_LIMITED',
        message: 'Platform rate limit exceeded',
        platform: 'tiktok',
        count: 150,
        details: { platform: 'tiktok', retry_after_seconds: expect.any(Number), events_queued: 150 },
      },
    ])
    expect(notices[1]?.details['retry_after_seconds']).toBeGreaterThan(50)
  })

  test('one connection that waits for a limit of its own is told of alone', async () => {
    await fleet.connect(meta, 'con_slow', { pixel_id: '2222222222' }, { access_token: 'good-token' })
    const rows = { count: 1, notBefore: Date.now() + 40_000 }
    await promiseSlots(fleet.redis, 'meta', 'con_slow' as ConnectionId, rows, { burst: 1, intervalMs: 1 })
    const { notices } = await acme.send(purchases('a', 2))
    expect(notices).toMatchObject([{ code: 'RATE_LIMITED', platform: 'meta', connection_id: 'con_slow', count: 2 }])
  })

  test('what only an operator can end has no end, and what only an operator can help is not told', async () => {
    await addPause(fleet.redis, 'meta', { reason: 'operator', until: WITHOUT_END, message: 'paused' })
    await addPause(fleet.redis, 'tiktok', { reason: 'configuration', until: inAnHour(), message: 'API version' })
    const { notices } = await acme.send(purchases('a', 1))
    expect(notices).toMatchObject([{ code: 'PLATFORM_MAINTENANCE', platform: 'meta', details: { estimated_end: null, events_queued: 1 } }])
  })

  test('dead credentials, in the words of the document (case 12)', async () => {
    await suspend()
    expect((await acme.send(purchases('a', 2))).notices).toMatchObject([
      {
        code: 'CREDENTIALS_EXPIRED',
        message: 'Platform credentials have expired or been revoked',
        platform: 'meta',
        connection_id: 'con_meta',
        count: 2,
        details: { platform: 'meta', action_required: 'Please reconnect with new credentials' },
      },
    ])
  })
})

async function suspend(): Promise<void> {
  await setConnectionStatus(fleet.redis, 'con_meta' as ConnectionId, {
    state: 'error',
    code: 'CREDENTIALS_EXPIRED',
    message: 'Error validating access token of account 1111111111',
    since: Date.now(),
    actionRequired: 'Reconnect with new credentials, then replay its dead letters.',
  })
}

/** Health is remembered for a second. */
const soon = (check: () => Promise<void>): Promise<true> =>
  eventually(async () => {
    await check()
    return true
  }, 5_000)

async function startBeating(): Promise<void> {
  const own = { id: 'worker_1', kind: 'worker', platforms: ['meta', 'tiktok', 'google', 'snapchat'] } as const
  heartbeats.push(
    startHeartbeat(
      fleet.redis,
      own,
      () => {},
      () => ({ pool: { open: 2, waiting: 1, max: 32 } }),
    ),
    startHeartbeat(
      fleet.redis,
      { id: 'ingest_1', kind: 'ingest', platforms: [] },
      () => {},
      () => ({ received: { events: 80, duplicates: 4 } }),
    ),
    startHeartbeat(
      fleet.redis,
      { id: 'ingest_2', kind: 'ingest', platforms: [] },
      () => {},
      () => ({ received: { events: 20, duplicates: 1 } }),
    ),
  )
  await eventually(async () => (await fleet.redis.keys('*:process:*')).length === 3, 2_000)
}

describe('GET /v1/health', () => {
  test('a fleet that works is healthy, platform by platform, with what its processes tell', async () => {
    await startBeating()
    simulator.faults.add({ platform: 'meta', kind: 'bad_event', event_id: 'a-0' })
    await fleet.startPool(meta)
    await acme.send(purchases('a', 20).map((event) => ({ ...event, destinations: ['meta'] })))
    await soon(async () => {
      const { status, body } = await door.health()
      expect(status).toBe(200)
      expect(body).toMatchObject({
        status: 'healthy',
        checks: {
          meta: { circuit: 'closed', queue_depth: 0, oldest_waiting_seconds: 0, success_rate: 0.95, connections_in_error: 0, errors: [] },
          tiktok: { circuit: 'closed', queue_depth: 0, success_rate: null, workers: 1 },
          connection_pool: { workers: 1, open: 2, waiting: 1, max: 32 },
          deduplicator: { ingests: 2, events_received: 100, duplicates: 5, duplicate_rate: 0.05 },
        },
      })
      expect(Object.keys(body.checks)).toEqual(['meta', 'google', 'tiktok', 'snapchat', 'connection_pool', 'deduplicator'])
    })
  })

  test('a platform that is ill makes it degraded, with the bodies that producers get and no name of a tenant', async () => {
    await startBeating()
    await openBreaker(fleet.redis, 'tiktok', 60_000)
    await acme.send(purchases('a', 3))
    await suspend()
    await setLimit(fleet.redis, { platform: 'meta' }, 1)
    await soon(async () => {
      const { status, body } = await door.health()
      expect(status).toBe(200)
      expect(body).toMatchObject({
        status: 'degraded',
        checks: {
          meta: {
            queue_depth: 3,
            connections_in_error: 1,
            errors: [
              { code: 'RATE_LIMITED', details: { platform: 'meta', retry_after_seconds: 180, events_queued: 3 } },
              { code: 'CREDENTIALS_EXPIRED', details: { platform: 'meta', action_required: 'Please reconnect with new credentials' } },
            ],
          },
          tiktok: { circuit: 'open', queue_depth: 3, errors: [{ code: 'CIRCUIT_OPEN', details: { circuit_state: 'open' } }] },
        },
      })
      expect(JSON.stringify(body)).not.toMatch(/acme|con_|1111111111|C0000/)
    })
  })

  test('a fleet whose workers are all gone is unhealthy, and answers 503', async () => {
    const { status, body } = await door.health()
    expect([status, body.status]).toEqual([503, 'unhealthy'])
  })
})
