import { type Admission, createEnqueuer } from '@relay/queue/enqueue'
import { findLetter, letterStates, letterStats, purgeLetters, readLetters, requeueLetters, selectLetters } from '@relay/queue/dead-letters'
import { openQueue, type Queues } from '@relay/queue/queues'
import { createUndertaker } from '@relay/queue/settle'
import { readBooks } from '@relay/state/books'
import { keys } from '@relay/state/keys'
import { connectRedis, whenReady } from '@relay/state/redis'
import { type Job, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildDelivery } from '../support/deliveries.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

const RETENTION_MS = 30 * 86_400_000
const options = { clock: Date.now, letterRetentionMs: RETENTION_MS }

let database: FreshDatabase
let redis: Redis
let queues: Queues
let worker: Worker

beforeAll(async () => {
  database = await freshDatabase()
  redis = connectRedis({ url: database.url, patience: 'wait', onError: () => {} })
  await whenReady(redis, 5_000)
  queues = {
    meta: openQueue('meta', redis),
    google: openQueue('google', redis),
    tiktok: openQueue('tiktok', redis),
    snapchat: openQueue('snapchat', redis),
  }
})

beforeEach(async () => {
  await redis.flushdb()
  worker = new Worker('meta', null, { prefix: keys.queuePrefix('meta'), connection: redis, autorun: false, metrics: { maxDataPoints: 1 } })
})

afterEach(async () => {
  await worker.close()
})

afterAll(async () => {
  await Promise.all(Object.values(queues).map((queue) => queue.close()))
  redis.disconnect()
  await database.release()
})

const queued = (delivery = buildDelivery()): Admission => ({ kind: 'queue', delivery })
const fault = { code: 'EVENT_REJECTED', message: 'The platform refused this event', platformCode: '100/2804003' } as const

async function fetchJob(): Promise<Job> {
  const job = await worker.getNextJob('token')
  if (job === undefined) throw new Error('no job waits')
  return job
}

describe('the door', () => {
  test('a delivery is new once and a duplicate ever after, also within one call', async () => {
    const enqueuer = createEnqueuer(redis, queues, options)
    const delivery = buildDelivery()
    expect(await enqueuer.enqueue('meta', [queued(delivery), queued(), queued(delivery)])).toEqual(['new', 'new', 'duplicate'])
    expect(await enqueuer.enqueue('meta', [queued(delivery)])).toEqual(['duplicate'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 2, waiting: 2, unaccounted: 0 })
  })

  test('a delivery stays a duplicate after it was delivered', async () => {
    const enqueuer = createEnqueuer(redis, queues, options)
    const delivery = buildDelivery()
    await enqueuer.enqueue('meta', [queued(delivery)])
    const job = await fetchJob()
    await job.moveToCompleted(undefined, 'token', false)
    expect(await enqueuer.enqueue('meta', [queued(delivery)])).toEqual(['duplicate'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 1, delivered: 1, waiting: 0, unaccounted: 0 })
  })

  test('skipped and dead deliveries take their claim and stand in the books', async () => {
    const enqueuer = createEnqueuer(redis, queues, options)
    const skipped = buildDelivery()
    const dead = buildDelivery()
    const admissions: Admission[] = [{ kind: 'skip', delivery: skipped }, { kind: 'dead', delivery: dead, error: fault }, queued()]
    expect(await enqueuer.enqueue('meta', admissions)).toEqual(['new', 'new', 'new'])
    expect(await enqueuer.enqueue('meta', [queued(skipped), queued(dead)])).toEqual(['duplicate', 'in-dead-letters'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 3, skipped: 1, dead: 1, waiting: 1, unaccounted: 0 })
  })

  test('more than one transaction of deliveries keeps the order of the answers', async () => {
    const enqueuer = createEnqueuer(redis, queues, options)
    const deliveries = Array.from({ length: 600 }, () => buildDelivery())
    await enqueuer.enqueue('meta', [queued(deliveries[3]), queued(deliveries[599])])
    const answers = await enqueuer.enqueue('meta', deliveries.map(queued))
    expect(answers.flatMap((answer, index) => (answer === 'new' ? [] : [index]))).toEqual([3, 599])
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 600, waiting: 600, unaccounted: 0 })
  })
})

describe('fairness', () => {
  const flood = (connectionId: string, count: number): Admission[] =>
    Array.from({ length: count }, () => queued(buildDelivery({ connectionId })))
  const served = async (count: number): Promise<string[]> => {
    const connections: string[] = []
    for (let i = 0; i < count; i += 1) {
      const job = await fetchJob()
      connections.push(job.data.delivery.connectionId)
      await job.moveToCompleted(undefined, 'token', false)
    }
    return connections
  }

  test('a newcomer waits for one quantum of each other connection, not for their backlog', async () => {
    const enqueuer = createEnqueuer(redis, queues, { ...options, rowsPerRound: { meta: 40, google: 40, tiktok: 40, snapchat: 40 } })
    await enqueuer.enqueue('meta', flood('con_flood', 2_000))
    await served(500)
    await enqueuer.enqueue('meta', flood('con_small', 1))
    const next = await served(2 * 40 + 1)
    expect(next).toContain('con_small')
  })

  test('connections with work take turns by whole rounds, so that their rows travel together', async () => {
    const enqueuer = createEnqueuer(redis, queues, { ...options, rowsPerRound: { meta: 10, google: 10, tiktok: 10, snapchat: 10 } })
    await enqueuer.enqueue('meta', flood('con_a', 100))
    await enqueuer.enqueue('meta', flood('con_b', 100))
    const order = await served(80)
    const turns = order.filter((connection, index) => connection !== order[index - 1]).length
    expect(turns).toBeLessThanOrEqual(9)
    expect(order.filter((connection) => connection === 'con_a').length).toBeGreaterThanOrEqual(30)
    expect(order.filter((connection) => connection === 'con_b').length).toBeGreaterThanOrEqual(30)
  })

  test('events of one connection keep the order in which they were taken in', async () => {
    const enqueuer = createEnqueuer(redis, queues, { ...options, rowsPerRound: { meta: 7, google: 7, tiktok: 7, snapchat: 7 } })
    const deliveries = Array.from({ length: 50 }, () => buildDelivery())
    for (let start = 0; start < 50; start += 5) await enqueuer.enqueue('meta', deliveries.slice(start, start + 5).map(queued))
    const fetched: string[] = []
    for (let i = 0; i < 50; i += 1) {
      const job = await fetchJob()
      fetched.push(job.data.delivery.id)
      await job.moveToCompleted(undefined, 'token', false)
    }
    expect(fetched).toEqual(deliveries.map(({ id }) => id))
  })
})

const bury = async (delivery = buildDelivery()): Promise<string> => {
  await createEnqueuer(redis, queues, options).enqueue('meta', [queued(delivery)])
  const undertaker = createUndertaker(redis, queues.meta, 'meta', options)
  const ended = await undertaker.bury(await fetchJob(), 'token', { delivery, error: fault, exhausted: false, ambiguous: false })
  expect(ended).toBe('ended')
  return delivery.id
}

describe('the end of a job', () => {
  test('burying leaves one letter with everything an operator asks for, and no job', async () => {
    const delivery = buildDelivery()
    await bury(delivery)
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 1, dead: 1, delivered: 0, active: 0, waiting: 0, unaccounted: 0 })
    const [letter] = await readLetters(redis, 'meta', await selectLetters(redis, 'meta', { code: 'EVENT_REJECTED' }))
    expect(letter).toMatchObject({
      id: delivery.id,
      state: 'dead',
      code: 'EVENT_REJECTED',
      platform_code: '100/2804003',
      event_id: delivery.event.event_id,
      replay_count: 0,
    })
    expect((await findLetter(redis, delivery.id))?.delivery).toEqual(delivery)
  })

  test('a worker that lost its lock writes no letter and leaves the job alone', async () => {
    const delivery = buildDelivery()
    await createEnqueuer(redis, queues, options).enqueue('meta', [queued(delivery)])
    const job = await fetchJob()
    const undertaker = createUndertaker(redis, queues.meta, 'meta', options)
    const ended = await undertaker.bury(job, 'another-token', { delivery, error: fault, exhausted: false, ambiguous: false })
    expect(ended).toBe('lock-lost')
    expect(await readBooks(redis, 'meta')).toMatchObject({ dead: 0, active: 1, unaccounted: 0 })
  })

  test('a job that is no delivery becomes a letter with its body sealed, and the books take it in', async () => {
    const { parseKeyRing, createKeyText } = await import('@relay/vault/key-ring')
    await queues.meta.add('strange', { email: 'jane@example.com' })
    const undertaker = createUndertaker(redis, queues.meta, 'meta', options)
    await undertaker.buryUnreadable(await fetchJob(), 'token', {
      path: 'v',
      reason: 'invalid_value',
      keyRing: parseKeyRing(createKeyText()),
    })
    expect(await readBooks(redis, 'meta')).toMatchObject({ imported: 1, dead: 1, active: 0, unaccounted: 0 })
    const [id] = await selectLetters(redis, 'meta', { code: 'INVALID_EVENT' })
    expect(JSON.stringify(await redis.hgetall(keys.letter('meta', id!)))).not.toContain('jane')
  })

  test('a letter is replayed once, by whichever of two operators comes first, and delivered on the same record', async () => {
    const delivery = buildDelivery()
    const id = await bury(delivery)
    const both = await Promise.all([1, 2].map(() => requeueLetters(redis, queues.meta, 'meta', [id], Date.now)))
    expect(both.flat().toSorted()).toEqual(['not_dead', 'queued'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ dead: 0, waiting: 1, unaccounted: 0 })
    const undertaker = createUndertaker(redis, queues.meta, 'meta', options)
    const job = await fetchJob()
    expect(job.data.delivery.event).toEqual(delivery.event)
    await undertaker.deliverLetter(job, 'token', delivery)
    expect(await letterStates(redis, 'meta', [id])).toEqual(['delivered'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ delivered: 1, dead: 0, unaccounted: 0 })
    expect(await requeueLetters(redis, queues.meta, 'meta', [id], Date.now)).toEqual(['not_dead'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ waiting: 0, unaccounted: 0 })
  })

  test('a letter that dies again is the same record with one more replay', async () => {
    const delivery = buildDelivery()
    const id = await bury(delivery)
    await requeueLetters(redis, queues.meta, 'meta', [id], Date.now)
    const undertaker = createUndertaker(redis, queues.meta, 'meta', options)
    const error = { code: 'TIMEOUT', message: 'Request timeout after 30 seconds', phase: 'headers', limitMs: 30_000 } as const
    const attempt = { at: 1_000, code: 'TIMEOUT', message: error.message, maybe_taken: true } as const
    await undertaker.bury(await fetchJob(), 'token', { delivery, error, exhausted: true, ambiguous: true, attempt })
    expect(await readLetters(redis, 'meta', [id])).toMatchObject([
      { code: 'TIMEOUT', replay_count: 1, exhausted: true, ambiguous: true, attempts: [attempt] },
    ])
    expect(await letterStats(redis, 'meta', Date.now())).toMatchObject([{ code: 'TIMEOUT', count: 1, last_hour: 1 }])
    expect(await selectLetters(redis, 'meta', { code: 'EVENT_REJECTED' })).toEqual([])
    expect(await readBooks(redis, 'meta')).toMatchObject({ dead: 1, delivered: 0, unaccounted: 0 })
  })

  test('a purged letter is counted as removed and cannot be replayed by someone who read it before', async () => {
    const id = await bury()
    expect(await purgeLetters(redis, 'meta', [id, 'unknown'])).toBe(1)
    expect(await requeueLetters(redis, queues.meta, 'meta', [id], Date.now)).toEqual(['not_dead'])
    expect(await readBooks(redis, 'meta')).toMatchObject({ accepted: 1, removed: 1, dead: 0, waiting: 0, unaccounted: 0 })
  })

  test('every key has a lifetime or is on the list of lasting ones', async () => {
    await bury()
    await createEnqueuer(redis, queues, options).enqueue('meta', [queued()])
    const lasting =
      /^relay:\{meta\}:(books|backlog|deadlines|tags|letters:.*|letter:.*|meta:(meta|id|events|wait|active|delayed|prioritized|pc|stalled|marker|metrics:.*|j.*))$/
    for (const key of await redis.keys('*')) {
      if ((await redis.pttl(key)) === -1) expect(key).toMatch(lasting)
    }
  })
})
