import type { ErrorDetail } from '@relay/core/errors'
import { PLATFORM_IDS } from '@relay/core/ids'
import { findLetter, selectLetters } from '@relay/queue/dead-letters'
import { listConnections } from '@relay/state/connections'
import { listProcesses } from '@relay/state/processes'
import { connectRedis } from '@relay/state/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admit } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { runToEnd, startProcess } from '../support/process.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MASTER_KEY = `test:${Buffer.alloc(32, 7).toString('base64')}`
/** Each command is a process of its own, and the machine may be busy with other files. */
const TEST_MS = 90_000
const SECRET = 'EAAcanarytoken0123456789'

let database: FreshDatabase
let simulator: Simulator
let folder: Awaited<ReturnType<typeof tempFolder>>
let env: Record<string, string>
let redis: Redis
const everythingSaid: string[] = []

beforeAll(async () => {
  database = await freshDatabase()
  simulator = createSimulator()
  const url = await simulator.listen(0)
  folder = await tempFolder()
  const platforms = PLATFORM_IDS.map((platform) => [`RELAY_${platform.toUpperCase()}_BASE_URL`, `${url}/${platform}`] as const)
  env = { RELAY_REDIS_URL: database.url, RELAY_MASTER_KEY: MASTER_KEY, RELAY_OPS_PORT: '0', ...Object.fromEntries(platforms) }
  redis = connectRedis({ url: database.url, patience: 'wait', onError: () => {} })
  await run(['tenants', 'add', 'acme'])
})

afterAll(async () => {
  redis.disconnect()
  await simulator.close()
  await folder[Symbol.asyncDispose]()
  await database.release()
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(args: readonly string[], input = '', changes: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const ended = await runToEnd('apps/cli/src/main.ts', args, { env: { ...env, ...changes }, cwd: folder.path, input, withinMs: 25_000 })
  everythingSaid.push(ended.stdout, ended.stderr)
  return ended
}

/** The object, or the list of objects, that a command printed. */
async function json(
  args: readonly string[],
  input = '',
): Promise<{ readonly code: number | null; readonly rows: readonly Record<string, never>[] }> {
  const { code, stdout } = await run([...args, '--json'], input)
  return { code, rows: stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line) as Record<string, never>) }
}

const metaFile = (token: string, pixel: string): string =>
  JSON.stringify({ credentials: { access_token: token }, settings: { pixel_id: pixel } })
const addMeta = (token: string, pixel: string) =>
  json(['connections', 'add', '--tenant', 'acme', '--platform', 'meta', '--file', '-'], metaFile(token, pixel))

async function connect(pixel: string): Promise<string> {
  const { rows } = await addMeta(SECRET, pixel)
  return String(rows[0]?.['connection_id'])
}

const REJECTED: ErrorDetail = { code: 'EVENT_REJECTED', message: 'Invalid parameter', platformCode: '100/2804019' }

/** Letters of a connection, dead at the door. */
async function bury(
  connectionId: string,
  count: number,
  error: ErrorDetail = REJECTED,
  changes: Parameters<typeof buildDelivery>[0] = {},
): Promise<string[]> {
  const deliveries = Array.from({ length: count }, () => buildDelivery({ connectionId, ...changes }))
  await admit(
    redis,
    deliveries.map((delivery) => ({ kind: 'dead', delivery, error })),
  )
  return deliveries.map((delivery) => delivery.id)
}

/** What the audit trail has of an action that took a real call. */
const checked = (action: string): string[] => ['connection.attempted', `connection.${action}`]

describe('provisioning', { timeout: TEST_MS }, () => {
  test('a tenant, a key and its end; what does not exist is exit 3', async () => {
    expect(await json(['tenants', 'add', 'shop-2', '--default-country', 'de'])).toEqual({ code: 0, rows: [{ tenant_id: 'shop-2' }] })
    expect((await json(['tenants', 'add', 'shop-2'])).code).toBe(4)
    const { rows } = await json(['keys', 'add', '--tenant', 'shop-2'])
    const [made] = rows
    expect(made).toEqual({ key: expect.stringMatching(/^rk_.{43}$/) as string, key_id: expect.stringMatching(/^k_/) as string })
    const listed = await run(['keys', 'list', '--tenant', 'shop-2', '--json'])
    expect(listed.stdout).toContain(String(made?.['key_id']))
    expect(listed.stdout).not.toContain(String(made?.['key']))
    expect((await run(['keys', 'remove', String(made?.['key_id']), '--tenant', 'shop-2'])).code).toBe(0)
    expect((await run(['keys', 'remove', String(made?.['key_id']), '--tenant', 'shop-2'])).code).toBe(3)
    expect((await run(['keys', 'add', '--tenant', 'nobody'])).code).toBe(3)
  })

  test('good credentials are checked and saved; the same account twice is refused', async () => {
    expect(await addMeta(SECRET, '100')).toEqual({
      code: 0,
      rows: [
        {
          connection_id: expect.stringMatching(/^con_[\w-]{16}$/) as string,
          status: 'active',
          check: 'verified',
          why: expect.anything() as string,
        },
      ],
    })
    const again = await addMeta(SECRET, '100')
    expect(again).toMatchObject({ code: 4, rows: [{ error: { code: 'ALREADY_CONNECTED' } }] })
  })

  test('which of Google’s APIs an account can use is told, and the end of the one in use', async () => {
    const google = {
      credentials: { client_id: 'client-1', client_secret: 'secret-1', refresh_token: 'refresh-1', developer_token: 'developer-1' },
      settings: { operating_account: '1000000001', conversion_actions: { '*': '100001' }, api: 'ads' },
    }
    expect((await json(['status'])).rows[0]?.['platforms']).toMatchObject({ google: { api_sunset_days: null } })
    const { rows } = await json(['connections', 'add', '--tenant', 'acme', '--platform', 'google', '--file', '-'], JSON.stringify(google))
    const [added] = rows as unknown as readonly { readonly connection_id: string; readonly apis: readonly object[] }[]
    expect(added!.apis).toMatchObject([{ api: 'ads', usable: 'yes' }, { api: 'data_manager' }])
    expect((await run(['connections', 'test', added!.connection_id])).stdout).toContain('api ads: can be used')
    const { platforms } = (await json(['status'])).rows[0] as unknown as {
      readonly platforms: Record<string, { readonly api_sunset_days: unknown }>
    }
    expect(platforms['google']?.api_sunset_days).toEqual(expect.any(Number))
    expect(platforms['meta']?.api_sunset_days).toBeNull()
    await json(['connections', 'remove', added!.connection_id])
  })

  test('refused credentials are exit 4 with the reason in the body, and nothing is saved', async () => {
    const before = (await listConnections(redis)).length
    const { code, rows } = await addMeta('bad-token-of-case-1', '101')
    expect({ code, rows }).toEqual({
      code: 4,
      rows: [
        {
          error: {
            code: 'INVALID_CREDENTIALS',
            message: 'Authentication failed with Meta API',
            details: {
              platform: 'meta',
              error_code: 190,
              error_message: 'Invalid OAuth 2.0 Access Token',
              field: 'credentials.access_token',
            },
          },
        },
      ],
    })
    expect(await listConnections(redis)).toHaveLength(before)
  })

  test('wrong input is exit 2 and names each field; a missing terminal is exit 2 and says how else', async () => {
    const wrong = await run(
      ['connections', 'add', '--tenant', 'acme', '--platform', 'meta', '--file', '-'],
      '{"credentials": {}, "settings": {}}',
    )
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/credentials\.access_token: is missing[^]*settings\.pixel_id/)
    const unasked = await run(['connections', 'add', '--tenant', 'acme', '--platform', 'meta'])
    expect(unasked.code).toBe(2)
    expect(unasked.stderr).toContain('--file -')
  })

  test('a platform that does not answer is no verdict: exit 1, nothing saved', async () => {
    const before = (await listConnections(redis)).length
    const args = ['connections', 'add', '--tenant', 'acme', '--platform', 'meta', '--file', '-']
    const { code } = await run(args, metaFile(SECRET, '102'), { RELAY_META_BASE_URL: 'http://127.0.0.1:1' })
    expect(code).toBe(1)
    expect(await listConnections(redis)).toHaveLength(before)
  })

  test('the life of a connection: test, disable, enable, update, remove, all of it audited', async () => {
    const id = await connect('103')
    expect((await json(['connections', 'test', id])).rows).toMatchObject([{ connection_id: id, status: 'active', check: 'verified' }])
    expect((await json(['connections', 'disable', id])).rows).toEqual([{ connection_id: id, status: 'disabled' }])
    expect((await json(['connections', 'show', id])).rows).toMatchObject([{ status: 'disabled', settings: { pixel_id: '103' } }])
    expect((await json(['connections', 'enable', id])).rows).toMatchObject([{ status: 'active', replayed: 0 }])
    expect((await json(['connections', 'update', id, '--file', '-'], '{"credentials": {"access_token": "bad-new"}}')).code).toBe(4)
    expect((await json(['connections', 'update', id, '--file', '-'], '{"credentials": {"access_token": "EAAnew"}}')).code).toBe(0)
    expect((await json(['connections', 'remove', id])).rows).toEqual([{ connection_id: id, removed: true }])
    const { rows } = await json(['audit', '--tenant', 'acme', '--limit', '100'])
    const own = rows.filter((row) => JSON.stringify(row).includes(id)).map((row) => String(row['action']))
    expect(own.toReversed()).toEqual(
      [
        checked('created'),
        checked('tested'),
        'connection.disabled',
        checked('enabled'),
        checked('refused'),
        checked('updated'),
        'connection.removed',
      ].flat(),
    )
  })
})

describe('dead letters', { timeout: TEST_MS }, () => {
  test('are listed, counted, shown with the request they would send, and purged', async () => {
    const connection = await connect('200')
    const [id = ''] = await bury(connection, 3)
    const filter = ['--connection', connection]
    const [two, none, stats, list] = await Promise.all([
      json(['dlq', 'list', ...filter, '--limit', '2']),
      json(['dlq', 'list', ...filter, '--code', 'TIMEOUT']),
      json(['dlq', 'stats']),
      json(['connections', 'list', '--tenant', 'acme']),
    ])
    expect(two.rows).toHaveLength(2)
    expect(none).toEqual({ code: 0, rows: [] })
    const group = { platform: 'meta', code: 'EVENT_REJECTED', connection_id: connection, count: 3, last_hour: 3 }
    expect(stats.rows).toContainEqual(expect.objectContaining(group))
    expect(list.rows.map((row) => String(row['connection_id']))).toContain(connection)
    const [shown] = (await json(['dlq', 'show', id])).rows
    expect(shown).toMatchObject({
      id,
      state: 'dead',
      platform_code: '100/2804019',
      would_send: {
        refused: null,
        request: { method: 'POST', headers: { authorization: 'Bearer ***' }, body: { data: [{ event_name: 'Purchase' }] } },
      },
    })
    expect((await run(['dlq', 'show', 'nothing'])).code).toBe(3)
    expect((await json(['dlq', 'purge', ...filter])).code).toBe(2)
    expect((await json(['dlq', 'purge', ...filter, '--yes'])).rows).toEqual([{ selected: 3, purged: 3 }])
    expect((await json(['dlq', 'show', id])).code).toBe(3)
  })

  test('a replay that is not fully said moves nothing: no filter, no --yes, nothing that matches, no worker', async () => {
    const connection = await connect('201')
    await bury(connection, 2)
    const [unsaid, unasked, empty, unmanned] = await Promise.all([
      run(['dlq', 'replay']),
      run(['dlq', 'replay', '--connection', connection]),
      run(['dlq', 'replay', '--connection', connection, '--code', 'TIMEOUT', '--yes']),
      run(['dlq', 'replay', '--connection', connection, '--yes']),
    ])
    expect([unsaid.code, unasked.code]).toEqual([2, 2])
    expect(empty.code).toBe(3)
    expect(empty.stderr).toContain('--code TIMEOUT')
    expect(unmanned.code).toBe(1)
    expect(unmanned.stderr).toContain('No worker is alive for meta')
    expect(await selectLetters(redis, 'meta', { connection })).toHaveLength(2)
  })

  test('a plan says what moves and what does not, and --dry-run moves nothing', async () => {
    const connection = await connect('202')
    await bury(connection, 2)
    await bury(connection, 1, REJECTED, { deadlineAt: Date.now() - 1 })
    const plan = await json(['dlq', 'replay', '--connection', connection, '--dry-run'])
    expect(plan.rows).toEqual([
      {
        selected: 3,
        to_replay: 2,
        skipped: { deadline: 1 },
        groups: [{ platform: 'meta', code: 'EVENT_REJECTED', connection_id: connection, selected: 3, to_replay: 2 }],
      },
    ])
    expect(await selectLetters(redis, 'meta', { connection })).toHaveLength(3)
  })

  test('a replay is watched until each letter is delivered or dead again, and its sum adds up', async () => {
    const connection = await connect('203')
    const ids = await bury(connection, 150)
    await bury(connection, 1, REJECTED, { deadlineAt: Date.now() - 1 })
    await using worker = startProcess('apps/worker/src/main.ts', [], {
      env: { ...env, RELAY_META_EVENTS_PER_MINUTE: '600000' },
      cwd: folder.path,
    })
    await worker.line(/listening/, 20_000)
    await eventually(async () => (await listProcesses(redis)).length === 1, 10_000)

    const byId = await json(['dlq', 'replay', ...ids.slice(0, 2), '--yes'])
    expect(byId).toMatchObject({ code: 0, rows: [{ state: 'done', selected: 2, delivered: 2, died_again: 0, skipped: {}, cancelled: 0 }] })
    const rest = await json(['dlq', 'replay', '--connection', connection, '--yes'])
    expect(rest).toMatchObject({
      code: 0,
      rows: [{ state: 'done', selected: 149, delivered: 148, died_again: 0, skipped: { deadline: 1 }, cancelled: 0 }],
    })
    const again = await json(['dlq', 'replay', '--ids-from', '-', '--yes'], ids.join('\n'))
    expect(again.rows).toMatchObject([{ selected: 150, delivered: 0, skipped: { delivered: 150 } }])

    await json(['connections', 'disable', connection])
    const [parked = ''] = await bury(connection, 1, { code: 'CONNECTION_DISABLED', message: 'switched off' })
    expect((await json(['dlq', 'replay', parked, '--yes'])).rows).toMatchObject([{ skipped: { connection_error: 1 } }])
    expect((await json(['connections', 'enable', connection])).rows).toMatchObject([{ replayed: 1 }])
    await eventually(async () => (await findLetter(redis, parked))?.letter.state === 'delivered', 10_000)
    expect(await run(['status'])).toMatchObject({ code: 0 })
  })
})

describe('status', { timeout: TEST_MS }, () => {
  test('books, circuits, workers and Redis, for machines and for people', async () => {
    const { code, rows } = await json(['status'])
    expect(code).toBe(0)
    expect(rows[0]).toMatchObject({
      platforms: { meta: { circuit: 'closed', waiting: 0, unaccounted: 0, oldest_waiting_seconds: 0 }, snapchat: { accepted: 0, dead: 0 } },
      connections_in_error: [],
      redis: { aof: expect.any(Boolean) as boolean, maxmemory_policy: expect.any(String) as string },
    })
    expect((await run(['status'])).stdout).toMatch(/PLATFORM.*UNACCOUNTED[^]*meta +closed/)
  })

  test('books that do not add up are exit 1, and still one object for machines', async () => {
    await redis.hincrby('relay:{google}:books', 'accepted', 1)
    const wrong = await run(['status'])
    const { code, rows } = await json(['status'])
    await redis.hincrby('relay:{google}:books', 'accepted', -1)
    expect([code, rows.length]).toEqual([1, 1])
    expect(rows[0]).toMatchObject({ platforms: { google: { unaccounted: 1 } } })
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('google (1 unaccounted for)')
  })

  test('without a Redis it says what to do: exit 2 where none is named, 1 where it does not answer', async () => {
    const unnamed = await run(['status'], '', { RELAY_REDIS_URL: '' })
    expect(unnamed.code).toBe(2)
    expect(unnamed.stderr).toContain('relay up')
    expect((await run(['status'], '', { RELAY_REDIS_URL: 'redis://127.0.0.1:1' })).code).toBe(1)
  })
})

test('wrong usage is exit 2, and every command explains itself with an example', async () => {
  const wrong = await Promise.all([run(['frobnicate']), run(['dlq', 'list', '--since', 'yesterday']), run(['keys', 'add'])])
  expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2])
  const commands = [['connections', 'add'], ['dlq', 'replay'], ['status'], []]
  for (const help of await Promise.all(commands.map((command) => run([...command, '--help'])))) {
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(/Examples?:\n/)
  }
})

test('no secret was ever printed', () => {
  expect(everythingSaid.join('\n')).not.toContain(SECRET)
  expect(everythingSaid.join('\n')).not.toContain('bad-token-of-case-1')
})
