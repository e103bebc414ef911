import { startRedis } from '@relay/embedded-redis/start-server'
import type { RunningRedis } from '@relay/embedded-redis/running-redis'
import { meta } from '@relay/platforms/meta/index'
import { openQueue } from '@relay/queue/queues'
import { readBooks } from '@relay/state/books'
import { keys } from '@relay/state/keys'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admitToQueue } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { tempFolder } from '../support/temp-folder.ts'

// A server of its own: it is made ill.
let folder: Awaited<ReturnType<typeof tempFolder>>
let server: RunningRedis
let simulator: Simulator
let fleet: TestFleet
let queue: Queue

beforeAll(async () => {
  folder = await tempFolder('relay-test-sick-redis-')
  server = await startRedis({ dataDir: folder.path, serverDir: SERVER_DIR })
})
beforeEach(async () => {
  simulator = createSimulator()
  fleet = createTestFleet(server.url, await simulator.listen(0))
  await fleet.redis.flushdb()
  queue = openQueue('meta', fleet.redis)
  await fleet.connect(meta, 'con_one', { pixel_id: '1111111111' }, { access_token: 'good-token' })
  await admitToQueue(
    fleet.redis,
    Array.from({ length: 50 }, () => buildDelivery()),
  )
})
afterEach(async () => {
  await fleet[Symbol.asyncDispose]()
  await queue.close()
  await simulator.close()
})
afterAll(async () => {
  await server.stop()
  await folder[Symbol.asyncDispose]()
})

const SICKNESSES = [
  { name: 'full', fallIll: ['CONFIG', 'SET', 'maxmemory', '1'], recover: ['CONFIG', 'SET', 'maxmemory', '0'] },
  { name: 'read-only', fallIll: ['REPLICAOF', '127.0.0.1', '1'], recover: ['REPLICAOF', 'NO', 'ONE'] },
] as const

const tell = ([command, ...args]: readonly string[]): Promise<unknown> => fleet.redis.call(command!, ...args)

test.each(SICKNESSES)(
  'a Redis that is $name costs no attempt, leaves nothing in the failed set and loses and doubles nothing',
  async ({ fallIll, recover }) => {
    simulator.faults.add({ platform: 'meta', kind: 'latency', ms: 600, times: 1 })
    await fleet.startPool(meta, { lingerMs: 50 })
    await eventually(async () => expect(await fleet.redis.scard(keys.flights('meta'))).toBe(1), 3_000)
    try {
      await tell(fallIll)
      await eventually(() => expect(simulator.ledger.summary().meta.counted).toBe(50), 5_000)
      // as long as it takes for the locks of rows that cannot be settled to run out
      await new Promise((resolve) => setTimeout(resolve, 8_000))
    } finally {
      await tell(recover)
    }
    const healthy = { delivered: 50, waiting: 0, held: 0, active: 0, dead: 0, unaccounted: 0 }
    await eventually(async () => expect(await readBooks(fleet.redis, 'meta')).toMatchObject(healthy), 20_000)
    expect(await queue.getFailedCount()).toBe(0)
    expect(simulator.ledger.doubled()).toEqual([])
    expect(simulator.ledger.summary().meta).toMatchObject({ counted: 50 })
  },
)
