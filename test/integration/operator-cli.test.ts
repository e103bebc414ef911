import { keys } from '@relay/state/keys'
import { setLimit } from '@relay/state/limits'
import { addPause } from '@relay/state/pause-reasons'
import { connectRedis } from '@relay/state/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { readBooks } from '@relay/state/books'
import { tellBreaker } from '@relay/state/circuit-breaker'
import { admit, admitToQueue } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { runToEnd, startProcess } from '../support/process.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'

/* limits, breakers, maintenance, queues: each command is a process of its own, as an operator starts it. */

const MASTER_KEY = `test:${Buffer.alloc(32, 7).toString('base64')}`
const TEST_MS = 90_000

let database: FreshDatabase
let simulator: Simulator
let folder: Awaited<ReturnType<typeof tempFolder>>
let env: Record<string, string>
let redis: Redis

beforeAll(async () => {
  database = await freshDatabase()
  simulator = createSimulator()
  const url = await simulator.listen(0)
  folder = await tempFolder()
  env = {
    RELAY_REDIS_URL: database.url,
    RELAY_MASTER_KEY: MASTER_KEY,
    RELAY_OPS_PORT: '0',
    RELAY_META_BASE_URL: `${url}/meta`,
    RELAY_META_EVENTS_PER_MINUTE: '600000',
  }
  redis = connectRedis({ url: database.url, patience: 'wait', onError: () => {} })
})

beforeEach(async () => {
  await redis.flushdb()
})

afterAll(async () => {
  redis.disconnect()
  await simulator.close()
  await folder[Symbol.asyncDispose]()
  await database.release()
})

const run = (args: string, input = '') =>
  runToEnd('apps/cli/src/main.ts', args.split(' '), { env, cwd: folder.path, input, withinMs: 25_000 })

/** The objects that a command printed. */
async function json(
  args: string,
  input = '',
): Promise<{ readonly code: number | null; readonly rows: readonly Record<string, unknown>[] }> {
  const { code, stdout } = await run(`${args} --json`, input)
  return { code, rows: stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const only = (rows: readonly Record<string, unknown>[], platform: string) => rows.find((row) => row['platform'] === platform)
const trail = async (): Promise<string[]> =>
  (await json('audit')).rows
    .filter((row) => row['tenant_id'] === null)
    .map((row) => String(row['action']))
    .toReversed()
const reasons = async (): Promise<string[]> =>
  ((only((await json('queues list')).rows, 'meta')?.['reasons'] ?? []) as { reason: string }[]).map(({ reason }) => reason)
const anyInstant = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string

/** Each ends with exit 2, and says what to do. */
async function areWrongUsage(commands: readonly string[]): Promise<void> {
  const ended = await Promise.all(commands.map(async (args) => ({ args, ...(await run(args)) })))
  expect(ended.map(({ args, code }) => ({ args, code }))).toEqual(commands.map((args) => ({ args, code: 2 })))
  for (const { stderr } of ended) expect(stderr).toMatch(/Put --help behind|Give an --until/)
}

async function connect(pixel: string): Promise<string> {
  await run('tenants add acme')
  const file = JSON.stringify({ credentials: { access_token: 'EAAtoken' }, settings: { pixel_id: pixel, events_per_minute: 300 } })
  const { rows } = await json('connections add --tenant acme --platform meta --file -', file)
  return String(rows[0]?.['connection_id'])
}

describe('limits', { timeout: TEST_MS }, () => {
  test('are shown, set and reset per platform, and say where they come from', async () => {
    expect(only((await json('limits show')).rows, 'meta')).toEqual({
      platform: 'meta',
      connection_id: null,
      configured: 600_000,
      set: null,
      learned: null,
      in_force: 600_000,
      returning_from_maintenance: false,
    })
    const first = await json('limits set meta 10/s')
    expect(first).toEqual({ code: 0, rows: [{ platform: 'meta', connection_id: null, was: null, events_per_minute: 600 }] })
    expect((await json('limits set meta 30000/h')).rows).toMatchObject([{ was: 600, events_per_minute: 500 }])
    expect((await json('limits show --platform meta')).rows).toMatchObject([{ configured: 600_000, set: 500, in_force: 500 }])
    expect((await json('limits reset meta')).rows).toEqual([{ platform: 'meta', connection_id: null, was: 500, reset: true }])
    expect(await json('limits reset meta')).toMatchObject({ code: 0, rows: [{ was: null, reset: false }] })
    expect((await run('limits show')).stdout).toMatch(/PLATFORM.*CONFIGURED.*SET.*LEARNED.*IN FORCE[^]*meta +\(all\) +600000 +- +- +600000/)
    expect(await trail()).toEqual(['limit.set', 'limit.set', 'limit.reset', 'limit.reset'])
  })

  test('of a connection are its own, in its tenant’s trail, and outlive it until they are reset', async () => {
    const id = await connect('100')
    expect((await json('limits show --platform meta')).rows).toMatchObject([
      {},
      { connection_id: id, configured: 300, set: null, in_force: 300 },
    ])
    expect((await json(`limits set meta 60/min --connection ${id}`)).code).toBe(0)
    expect((await json('limits show --platform meta')).rows[1]).toMatchObject({ configured: 300, set: 60, in_force: 60 })
    const above = await run(`limits set meta 700000/min --connection ${id}`)
    expect(above.stderr).toContain('above the limit of all meta connections')
    expect((await json('limits show --platform meta')).rows[1]).toMatchObject({ set: 700_000, in_force: 600_000 })
    const { rows } = await json('audit --tenant acme')
    expect(rows.filter((row) => row['action'] === 'limit.set')).toMatchObject([
      { details: { connection_id: id, was: 60, events_per_minute: 700_000 } },
      { details: { connection_id: id, was: 'configured', events_per_minute: 60 } },
    ])
    expect(await trail()).toEqual([])
    await run(`connections remove ${id}`)
    expect((await json(`limits reset meta --connection ${id}`)).rows).toMatchObject([{ reset: true }])
    expect((await json(`limits reset meta --connection ${id}`)).code).toBe(3)
  })

  test('that are impossible are exit 2, and one of a connection that is not there exit 3', async () => {
    await areWrongUsage([
      'limits set meta 0/min',
      'limits set meta 500',
      'limits set facebook 500/min',
      'limits set meta -1/s',
      'limits set meta 99999999/s',
    ])
    expect((await run('limits set meta 5/s --connection con_nobody')).code).toBe(3)
    const id = await connect('101')
    const wrong = await run(`limits set google 5/s --connection ${id}`)
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toContain('one of meta, not of google')
    expect((await json('limits show --platform google')).rows).toHaveLength(1)
  })

  test('after a maintenance the share of the limit that is in force is shown', async () => {
    await setLimit(redis, { platform: 'meta' }, 1_000)
    await run('maintenance start meta --until 1h --reason test')
    await run('maintenance end meta')
    const [row] = (await json('limits show --platform meta')).rows
    expect(row).toMatchObject({ set: 1_000, returning_from_maintenance: true })
    expect(row?.['in_force']).toBeGreaterThanOrEqual(250)
    expect(row?.['in_force']).toBeLessThan(1_000)
    expect((await run('limits show')).stdout).toContain('returning from a maintenance')
  })
})

describe('breakers', { timeout: TEST_MS }, () => {
  test('open until closed, and the list and the status say who opened it', async () => {
    expect(await json('breakers open meta')).toEqual({
      code: 0,
      rows: [
        {
          was: 'closed',
          platform: 'meta',
          state: 'open',
          failure_count: 0,
          opened_by: 'operator',
          opened_at: anyInstant,
          recovery_at: null,
          probes_out: 0,
          probe_successes: 0,
        },
      ],
    })
    expect(only((await json('breakers list')).rows, 'meta')).toMatchObject({ state: 'open', opened_by: 'operator', recovery_at: null })
    expect(only((await json('breakers list')).rows, 'google')).toMatchObject({ state: 'closed', opened_by: null, failure_count: 0 })
    expect((await run('breakers list')).stdout).toMatch(/meta +open +0 +operator +\S+Z +when it is closed/)
    expect(await reasons()).toEqual(['breaker'])
    expect((await json('status')).rows[0]).toMatchObject({ platforms: { meta: { circuit: 'open', opened_by: 'operator' } } })
    expect((await run('status')).stdout).toMatch(/meta +open by operator until closed/)
    expect((await json('breakers close meta')).rows).toMatchObject([{ was: 'open', state: 'closed', opened_by: null }])
    expect(await json('breakers close meta')).toMatchObject({ code: 0, rows: [{ was: 'closed', state: 'closed' }] })
    expect(await reasons()).toEqual([])
    expect(await trail()).toEqual(['breaker.opened', 'breaker.closed', 'breaker.closed'])
  })

  test('what an outage buried before its breaker was open is named when an operator closes it', async () => {
    const error = { code: 'PLATFORM_ERROR', message: 'down' } as const
    await admit(redis, [{ kind: 'dead', delivery: buildDelivery(), error }])
    await Promise.all(Array.from({ length: 5 }, () => tellBreaker(redis, 'meta', 'failure', undefined, 60_000)))
    const { stdout } = await run('breakers close meta')
    expect(stdout).toMatch(/the outage buried: 1\.[^]*relay dlq replay --platform meta --code PLATFORM_ERROR --since \S+Z/)
    expect((await json('breakers close meta')).rows).toMatchObject([{ was: 'closed', buried_letters: 0, replay: [] }])
  })

  test('open for a time, reset, and what is wrong is exit 2', async () => {
    const [opened] = (await json('breakers open meta --for 10m')).rows
    const lasts = Date.parse(String(opened?.['recovery_at'])) - Date.parse(String(opened?.['opened_at']))
    expect(lasts).toBe(600_000)
    expect((await json('status')).rows[0]).toMatchObject({ platforms: { meta: { recovery_at: opened?.['recovery_at'] } } })
    expect((await json('breakers reset meta')).rows).toMatchObject([{ was: 'open', state: 'closed', failure_count: 0 }])
    await areWrongUsage(['breakers open nowhere', 'breakers open meta --for soon', 'breakers open', 'breakers open meta --for 0s'])
    expect(await trail()).toEqual(['breaker.opened', 'breaker.reset'])
  })
})

describe('maintenance', { timeout: TEST_MS }, () => {
  test('declared now: in force, in the status with its estimated end, and ended', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const started = await json(`maintenance start meta --until ${until} --reason upgrade`)
    expect(started).toEqual({
      code: 0,
      rows: [
        {
          platform: 'meta',
          id: expect.stringMatching(/^mnt_[0-9a-f]{12}$/) as string,
          state: 'in_force',
          from: anyInstant,
          until,
          reason: 'upgrade',
          source: 'operator',
          by: expect.any(String) as string,
        },
      ],
    })
    const id = String(started.rows[0]?.['id'])
    expect((await json('maintenance list')).rows).toEqual(started.rows)
    expect((await run('maintenance list')).stdout).toMatch(new RegExp(`meta +${id} +in force +\\S+ +${until} +\\S+ +upgrade`))
    expect((await json('status')).rows[0]).toMatchObject({
      platforms: { meta: { estimated_end: until, paused: [{ reason: 'maintenance', until, message: 'upgrade' }] }, google: { paused: [] } },
    })
    expect((await run('status')).stdout).toContain(`meta waits (maintenance) until ${until}: upgrade`)
    expect((await json('maintenance end meta')).rows).toEqual([{ platform: 'meta', ended: [id], recognised_ended: false, reasons: [] }])
    expect((await json('maintenance list')).rows).toEqual([])
    expect((await json('maintenance end meta')).code).toBe(3)
    expect(await trail()).toEqual(['maintenance.declared', 'maintenance.ended'])
  })

  test('declared in advance: announced, holds nothing yet, and can be called off by its id', async () => {
    const started = await json('maintenance start meta --from 1h --until 2h --reason later')
    expect(started.rows).toMatchObject([{ state: 'announced' }])
    expect(await reasons()).toEqual([])
    const unnamed = await run('maintenance end meta')
    expect(unnamed.code).toBe(3)
    const id = String(started.rows[0]?.['id'])
    expect(unnamed.stderr).toContain(`relay maintenance end meta --id ${id}`)
    expect((await json('maintenance list --platform google')).rows).toEqual([])
    expect((await json(`maintenance end meta --id ${id}`)).rows).toMatchObject([{ ended: [id] }])
    expect((await json(`maintenance end meta --id ${id}`)).code).toBe(3)
  })

  test('told by the platform: listed as such, ended by hand, and what else holds stays', async () => {
    await addPause(redis, 'meta', { reason: 'maintenance', until: Date.now() + 600_000, message: 'back soon' })
    await addPause(redis, 'meta', { reason: 'configuration', until: Date.now() + 600_000, message: 'wrong version' })
    const overlapping = await run('maintenance start meta --until 5m --reason ours')
    expect(overlapping.stdout).toContain('Another one goes on until')
    expect((await json('maintenance list')).rows).toMatchObject([
      { id: null, source: 'platform', state: 'in_force', reason: 'back soon', from: null },
      { source: 'operator', state: 'in_force', reason: 'ours' },
    ])
    const [ended] = (await json('maintenance end meta')).rows
    expect(ended).toMatchObject({ recognised_ended: true, reasons: [{ reason: 'configuration' }] })
    expect(await reasons()).toEqual(['configuration'])
  })

  test('that cannot be meant is exit 2', async () => {
    await areWrongUsage([
      'maintenance start meta --until 2020-01-01T00:00:00Z --reason x',
      'maintenance start meta --from 2h --until 1h --reason x',
      'maintenance start meta --until 2030-01-01T00:00:00 --reason x',
      'maintenance start meta --until 1h',
      'maintenance start meta --reason x',
      'maintenance start nowhere --until 1h --reason x',
      'queues pause nowhere',
    ])
    expect((await json('maintenance list')).rows).toEqual([])
  })
})

describe('queues', { timeout: TEST_MS }, () => {
  test('paused and resumed by an operator; the other reasons are shown beside it and stay', async () => {
    await run('maintenance start meta --until 1h --reason upgrade')
    const paused = await json('queues pause meta --reason lunch')
    expect(paused).toMatchObject({
      code: 0,
      rows: [
        {
          platform: 'meta',
          changed: true,
          reasons: [
            { reason: 'operator', until: null, message: expect.stringMatching(/^paused by .+: lunch$/) as string },
            { reason: 'maintenance', until: anyInstant },
          ],
        },
      ],
    })
    expect((await json('queues pause meta')).rows).toMatchObject([{ changed: false }])
    expect(only((await json('queues list')).rows, 'meta')).toMatchObject({
      state: 'waiting',
      waiting: 0,
      held: 0,
      active: 0,
      oldest_waiting_seconds: 0,
    })
    expect(only((await json('queues list')).rows, 'google')).toMatchObject({ state: 'running', reasons: [] })
    expect((await run('queues list')).stdout).toMatch(/meta +waiting.*operator, maintenance[^]*operator until it is resumed: paused by/)
    expect((await json('queues resume meta')).rows).toMatchObject([{ changed: true, reasons: [{ reason: 'maintenance' }] }])
    expect((await run('queues resume meta')).stdout).toMatch(/was not paused[^]*still waits for maintenance until/)
    expect(await redis.exists(keys.queuePart('meta', 'limiter'))).toBe(1)
    await run('maintenance end meta')
    expect(await redis.exists(keys.queuePart('meta', 'limiter'))).toBe(0)
    expect(await trail()).toEqual([
      'maintenance.declared',
      'queue.paused',
      'queue.paused',
      'queue.resumed',
      'queue.resumed',
      'maintenance.ended',
    ])
  })

  test('a running worker keeps to it: nothing leaves while it is paused, all of it once it is resumed', async () => {
    const connectionId = await connect('200')
    await run(`limits set meta 60000/min --connection ${connectionId}`)
    await using worker = startProcess('apps/worker/src/main.ts', [], { env, cwd: folder.path })
    await worker.line(/listening/, 20_000)
    await run('queues pause meta')
    await admitToQueue(
      redis,
      Array.from({ length: 40 }, () => buildDelivery({ connectionId })),
    )
    await eventually(async () => (await readBooks(redis, 'meta')).waiting === 40, 5_000)
    expect(only((await json('queues list')).rows, 'meta')).toMatchObject({ waiting: 40, reasons: [{ reason: 'operator' }] })
    expect(simulator.ledger.summary().meta.counted).toBe(0)
    await run('queues resume meta')
    await eventually(() => simulator.ledger.summary().meta.counted === 40, 5_000)
    await eventually(async () => (await readBooks(redis, 'meta')).delivered === 40, 5_000)
  })
})
