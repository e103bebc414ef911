import { mapPlatforms } from '@relay/core/ids'
import { setTimeout as delay } from 'node:timers/promises'
import { createLogger } from '@relay/observe/logger'
import { meta } from '@relay/platforms/meta/index'
import { createEnqueuer } from '@relay/queue/enqueue'
import { createPayload } from '@relay/queue/job'
import { JOB_OPTIONS, openQueue } from '@relay/queue/queues'
import { readBooks } from '@relay/state/books'
import { keys } from '@relay/state/keys'
import { connectRedis } from '@relay/state/redis'
import { type Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { createSimulator } from '../../apps/simulator/src/server.ts'
import { createTestFleet } from '../support/fleet.ts'
import type { Contest, Round } from './contest.ts'
import { benchConnection, orderDelivery, times } from './samples.ts'

const EVENTS = 10_000
const CHUNK = 500
const CONCURRENCY = 1_000
const LOOK_EVERY_MS = 5
/** No limit binds. */
const EVENTS_PER_MINUTE = 60_000_000

/** A pool that delivers to the simulator (which works in the same process) held against a worker of BullMQ's that does nothing. */
export function deliverContest(redisUrl: string): Contest {
  return {
    name: 'deliver',
    work: 'the pool of meta: fetch, gather, ask the limits, POST to the simulator in this process, settle',
    baseline: 'a BullMQ worker with a processor that does nothing',
    events: EVENTS,
    sides: { work: () => deliverAll(redisUrl), baseline: () => workOffAll(redisUrl) },
  }
}

async function deliverAll(redisUrl: string): Promise<Round> {
  const simulator = createSimulator()
  const fleet = createTestFleet(redisUrl, await simulator.listen(0))
  await fleet.redis.flushdb()
  const connection = benchConnection('meta')
  await fleet.connect(meta, connection.id, connection.settings, { access_token: 'good-token' }, connection.tenantId)
  const queue = openQueue('meta', fleet.redis)
  await enqueueAll(fleet.redis, queue)
  return {
    async run() {
      await fleet.startPool(meta, { eventsPerMinute: EVENTS_PER_MINUTE, fetchAhead: CONCURRENCY, logger: quiet })
      await untilEmpty(queue)
    },
    async end() {
      const { delivered, unaccounted } = await readBooks(fleet.redis, 'meta')
      const { counted } = simulator.ledger.summary().meta
      await queue.close()
      await fleet[Symbol.asyncDispose]()
      await simulator.close()
      if (delivered !== EVENTS || counted !== EVENTS || unaccounted !== 0) throw new Error(`${delivered} delivered, ${counted} arrived`)
    },
  }
}

/** Writes its lines as in production, to nowhere. */
const quiet = createLogger({ process: 'worker', level: 'info', destination: { write: () => {} } })

async function enqueueAll(redis: Redis, queue: Queue): Promise<void> {
  const queues = mapPlatforms(() => queue)
  const enqueuer = createEnqueuer(redis, queues, { clock: Date.now, letterRetentionMs: 86_400_000 })
  const now = Date.now()
  await enqueuer.enqueue(
    'meta',
    times(EVENTS, () => ({ kind: 'queue', delivery: orderDelivery('meta', now) })),
  )
}

async function workOffAll(redisUrl: string): Promise<Round> {
  const redis = connectRedis({ url: redisUrl, patience: 'wait', onError: () => {} })
  await redis.flushdb()
  const queue = openQueue('meta', redis)
  const now = Date.now()
  for (let added = 0; added < EVENTS; added += CHUNK) {
    await queue.addBulk(times(CHUNK, () => ({ name: 'Purchase', data: createPayload(orderDelivery('meta', now)), opts: JOB_OPTIONS })))
  }
  const worker = new Worker('meta', async () => undefined, {
    prefix: keys.queuePrefix('meta'),
    connection: redis,
    autorun: false,
    concurrency: CONCURRENCY,
  })
  worker.on('error', () => {})
  return {
    async run() {
      await worker.waitUntilReady()
      void worker.run()
      await untilEmpty(queue)
    },
    async end() {
      await worker.close()
      await queue.close()
      redis.disconnect()
    },
  }
}

async function untilEmpty(queue: Queue): Promise<void> {
  while ((await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized')) > 0) await delay(LOOK_EVERY_MS)
}
