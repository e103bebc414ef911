import { startInbox } from '../../apps/ingest/src/inbox.ts'
import { createLazyEnqueuer } from '../../apps/ingest/src/lazy-enqueuer.ts'
import { createApp } from '../../apps/ingest/src/app.ts'
import { createAuthenticator } from '../../apps/ingest/src/authenticate.ts'
import { type Accept, createAcceptor } from '@relay/accept/accept'
import type { AcceptResult } from '@relay/accept/accept-result'
import { systemClock } from '@relay/core/clock'
import type { ConnectionSettings, ConnectionStatus } from '@relay/core/connection'
import type { ConnectionId, PlatformId, TenantId } from '@relay/core/ids'
import { createLogger } from '@relay/observe/logger'
import { createMetrics } from '@relay/observe/metrics'
import { startRedis } from '@relay/embedded-redis/start-server'
import { createProducer, type Producer } from '@relay/producer/producer'
import { openQueue } from '@relay/queue/queues'
import { isOverQuota } from '@relay/state/backlog'
import { createConnectionDirectory } from '@relay/state/connection-directory'
import { saveConnection, setConnectionStatus } from '@relay/state/connections'
import { createIngestKey, findIngestKey } from '@relay/state/ingest-keys'
import { keys } from '@relay/state/keys'
import { connectRedis, whenReady } from '@relay/state/redis'
import { createTenant } from '@relay/state/tenants'
import { createKeyText, parseKeyRing } from '@relay/vault/key-ring'
import { open } from '@relay/vault/seal'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startProcess } from '../support/process.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

const TENANT = 'shop' as TenantId
const MAX_BACKLOG = 2_000
const keyText = createKeyText()
const keyRing = parseKeyRing(keyText)
const SETTINGS: Readonly<Record<PlatformId, ConnectionSettings>> = {
  meta: { pixel_id: '1234567890' },
  google: { operating_account: '1234567890', conversion_actions: { '*': '99' } },
  tiktok: { event_source_id: 'C4A1B2' },
  snapchat: { pixel_id: '0b1c2d3e-0000-4000-8000-000000000001' },
}
const CANARIES = {
  email: 'canary.person@shop.example',
  phone: '+4915112345678',
  first_name: 'Canarya',
  last_name: 'Birdsong',
  street_address: 'Kanarienweg 7',
}

let database: FreshDatabase
let redis: Redis

beforeAll(async () => {
  database = await freshDatabase()
  redis = connectRedis({ url: database.url, patience: 'fail-fast', onError: () => {} })
  await whenReady(redis, 5_000)
})
beforeEach(async () => {
  await redis.flushdb()
  await createTenant(redis, { id: TENANT, name: 'Shop', defaultCountry: 'DE', createdAt: Date.now() })
})
afterAll(async () => {
  redis.disconnect()
  await database.release()
})

async function connect(platform: PlatformId, id: string = platform, on: Redis = redis): Promise<ConnectionId> {
  const connection = {
    id: `c_${id}` as ConnectionId,
    tenantId: TENANT,
    platform,
    name: id,
    settings: SETTINGS[platform],
    status: { state: 'active' } as ConnectionStatus,
    createdAt: Date.now(),
    credentialsSavedAt: 0,
  }
  await saveConnection(on, keyRing, connection, id, { access_token: 'canary-token' })
  return connection.id
}

/** The ingest in this process, over the real Redis. */
async function createDoor() {
  const lines: string[] = []
  const log = createLogger({ process: 'ingest', level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const metrics = createMetrics()
  const directory = createConnectionDirectory(redis, systemClock)
  const accept: Accept = createAcceptor({
    directory,
    enqueuer: createLazyEnqueuer(redis, { clock: systemClock, letterRetentionMs: 86_400_000 }),
    clock: systemClock,
    log,
    metrics,
    memoryRatio: async () => undefined,
    isOverQuota: (tenant) => isOverQuota(redis, tenant, MAX_BACKLOG),
  })
  const authenticate = createAuthenticator((key) => findIngestKey(redis, key), systemClock)
  const app = createApp({
    authenticate,
    accept,
    maxRequestBytes: 5_000_000,
    maxEvents: 1_000,
    log,
    isDraining: () => false,
    health: async () => ({ status: 'healthy' }),
    readBatch: async () => {
      throw new Error('no batch is read here')
    },
  })
  const { key } = await createIngestKey(redis, TENANT, ['events:write'], Date.now())
  const send = async (events: readonly unknown[]): Promise<AcceptResult> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await app.request('/v1/events', { method: 'POST', headers, body: JSON.stringify({ events }) })
    const body = (await answer.json()) as { data: AcceptResult }
    expect(answer.status, JSON.stringify(body)).toBe(202)
    return body.data
  }
  return { accept, app, send, key, lines, metrics, log, directory }
}

const disposable = (producer: Producer): Producer & AsyncDisposable => ({ ...producer, [Symbol.asyncDispose]: () => producer.close() })

const waiting = async (platform: PlatformId): Promise<number> => {
  const queue = openQueue(platform, redis)
  const counts = await queue.getJobCounts('wait', 'prioritized', 'delayed')
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** Everything that is in the database, as text. */
async function dump(): Promise<string> {
  const parts: string[] = []
  for (const key of await redis.keys('*')) {
    parts.push(key)
    const type = await redis.type(key)
    if (type === 'string') parts.push((await redis.get(key)) ?? '')
    if (type === 'hash') parts.push(JSON.stringify(await redis.hgetall(key)))
    if (type === 'list') parts.push(...(await redis.lrange(key, 0, -1)))
    if (type === 'set') parts.push(...(await redis.smembers(key)))
    if (type === 'zset') parts.push(...(await redis.zrange(key, '0', '-1')))
    if (type === 'stream') parts.push(JSON.stringify(await redis.xrange(key, '-', '+')))
  }
  return parts.join('\n')
}

const purchase = (id: string, changes: object = {}): object => ({
  event_id: id,
  event_name: 'Purchase',
  event_source_url: `https://shop.example/thanks?mail=${CANARIES.email}&gclid=Cj0KCQjw`,
  user_data: { ...CANARIES, zip: '10115', country: 'DE', client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' },
  custom_data: { value: 49.9, currency: 'EUR', order_id: id },
  consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
  ...changes,
})

const environment = (redisUrl: string): Record<string, string> => ({
  RELAY_REDIS_URL: redisUrl,
  RELAY_MASTER_KEY: keyText,
  RELAY_HTTP_HOST: '127.0.0.1',
  RELAY_HTTP_PORT: '0',
  RELAY_OPS_HOST: '127.0.0.1',
  RELAY_OPS_PORT: '0',
})
const portsOf = async (ingest: ReturnType<typeof startProcess>): Promise<{ port: number; ops_port: number }> =>
  JSON.parse(await ingest.line(/"listening"/, 15_000)) as { port: number; ops_port: number }

describe('the door over HTTP', () => {
  it('enqueues one delivery per connection and event, once', async () => {
    await Promise.all((['meta', 'google', 'tiktok', 'snapchat'] as const).map((platform) => connect(platform)))
    await connect('meta', 'meta-2')
    const { send, metrics } = await createDoor()
    const events = Array.from({ length: 300 }, (_, index) => purchase(`o${index}`))
    expect(await send(events)).toMatchObject({ events_received: 300, events_accepted: 300, duplicates: 0, errors: [] })
    expect(await send(events.slice(0, 50))).toMatchObject({ events_accepted: 0, duplicates: 50 })
    expect(await Promise.all([waiting('meta'), waiting('google'), waiting('tiktok'), waiting('snapchat')])).toEqual([600, 300, 300, 300])
    expect(await redis.hget(keys.books('meta'), 'accepted')).toBe('600')
    expect(await metrics.expose()).toContain('relay_deliveries_enqueued_total{platform="meta"} 600')
  })

  it('writes no raw identifier into Redis, log, metrics or answers', async () => {
    const [meta] = await Promise.all((['meta', 'google', 'tiktok', 'snapchat'] as const).map((platform) => connect(platform)))
    const { send, lines, metrics, directory } = await createDoor()
    const answers = [
      await send([
        purchase('o1'),
        purchase('o2', { event_name: 'CanaryBought', value: CANARIES.email }),
        purchase('o3', { event_time: 1 }),
      ]),
    ]
    const status: ConnectionStatus = {
      state: 'error',
      code: 'CREDENTIALS_EXPIRED',
      message: 'expired',
      since: 0,
      actionRequired: 'reconnect',
    }
    await setConnectionStatus(redis, meta!, status)
    directory.refresh()
    answers.push(await send([purchase('o4'), purchase('o4')]))
    expect(answers[1]?.notices.map(({ code }) => code)).toContain('CREDENTIALS_EXPIRED')
    const written = [await dump(), lines.join('\n'), await metrics.expose(), JSON.stringify(answers)].join('\n')
    for (const canary of [...Object.values(CANARIES), '15112345678', 'canary-token'])
      expect(written.toLowerCase()).not.toContain(canary.toLowerCase())
  })

  it('answers 429 when the backlog of the tenant is past its quota', async () => {
    await connect('meta')
    const { send, app, key } = await createDoor()
    for (const half of ['a', 'b']) await send(Array.from({ length: MAX_BACKLOG / 2 }, (_, index) => purchase(`${half}${index}`)))
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await app.request('/v1/events', { method: 'POST', headers, body: JSON.stringify(purchase('one-more')) })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30'])
    expect(await waiting('meta')).toBe(MAX_BACKLOG)
  })
})

describe('the inbox', () => {
  it('takes jobs through the same door, keeps nothing of them, and turns what is bad into sealed letters', async () => {
    await connect('meta')
    const { accept, log } = await createDoor()
    const queue = openQueue('inbox', redis)
    await queue.add(
      'events',
      { tenant_id: TENANT, events: [purchase('i1'), purchase('i2', { event_name: 5 }), purchase('i3')] },
      { removeOnComplete: false },
    )
    await queue.add('events', { tenant: 'shop', events: [purchase('i4')] })
    const torn = await queue.add('events', {})
    await redis.hset(keys.queuePart('inbox', torn.id!), 'data', `{"tenant_id": "${CANARIES.email}`)
    const inboxRedis = connectRedis({ url: database.url, patience: 'wait', onError: () => {} })
    const inbox = startInbox({ redis: inboxRedis, accept, keyRing, maxEvents: 1_000, clock: systemClock, log })

    await using producer = disposable(createProducer({ redisUrl: database.url, tenantId: TENANT }))
    expect(await producer.send([{ event_name: 'Lead', user_data: { email: CANARIES.email } }, { event_name: '' }])).toMatchObject({
      accepted: 1,
      errors: [{ index: 1, path: 'event_name' }],
    })

    await eventually(async () => (await redis.zcard(keys.letters('inbox', 'dead'))) === 3, 15_000)
    await eventually(async () => (await waiting('meta')) === 3, 5_000)
    const ids = await redis.zrange(keys.letters('inbox', 'dead'), '0', '-1')
    const bodies = await Promise.all(
      ids.map(async (letter) =>
        open(keyRing, (await redis.hget(keys.letter('inbox', letter), 'sealed_body')) ?? '', ['inbox', letter]).toString(),
      ),
    )
    expect(bodies.filter((body) => body.includes(CANARIES.email))).toHaveLength(3)
    await eventually(async () => !(await dump()).includes(CANARIES.email), 5_000)
    const counts = await queue.getJobCounts('completed', 'failed', 'active', 'wait', 'delayed')
    expect(counts).toEqual({ completed: 0, failed: 0, active: 0, wait: 0, delayed: 0 })
    await inbox.close(3_000)
    inboxRedis.disconnect()
  })
})

describe('the process', () => {
  it('takes events, answers on its ops port, drains on SIGTERM and ends with 0', async () => {
    await connect('meta')
    const { key } = await createIngestKey(redis, TENANT, ['events:write'], Date.now())
    await using ingest = startProcess('apps/ingest/src/main.ts', [], { env: environment(database.url) })
    const { port, ops_port: opsPort } = await portsOf(ingest)
    await eventually(async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status === 200, 10_000)
    const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify(purchase('p1'))}\n{broken`,
    })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toMatchObject({ data: { events_accepted: 1, errors: [{ index: 1, code: 'INVALID_EVENT' }] } })
    expect(await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()).toContain(
      'relay_events_rejected_total{code="INVALID_EVENT"} 1',
    )
    expect(await ingest.terminate()).toEqual({ code: 0, signal: null })
    for (const line of ingest.stdout) expect(() => JSON.parse(line) as unknown).not.toThrow()
    expect(ingest.stderr).toEqual([])
  })

  it('answers 503 within 2 s while Redis is away, and says when to come again', async () => {
    await using ingest = startProcess('apps/ingest/src/main.ts', [], { env: environment('redis://127.0.0.1:1') })
    const { port, ops_port: opsPort } = await portsOf(ingest)
    const before = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer rk_any', 'content-type': 'application/json' },
      body: '{"event_name":"Lead"}',
    })
    expect(performance.now() - before).toBeLessThan(2_000)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await answer.json()).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } })
    expect((await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status).toBe(503)
    expect(await ingest.terminate()).toEqual({ code: 0, signal: null })
  })

  it('recovers by itself when Redis was away, and knows what it took before', async () => {
    await using folder = await tempFolder()
    const first = await startRedis({ dataDir: folder.path, serverDir: SERVER_DIR })
    const { hostname, port: redisPort } = new URL(first.url)
    const own = connectRedis({ url: first.url, patience: 'wait', onError: () => {} })
    await createTenant(own, { id: TENANT, name: 'Shop', createdAt: Date.now() })
    await connect('meta', 'meta', own)
    const { key } = await createIngestKey(own, TENANT, ['events:write'], Date.now())
    await using ingest = startProcess('apps/ingest/src/main.ts', [], { env: environment(`redis://${hostname}:${redisPort}`) })
    const { port } = await portsOf(ingest)
    const send = async (id: string): Promise<{ status: number; data?: AcceptResult }> => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(purchase(id)),
      })
      return { status: answer.status, ...((await answer.json()) as { data?: AcceptResult }) }
    }
    await eventually(async () => (await send('k1')).status === 202, 5_000)
    await first.stop()
    expect((await send('k2')).status).toBe(503)
    const second = await startRedis({ dataDir: folder.path, serverDir: SERVER_DIR, port: Number(redisPort) })
    await eventually(async () => (await send('k2')).status === 202, 10_000)
    expect((await send('k1')).data).toMatchObject({ events_accepted: 0, duplicates: 1 })
    own.disconnect()
    await ingest.terminate()
    await second.stop()
  })

  it('ends with 2 and names what is missing', async () => {
    const { RELAY_MASTER_KEY: _key, ...withoutKey } = environment(database.url)
    await using ingest = startProcess('apps/ingest/src/main.ts', [], { env: withoutKey })
    expect((await ingest.exited).code).toBe(2)
    expect(ingest.stderr.join('\n')).toContain('RELAY_MASTER_KEY_FILE')
    await using wrong = startProcess('apps/ingest/src/main.ts', [], { env: { RELAY_HTTP_PORT: 'x', RELAY_LINGER: 'soon' } })
    expect((await wrong.exited).code).toBe(2)
    expect(wrong.stderr.join('\n')).toMatch(/RELAY_HTTP_PORT[\s\S]*RELAY_LINGER/)
  })
})
