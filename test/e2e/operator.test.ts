import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countedIds, expectBooks } from '../support/arrivals.ts'
import { eventually } from '../support/eventually.ts'
import { runToEnd } from '../support/process.ts'
import { connect, connectionFiles, openShop, purchase, purchases, relayJson, relayLines, type Shop } from '../support/shop.ts'
import { startSystem, type System } from '../support/system.ts'

// What an operator does with the real command line, while the fleet runs: each command's answer, its exit code, and what became of the events.

const SETTLED_WITHIN_MS = 30_000

interface Letter {
  readonly id: string
  readonly platform: PlatformId
  readonly connection_id: string
  readonly event_id: string
  readonly code: string
  readonly state: string
}
interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }
}

let system: System
let acme: Shop
let globex: Shop

beforeAll(async () => {
  system = await startSystem()
  ;[acme, globex] = await Promise.all([openShop(system, 'acme', 1), openShop(system, 'globex', 2)])
})
afterAll(() => system[Symbol.asyncDispose]())

/** A command that must end with this exit code and say why as JSON. */
async function refused(exitCode: number, args: readonly string[], input?: string): Promise<Refusal['error']> {
  const result = await system.relay([...args, '--json'], input === undefined ? {} : { input })
  expect(result.exitCode, `relay ${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(exitCode)
  const { error } = JSON.parse(result.stdout) as Refusal
  expect(error.message).toMatch(/\w/)
  return error
}

const letters = (...filters: readonly string[]): Promise<Letter[]> =>
  relayLines<Letter>(system, ['dlq', 'list', '--limit', '1000', ...filters])
const idsOf = (events: readonly Record<string, unknown>[]): string[] => events.map(({ event_id: id }) => String(id))

async function expectCounted(shop: Shop, platform: PlatformId, ids: readonly string[]): Promise<void> {
  const counted = await countedIds(system, shop, platform)
  for (const id of ids)
    expect(
      counted.filter((one) => one === id),
      `${id} at ${platform}`,
    ).toEqual([id])
  expect(await system.simulator.doubled()).toEqual([])
}

describe('connections', () => {
  const add = (tenant: string, platform: PlatformId) => ['connections', 'add', '--tenant', tenant, '--platform', platform, '--file', '-']

  it.each([
    ['meta', 'access_token', 'Authentication failed with Meta API'],
    ['google', 'client_secret', 'Authentication failed with Google API'],
    ['tiktok', 'access_token', 'Authentication failed with TikTok API'],
    ['snapchat', 'access_token', 'Authentication failed with Snapchat API'],
  ] as const)(
    '%s: a wrong %s is refused with the field and the platform’s words, and nothing is saved',
    async (platform, field, message) => {
      const before = await relayLines(system, ['connections', 'list', '--tenant', 'globex'])
      const file = connectionFiles('globex', 5)[platform]
      const wrong = { ...file, credentials: { ...file.credentials, [field]: `wrong-${field}-of-globex` } }
      const error = await refused(4, add('globex', platform), JSON.stringify(wrong))
      expect(error).toEqual({
        code: 'INVALID_CREDENTIALS',
        message: expect.stringContaining(message),
        details: expect.objectContaining({ platform, error_message: expect.stringMatching(/\w/), field: `credentials.${field}` }),
      })
      if (platform === 'meta') expect(error.details).toMatchObject({ error_code: 190, error_message: 'Invalid OAuth 2.0 Access Token' })
      expect(JSON.stringify(error)).not.toContain(`wrong-${field}-of-globex`)
      expect(await relayLines(system, ['connections', 'list', '--tenant', 'globex'])).toEqual(before)
    },
  )

  it('the same account twice in a tenant is refused, and so are a tenant that is not there and a file that is no JSON', async () => {
    const file = JSON.stringify(connectionFiles('acme', 1).meta)
    const errors = await Promise.all([
      refused(4, add('acme', 'meta'), file),
      refused(3, add('nobody', 'meta'), file),
      refused(2, add('acme', 'meta'), 'access_token: x'),
      refused(2, add('acme', 'meta'), '{"credentials": {}, "settings": {"pixel": "1"}}'),
      refused(2, ['connections', 'add', '--tenant', 'acme', '--platform', 'meta']),
      refused(3, ['connections', 'disable', 'con_of_nobody']),
    ])
    expect(errors.map(({ code }) => code)).toEqual([
      'ALREADY_CONNECTED',
      'UNKNOWN_TENANT',
      'USAGE',
      'INVALID_CONNECTION',
      'USAGE',
      'UNKNOWN_CONNECTION',
    ])
    expect(errors[0]?.details).toMatchObject({ connection_id: acme.connections.meta })
  })

  it('disabling one parks what waits for it, enabling it replays that by itself, and the others go on', async () => {
    const slow = connectionFiles('acme', 6).tiktok
    const id = await connect(system, 'acme', 'tiktok', { ...slow, settings: { ...slow.settings, events_per_minute: 240 } })
    const events = purchases('parked', 30).map((event) => ({ ...event, destinations: [id, acme.connections.snapchat] }))
    const before = (await system.books()).tiktok
    expect((await acme.send(events)).body.data.events_accepted).toBe(30)
    expect(await relayJson(system, ['connections', 'disable', id])).toEqual({ connection_id: id, status: 'disabled' })
    await system.untilQuiet(SETTLED_WITHIN_MS)

    const parked = await letters('--connection', id)
    expect(parked.length).toBeGreaterThan(0)
    expect(new Set(parked.map(({ code }) => code))).toEqual(new Set(['CONNECTION_DISABLED']))
    const after = (await system.books()).tiktok
    expect([after.dead - before.dead, after.delivered - before.delivered]).toEqual([parked.length, 30 - parked.length])
    await expectCounted(acme, 'snapchat', idsOf(events))
    expect((await acme.send(purchase('to-disabled', { destinations: [id] }))).body.error).toMatchObject({ code: 'NO_VALID_EVENT' })

    expect(await relayJson(system, ['connections', 'enable', id])).toMatchObject({
      status: 'active',
      check: expect.any(String),
      replayed: parked.length,
    })
    await system.untilQuiet(SETTLED_WITHIN_MS)
    const account = (await system.simulator.entries()).filter((entry) => entry.account === slow.settings['event_source_id'])
    expect(account.map(({ event_id: eventId, counted }) => `${eventId} ${counted}`).toSorted()).toEqual(
      idsOf(events)
        .map((one) => `${one} counted`)
        .toSorted(),
    )
    await expectBooks(system, { dead: 0 })
    expect(await relayJson(system, ['connections', 'remove', id])).toEqual({ connection_id: id, removed: true })
  })

  it('a token revoked in flight suspends that connection alone; a new one with --replay delivers all that was parked', async () => {
    await system.simulator.order({ platform: 'meta', kind: 'revoked_token', token: 'meta-token-of-globex' })
    const lost = purchases('revoked', 30)
    await globex.send(lost)
    await acme.send(purchases('unharmed', 30))
    await system.untilQuiet(SETTLED_WITHIN_MS)
    const later = purchases('revoked-later', 5)
    expect((await globex.send(later)).body.data.events_accepted).toBe(5)
    await system.untilQuiet(SETTLED_WITHIN_MS)

    const id = globex.connections.meta
    expect(await relayJson(system, ['connections', 'show', id])).toMatchObject({
      status: 'error',
      code: 'CREDENTIALS_EXPIRED',
      action_required: expect.any(String),
    })
    const status = await relayJson<{ connections_in_error: readonly object[] }>(system, ['status'])
    expect(status.connections_in_error).toEqual([
      expect.objectContaining({ connection_id: id, tenant_id: 'globex', code: 'CREDENTIALS_EXPIRED' }),
    ])
    const parked = await letters('--connection', id)
    expect(parked.map(({ code, event_id: eventId }) => `${code} ${eventId}`).toSorted()).toEqual(
      idsOf([...lost, ...later])
        .map((one) => `CREDENTIALS_EXPIRED ${one}`)
        .toSorted(),
    )
    await expectBooks(system, { waiting: 0, held: 0 })
    await expectCounted(acme, 'meta', idsOf(purchases('unharmed', 30)))
    for (const platform of ['google', 'tiktok', 'snapchat'] as const) await expectCounted(globex, platform, idsOf([...lost, ...later]))

    const update = ['connections', 'update', id, '--file', '-', '--replay']
    const token = (text: string): string => JSON.stringify({ credentials: { access_token: text } })
    expect(await refused(4, update, token('wrong-again'))).toMatchObject({ code: 'INVALID_CREDENTIALS' })
    expect(await relayJson(system, ['connections', 'show', id])).toMatchObject({ status: 'error' })
    expect(await relayJson(system, update, token('meta-token-of-globex-renewed'))).toMatchObject({
      connection_id: id,
      status: 'active',
      replayed: 35,
    })
    await system.untilQuiet(SETTLED_WITHIN_MS)
    await expectCounted(globex, 'meta', idsOf([...lost, ...later]))
    await expectBooks(system, { dead: 0 })
    await system.simulator.cancelAll()
  })
})

describe('dead letters', () => {
  const bad = ['reject-1', 'reject-2', 'reject-3']
  const faults = (): Promise<string[]> =>
    Promise.all(bad.map((id) => system.simulator.order({ platform: '*', kind: 'bad_event', event_id: id })))

  beforeAll(async () => {
    await faults()
    await acme.send([
      ...bad.map((id) => purchase(id)),
      purchase('neighbour'),
      purchase('ancient', { event_time: Math.floor(Date.now() / 1_000) - 9 * 86_400 }),
    ])
    await globex.send(purchase('reject-1', { event_name: 'AddToCart' }))
    await system.untilQuiet(SETTLED_WITHIN_MS)
  })

  it('are listed by each of their marks, and counted', async () => {
    const all = await letters()
    // Three of acme and one of globex on each platform, and the old one where it is too old.
    expect(all).toHaveLength(4 * 4 + 3)
    const count = async (...filters: readonly string[]): Promise<number> => (await letters(...filters)).length
    expect(
      await Promise.all([
        count('--platform', 'google'),
        count('--code', 'EVENT_TOO_OLD'),
        count('--tenant', 'globex'),
        count('--connection', acme.connections.meta),
        count('--event', 'AddToCart'),
        count('--since', '1h'),
        count('--until', '1h'),
        count('--platform', 'meta', '--tenant', 'acme', '--code', 'EVENT_REJECTED'),
        count('--code', 'TIMEOUT'),
        relayLines(system, ['dlq', 'list', '--limit', '2']).then(({ length }) => length),
      ]),
    ).toEqual([4, 3, 4, 4, 4, 19, 0, 3, 0, 2])
    const stats = await relayLines<{ platform: string; code: string; count: number }>(system, ['dlq', 'stats'])
    expect(stats.reduce((sum, row) => sum + row.count, 0)).toBe(19)
    expect(stats).toContainEqual(
      expect.objectContaining({
        platform: 'tiktok',
        code: 'EVENT_REJECTED',
        connection_id: acme.connections.tiktok,
        count: 3,
        last_hour: 3,
      }),
    )
  })

  it.each(PLATFORM_IDS)('%s: show says why it died and what would be sent now, without the secrets', async (platform) => {
    const [letter] = await letters('--platform', platform, '--tenant', 'acme', '--code', 'EVENT_REJECTED')
    const shown = await relayJson<Record<string, unknown>>(system, ['dlq', 'show', letter!.id])
    expect(shown).toMatchObject({
      id: letter!.id,
      event_id: letter!.event_id,
      state: 'dead',
      exhausted: false,
      attempts: [expect.objectContaining({ code: 'EVENT_REJECTED' })],
      why: expect.arrayContaining([expect.stringContaining('EVENT_REJECTED')]),
      would_send: { event: expect.any(Object), refused: null, request: { method: 'POST', url: expect.stringContaining(`/${platform}/`) } },
    })
    expect(JSON.stringify(shown)).not.toContain('token-of-acme')
  })

  it('ask before they are moved or removed, and say what leaves nothing', async () => {
    const errors = await Promise.all([
      refused(2, ['dlq', 'replay']),
      refused(2, ['dlq', 'replay', '--all']),
      refused(2, ['dlq', 'purge', '--platform', 'meta']),
      refused(3, ['dlq', 'replay', '--tenant', 'acme', '--code', 'TIMEOUT', '--yes']),
      refused(3, ['dlq', 'purge', '--since', '2099-01-01T00:00:00Z', '--yes']),
      refused(3, ['dlq', 'show', 'no-such-letter']),
      refused(3, ['dlq', 'replay', 'no-such-letter', '--yes']),
    ])
    expect(errors.map(({ code }) => code)).toEqual([
      'USAGE',
      'USAGE',
      'USAGE',
      'EMPTY_SELECTION',
      'EMPTY_SELECTION',
      'UNKNOWN_LETTER',
      'UNKNOWN_LETTER',
    ])
    expect(errors.slice(3, 5).map(({ details }) => details['filter'])).toEqual(['code', 'since'])
    expect(await letters()).toHaveLength(19)
  })

  it('a dry run shows the plan and moves nothing', async () => {
    expect(await relayJson(system, ['dlq', 'replay', '--platform', 'meta', '--dry-run'])).toMatchObject({
      selected: 5,
      to_replay: 4,
      skipped: { deadline: 1 },
    })
    expect(await letters()).toHaveLength(19)
  })

  it('replayed while their cause lasts they die again; cured, they arrive; the sum adds up', async () => {
    const again = await relayJson(system, [
      'dlq',
      'replay',
      '--tenant',
      'acme',
      '--platform',
      'tiktok',
      '--code',
      'EVENT_REJECTED',
      '--yes',
    ])
    expect(again).toMatchObject({ state: 'done', selected: 3, delivered: 0, died_again: 3, skipped: {}, cancelled: 0 })
    await system.simulator.cancelAll()
    const [one] = await letters('--platform', 'tiktok', '--tenant', 'globex')
    expect(await relayJson(system, ['dlq', 'replay', one!.id, '--yes'])).toMatchObject({ selected: 1, delivered: 1 })
    const rest = await relayJson(system, ['dlq', 'replay', '--all', '--yes'])
    expect(rest).toMatchObject({ state: 'done', selected: 18, delivered: 15, died_again: 0, skipped: { deadline: 3 }, cancelled: 0 })
    for (const platform of PLATFORM_IDS) await expectCounted(acme, platform, [...bad, 'neighbour'])
    expect(await letters('--state', 'delivered', '--tenant', 'acme', '--code', 'EVENT_REJECTED')).toHaveLength(12)
    await expectBooks(system)
  })

  it('purged ones are gone, and the books count them as removed', async () => {
    expect(await relayJson(system, ['dlq', 'purge', '--code', 'EVENT_TOO_OLD', '--dry-run'])).toEqual({ selected: 3 })
    expect(await relayJson(system, ['dlq', 'purge', '--code', 'EVENT_TOO_OLD', '--yes'])).toEqual({ selected: 3, purged: 3 })
    expect(await letters()).toEqual([])
    await expectBooks(system, { dead: 0 })
    const { meta, google } = await system.books()
    expect([meta.removed, google.removed]).toEqual([1, 0])
    const audit = await relayLines<{ action: string }>(system, ['audit', '--tenant', 'acme'])
    expect(audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['letters.purged', 'replay.started', 'connection.created', 'key.created']),
    )
  })
})

describe('status', () => {
  it('says that the books add up and who works, and exits 0', async () => {
    const status = await eventually(async () => {
      const read = await relayJson<{ platforms: Record<PlatformId, Record<string, number>>; workers: object[] }>(system, ['status'])
      return read.workers.length === 1 && read
    }, 15_000)
    for (const platform of PLATFORM_IDS) {
      const { accepted, imported, delivered, waiting, held, active, dead, skipped, removed, unaccounted } = status.platforms[platform]
      expect(delivered! + waiting! + held! + active! + dead! + skipped! + removed!).toBe(accepted! + imported!)
      expect(unaccounted).toBe(0)
      expect(status.platforms[platform]).toMatchObject({ circuit: 'closed', oldest_waiting_seconds: 0 })
    }
    expect(status).toMatchObject({
      connections_in_error: [],
      workers: [{ platforms: PLATFORM_IDS, pid: system.fleet.workers[0]!.pid() }],
      redis: { aof: true },
    })
  })

  it('exits 1 where they do not add up', async () => {
    const key = 'relay:{meta}:books'
    expect(await system.redis.type(key)).toBe('hash')
    await system.redis.hincrby(key, 'accepted', 1)
    const { exitCode, stdout, stderr } = await system.relay(['status', '--json'])
    await system.redis.hincrby(key, 'accepted', -1)
    expect(exitCode).toBe(1)
    expect(stdout).toContain('"unaccounted":1')
    expect(stderr).toContain('meta')
  })
})

describe('wrong settings', () => {
  const wrong = {
    RELAY_REDIS_URL: 'localhost:6379',
    RELAY_HTTP_PORT: 'eighty',
    RELAY_LINGER: 'soon',
    RELAY_META_RETRY_DELAYS: '1s,later',
    RELAY_PLATFORMS: 'meta,myspace',
    RELAY_LOG_LEVEL: 'loud',
  }

  it.each(['apps/worker/src/main.ts', 'apps/ingest/src/main.ts', 'apps/cli/src/main.ts'])(
    '%s lists all of them and exits 2',
    async (entry) => {
      const args = entry.includes('cli') ? ['status'] : []
      const { code, stdout, stderr } = await runToEnd(entry, args, { env: wrong, cwd: system.folder })
      expect(code).toBe(2)
      for (const name of Object.keys(wrong)) expect(`${stdout}\n${stderr}`).toContain(`${name}: `)
    },
  )

  it.each(['apps/worker/src/main.ts', 'apps/ingest/src/main.ts'])(
    '%s without a master key, a Redis, or with a broken key exits 2',
    async (entry) => {
      const { RELAY_MASTER_KEY_FILE: _file, ...env } = system.env
      const run = (changes: Readonly<Record<string, string>>) =>
        runToEnd(entry, [], { env: { ...env, RELAY_OPS_PORT: '0', RELAY_HTTP_PORT: '0', ...changes }, cwd: system.folder })
      const [keyless, storeless, broken, missing] = await Promise.all([
        run({}),
        run({ RELAY_REDIS_URL: '' }),
        run({ RELAY_MASTER_KEY: 'k1:c2hvcnQ=' }),
        run({ RELAY_MASTER_KEY_FILE: '/nowhere/master.key' }),
      ])
      expect([keyless.code, storeless.code, broken.code, missing.code]).toEqual([2, 2, 2, 2])
      expect(keyless.stderr).toContain('RELAY_MASTER_KEY')
      expect(storeless.stderr).toContain('RELAY_REDIS_URL')
      expect(broken.stderr).toContain('RELAY_MASTER_KEY')
      expect(broken.stderr).not.toContain('c2hvcnQ')
      expect(missing.stderr).toContain('RELAY_MASTER_KEY_FILE')
    },
  )

  it('a command without a key to seal with says so and exits 2', async () => {
    const result = await system.relay(['connections', 'test', acme.connections.meta, '--json'], { env: { RELAY_MASTER_KEY_FILE: '' } })
    expect(result.exitCode).toBe(2)
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'MASTER_KEY' } })
  })
})
