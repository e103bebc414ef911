import { createAcceptor, type Accept } from '@relay/accept/accept'
import { systemClock } from '@relay/core/clock'
import { type BatchId, mapPlatforms } from '@relay/core/ids'
import { createLogger } from '@relay/observe/logger'
import { createMetrics } from '@relay/observe/metrics'
import { meta } from '@relay/platforms/meta/index'
import { createEnqueuer } from '@relay/queue/enqueue'
import { createPayload } from '@relay/queue/job'
import { JOB_OPTIONS, openQueue, type Queues } from '@relay/queue/queues'
import { isOverQuota } from '@relay/state/backlog'
import { createConnectionDirectory } from '@relay/state/connection-directory'
import { saveConnection } from '@relay/state/connections'
import { createMemoryRatio } from '@relay/state/redis-health'
import { createTenant } from '@relay/state/tenants'
import { createKeyText, parseKeyRing } from '@relay/vault/key-ring'
import type { Redis } from 'ioredis'
import type { Contest, Round } from './contest.ts'
import { benchConnection, orderDelivery, orderEvent, TENANT, times } from './samples.ts'

const REQUESTS = 40
const EVENTS_PER_REQUEST = 250
const AT_ONCE = 4

/** The door without its HTTP: parse, normalise, hash, claim, book and enqueue, held against adding the ready jobs and nothing else. */
export function acceptContest(redis: Redis): Contest {
  return {
    name: 'accept',
    work: `accept ${EVENTS_PER_REQUEST} events a request for one connection: parse, hash, claim, book, enqueue`,
    baseline: `BullMQ addBulk of ${EVENTS_PER_REQUEST} ready jobs`,
    events: REQUESTS * EVENTS_PER_REQUEST,
    sides: { work: () => acceptAll(redis), baseline: () => addAll(redis) },
  }
}

async function acceptAll(redis: Redis): Promise<Round> {
  await redis.flushdb()
  await createTenant(redis, { id: TENANT, name: 'Bench', defaultCountry: 'DE', createdAt: Date.now() })
  const connection = benchConnection('meta')
  await saveConnection(redis, parseKeyRing(createKeyText()), connection, meta.accountKey(connection.settings), { access_token: 'token' })
  const queue = openQueue('meta', redis)
  await queue.waitUntilReady()
  const accept = createBenchAcceptor(
    redis,
    mapPlatforms(() => queue),
  )
  const now = Date.now()
  const bodies = times(REQUESTS, () => times(EVENTS_PER_REQUEST, () => orderEvent(now)))
  const post = async (events: readonly object[], index: number): Promise<void> => {
    const incoming = events.map((value) => ({ ok: true, value }) as const)
    const { events_accepted: accepted } = await accept({ tenantId: TENANT, batchId: `batch_${index}` as BatchId, events: incoming })
    if (accepted !== EVENTS_PER_REQUEST) throw new Error(`${accepted} of ${EVENTS_PER_REQUEST} events were accepted`)
  }
  return { run: () => inTurns(bodies, post), end: () => queue.close() }
}

function createBenchAcceptor(redis: Redis, queues: Queues): Accept {
  return createAcceptor({
    directory: createConnectionDirectory(redis, systemClock),
    enqueuer: createEnqueuer(redis, queues, { clock: systemClock, letterRetentionMs: 86_400_000 }),
    clock: systemClock,
    log: createLogger({ process: 'ingest', level: 'silent' }),
    metrics: createMetrics(),
    memoryRatio: createMemoryRatio(redis, systemClock),
    isOverQuota: (tenant) => isOverQuota(redis, tenant, 10_000_000),
  })
}

async function addAll(redis: Redis): Promise<Round> {
  await redis.flushdb()
  const queue = openQueue('meta', redis)
  await queue.waitUntilReady()
  const now = Date.now()
  const chunks = times(REQUESTS, () =>
    times(EVENTS_PER_REQUEST, () => ({ name: 'Purchase', data: createPayload(orderDelivery('meta', now)), opts: JOB_OPTIONS })),
  )
  return { run: () => inTurns(chunks, (jobs) => queue.addBulk(jobs)), end: () => queue.close() }
}

/** So many at once, as so many producers would. */
async function inTurns<T>(items: readonly T[], handle: (item: T, index: number) => Promise<unknown>): Promise<void> {
  const left = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of left) await handle(item, index)
  }
  await Promise.all(times(AT_ONCE, lane))
}
