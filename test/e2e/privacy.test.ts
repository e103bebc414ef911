import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findLeaks, type Surface } from '../support/canaries.ts'
import { dumpRedis, readFiles } from '../support/dump-redis.ts'
import { eventually } from '../support/eventually.ts'
import { type Answer, type ConnectionFile, connectionFiles, openShop, purchase, type Shop } from '../support/shop.ts'
import { type CommandResult, startSystem, type System } from '../support/system.ts'

// A person's raw data and a tenant's secrets go through the whole system by every door and every fault, and are then looked for wherever the fleet writes.

const PERSON = {
  email: 'Canary.Vogel+shop@Kanarien-Post.example',
  phone: '+49 (151) 5555-0147',
  first_name: 'Kanárija',
  last_name: 'Vögelsangsdottir',
  street_address: 'Zeisigstieg 4711b',
  date_of_birth: '1931-02-28',
  external_id: 'Kanarien-Kunde-90210',
} as const
/** The same person's values in the form in which platforms want them, before they are hashed. */
const NORMALISED = {
  email: 'canary.vogel+shop@kanarien-post.example',
  national_phone: '015155550147',
  subscriber: '15155550147',
  date_of_birth: '19310228',
} as const
/** Somebody else's, whose producer pushes into Redis itself. */
const PUSHED_PERSON = {
  email: 'pushed.wellensittich@inbox-post.example',
  phone: '+49 (152) 6666-0258',
  first_name: 'Wellensittchen',
  last_name: 'Papageienfrau',
  street_address: 'Nymphenhain 815c',
  date_of_birth: '1932-11-30',
  external_id: 'Sittich-Kunde-80317',
} as const
const TOKENS = {
  meta: 'EAAcanarymetatoken0123456789',
  tiktok: 'canarytiktoktoken9876543210',
  snapchat: 'canarysnapchattoken555666777',
  google_secret: 'GOCSPX-canarygoogleclientsecret',
  google_refresh: '1//canarygooglerefreshtoken',
} as const
/** The simulator refuses what begins with `wrong`. */
const WRONG_TOKENS = {
  meta: 'wrongcanarymetatoken',
  tiktok: 'wrongcanarytiktoktoken',
  snapchat: 'wrongcanarysnapchattoken',
  google: 'wrongcanarygooglesecret',
} as const
const STRANGERS_KEY = 'rk_canarykeyofastranger0123456789'
const ISSUED_TOKEN = /sim\.[\w-]{32}/

const PLATFORMS_OF_PERSON = {
  gender: 'f',
  city: 'Leipzig',
  zip: '04109',
  country: 'DE',
  client_ip_address: '203.0.113.7',
  client_user_agent: 'Mozilla/5.0',
}

let system: System
let shop: Shop
let secrets: Record<string, string>
const answers: Surface[] = []
const outputs: Surface[] = []

beforeAll(async () => {
  system = await startSystem({ env: { RELAY_LOG_LEVEL: 'trace' } })
  shop = await openShop(system, 'acme', 1, filesWithCanaries())
  const masterKey = (await readFile(system.fleet.masterKeyFile!, 'utf8')).trim().split(':')[1]!
  const wrong = Object.entries(WRONG_TOKENS).map(([platform, token]) => [`wrong ${platform} token`, token])
  secrets = { ...TOKENS, ...Object.fromEntries(wrong), 'ingest key': shop.key, "a stranger's key": STRANGERS_KEY, 'master key': masterKey }
  await sendGoodEvents()
  await sendBadRequests()
  await refuseCredentials()
  await failOnPlatforms()
  await pushIntoInbox()
  await operate()
}, 240_000)
afterAll(() => system[Symbol.asyncDispose]())

const filesWithCanaries = (): Record<PlatformId, ConnectionFile> => {
  const files = connectionFiles('acme', 1)
  return {
    meta: { ...files.meta, credentials: { access_token: TOKENS.meta } },
    tiktok: { ...files.tiktok, credentials: { access_token: TOKENS.tiktok } },
    snapchat: { ...files.snapchat, credentials: { access_token: TOKENS.snapchat } },
    google: {
      ...files.google,
      credentials: { client_id: 'client-of-acme', client_secret: TOKENS.google_secret, refresh_token: TOKENS.google_refresh },
    },
  }
}

const bought = (id: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  purchase(id, {
    user_data: { ...PERSON, ...PLATFORMS_OF_PERSON },
    event_source_url: `https://shop.example/thanks?mail=${encodeURIComponent(PERSON.email)}&tel=${encodeURIComponent(PERSON.phone)}&gclid=Cj0KCQjw-canary`,
    referrer_url: `https://shop.example/cart?who=${PERSON.email}`,
    ...changes,
  })

async function record(answer: Promise<Answer>): Promise<Answer> {
  const { status, headers, text } = await answer
  answers.push({ name: `answer ${answers.length + 1} (${status})`, text: `${JSON.stringify([...headers])}\n${text}` })
  return answer
}

async function relay(args: readonly string[], input?: string): Promise<CommandResult> {
  const result = await system.relay(args, input === undefined ? {} : { input })
  outputs.push({ name: `relay ${args.join(' ')}`, text: `${result.stdout}\n${result.stderr}` })
  return result
}

async function sendGoodEvents(): Promise<void> {
  await record(shop.send([bought('good-1'), bought('good-2', { event_name: 'Nest Gebaut' }), bought('good-1')]))
  await record(shop.send(bought('denied', { consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' } })))
  await record(shop.send(bought('too-old', { event_time: Math.floor(Date.now() / 1_000) - 9 * 86_400 })))
  await record(shop.post(gzipSync(JSON.stringify(bought('packed'))), { 'content-encoding': 'gzip' }))
  // Values that cannot be normalised are left out with a warning, which must not say what they were.
  const broken = {
    email: `${PERSON.email} ${PERSON.email}`,
    phone: `${PERSON.phone} ${PERSON.last_name}`,
    date_of_birth: `born ${PERSON.date_of_birth}`,
  }
  await record(
    shop.send(
      bought('left-out', {
        user_data: { ...PERSON, ...PLATFORMS_OF_PERSON, ...broken, first_name: [PERSON.first_name, '', 7], nick_name: PERSON.first_name },
      }),
    ),
  )
  await system.untilQuiet(20_000)
}

async function sendBadRequests(): Promise<void> {
  await record(
    shop.send([
      bought('bad-time', { event_time: PERSON.email }),
      bought('bad-future', { event_time: 4_102_444_800 }),
      bought('bad-source', { action_source: PERSON.last_name }),
      bought('bad-name', { event_name: PERSON.email.repeat(20) }),
      bought('bad-data', { custom_data: PERSON.phone }),
      bought('bad-user', { user_data: PERSON.email }),
      bought('bad-field', { customer: PERSON }),
      bought('bad-consent', { consent: { ad_user_data: PERSON.email } }),
      bought('bad-url', { event_source_url: `not a url of ${PERSON.email}` }),
      bought('bad-size', { custom_data: { note: 'x'.repeat(70_000) } }),
      PERSON.email,
      [PERSON],
    ]),
  )
  await record(shop.send([bought('bad-id', { event_id: PERSON.email.repeat(10) }), { person: PERSON }]))
  const torn = JSON.stringify(bought('torn'))
  await record(shop.post(torn.slice(0, -5)))
  await record(shop.post(`${torn}\n${torn.slice(0, -5)}\n${PERSON.email}`, { 'content-type': 'application/x-ndjson' }))
  await record(shop.post(JSON.stringify({ events: [], person: PERSON })))
  await record(shop.post(PERSON.email, { 'content-encoding': 'gzip' }))
  await record(shop.post(PERSON.email, { 'content-type': `text/${PERSON.last_name.normalize('NFD').replaceAll(/\P{ASCII}/gu, '')}` }))
  await record(shop.post(torn, { authorization: `Bearer ${STRANGERS_KEY}` }))
  await record(shop.post(torn, { authorization: `Basic ${Buffer.from(`${PERSON.email}:${shop.key}`).toString('base64')}` }))
  await record(shop.post(`"${PERSON.email.repeat(150_000)}"`))
}

async function refuseCredentials(): Promise<void> {
  const files = connectionFiles('acme', 2)
  for (const platform of PLATFORM_IDS) {
    const secret = platform === 'google' ? 'client_secret' : 'access_token'
    const file = { ...files[platform], credentials: { ...files[platform].credentials, [secret]: WRONG_TOKENS[platform] } }
    const args = ['connections', 'add', '--tenant', 'acme', '--platform', platform, '--file', '-']
    expect((await relay([...args, '--json'], JSON.stringify(file))).exitCode).toBe(4)
  }
  const args = ['connections', 'add', '--tenant', 'acme', '--platform', 'meta', '--file', '-']
  expect((await relay(args, JSON.stringify({ ...files.meta, credentials: { token: TOKENS.meta }, settings: {} }))).exitCode).toBe(2)
  expect((await relay(args, `{"credentials": "${TOKENS.meta}"`)).exitCode).toBe(2)
  expect(
    (
      await relay(
        ['connections', 'update', shop.connections.meta, '--file', '-'],
        JSON.stringify({ credentials: { access_token: WRONG_TOKENS.meta } }),
      )
    ).exitCode,
  ).toBe(4)
}

async function failOnPlatforms(): Promise<void> {
  // A platform that quotes the credentials in its answer, as Meta does for a token it cannot read.
  const quoted = JSON.stringify({
    error: { message: `Malformed access token ${Object.values(TOKENS).join(' ')}`, type: 'OAuthException', code: 100 },
  })
  await system.simulator.order({ platform: '*', kind: 'http_status', status: 400, body: quoted, times: 1 })
  await record(shop.send(bought('quoted')))
  await system.untilQuiet(20_000)
  await system.simulator.cancelAll()
  await system.simulator.order({ platform: '*', kind: 'server_error', times: 3 })
  await record(shop.send(bought('failed')))
  await system.untilQuiet(20_000)
  await system.simulator.cancelAll()
  await system.simulator.order({ platform: '*', kind: 'bad_event', event_id: 'rejected' })
  await record(shop.send([bought('rejected'), bought('neighbour')]))
  await system.untilQuiet(20_000)
  for (const [platform, token] of [
    ['meta', TOKENS.meta],
    ['tiktok', TOKENS.tiktok],
    ['snapchat', TOKENS.snapchat],
    ['google', TOKENS.google_refresh],
  ]) {
    await system.simulator.order({ platform, kind: 'revoked_token', token })
  }
  await record(shop.send(bought('revoked')))
  await untilOnlySnapchatHolds()
  await record(shop.send([bought('parked'), bought('revoked')]))
  await untilOnlySnapchatHolds()
}

/** Snapchat may not know a token of today yet, so what it refuses for that reason is held for an hour. */
async function untilOnlySnapchatHolds(): Promise<void> {
  await eventually(async () => {
    const { snapchat, ...others } = await system.books()
    const onTheirWay = Object.values(others).map(({ waiting, held, active }) => waiting + held + active)
    return [...onTheirWay, snapchat.waiting, snapchat.active].every((count) => count === 0)
  }, 20_000)
}

async function pushIntoInbox(): Promise<void> {
  const { hostname: host, port } = new URL(system.fleet.redisUrl)
  const queue = new Queue('inbox', { prefix: 'relay:{inbox}', connection: { host, port: Number(port) } })
  const pushed = (id: string, changes: object = {}) => purchase(id, { user_data: { ...PUSHED_PERSON, ...PLATFORMS_OF_PERSON }, ...changes })
  await queue.add('events', { tenant_id: 'acme', events: [pushed('pushed'), pushed('pushed-bad', { event_time: PUSHED_PERSON.email })] })
  await queue.add('events', { tenant_id: PUSHED_PERSON.email, events: [pushed('pushed-nowhere')] })
  await queue.add('events', { person: PUSHED_PERSON })
  await eventually(async () => (await inboxLetters()).length === 3, 20_000)
  await eventually(
    async () => Object.values(await queue.getJobCounts('wait', 'active', 'delayed', 'completed', 'failed')).every((count) => count === 0),
    10_000,
  )
  await queue.close()
  await untilOnlySnapchatHolds()
}

const inboxLetters = async (): Promise<string[]> =>
  (await system.relay(['dlq', 'list', '--platform', 'inbox', '--json'])).stdout.split('\n').filter((line) => line !== '')

/** All that an operator would look at by then. */
async function operate(): Promise<void> {
  const letters = (await relay(['dlq', 'list', '--limit', '1000', '--json'])).stdout.split('\n').filter((line) => line !== '')
  // One of each kind of death.
  const kinds = Map.groupBy(
    letters.map((line) => JSON.parse(line) as Record<string, string>),
    ({ platform, code }) => `${platform} ${code}`,
  )
  const ids = [...kinds.values()].map(([letter]) => letter!['id']!)
  const reading = [
    ...ids.map((id) => ['dlq', 'show', id, '--json']),
    ['dlq', 'show', ids[0]!],
    ['dlq', 'list'],
    ['dlq', 'stats'],
    ['dlq', 'stats', '--json'],
    ['dlq', 'replay', '--all', '--dry-run'],
    ['status'],
    ['status', '--json'],
    ['tenants', 'list', '--json'],
    ['keys', 'list', '--tenant', 'acme', '--json'],
    ['connections', 'list'],
    ['connections', 'list', '--json'],
    ['connections', 'show', shop.connections.google],
    ['connections', 'test', shop.connections.meta, '--json'],
    ['connections', 'test', shop.connections.google],
  ]
  while (reading.length > 0) await Promise.all(reading.splice(0, AT_ONCE).map((args) => relay(args)))
  await relay(['dlq', 'replay', '--platform', 'meta', '--force', '--yes', '--json'])
  await untilOnlySnapchatHolds()
  await Promise.all([relay(['audit']), relay(['audit', '--json'])])
}

/** Commands of an operator under way at a time. */
const AT_ONCE = 3

const scrape = (): Promise<Surface[]> =>
  Promise.all(
    [system.fleet.ingestOpsUrl, ...system.fleet.workers.map(({ opsUrl }) => opsUrl)]
      .flatMap((url) => [`${url}/metrics`, `${url}/healthz`, `${url}/readyz`])
      .map(async (url) => ({ name: url, text: await (await fetch(url)).text() })),
  )

function expectClean(surfaces: readonly Surface[], canaries: Readonly<Record<string, string>>): void {
  expect(surfaces.map(({ text }) => text.length).some((length) => length > 0)).toBe(true)
  expect(findLeaks(surfaces, canaries)).toEqual([])
}

const normalised = Object.fromEntries(Object.entries(NORMALISED).map(([name, value]) => [`normalised ${name}`, value]))
const pushedOnes = Object.fromEntries(Object.entries(PUSHED_PERSON).map(([name, value]) => [`pushed ${name}`, value]))
const everyPerson = { ...PERSON, ...normalised, ...pushedOnes }

describe('the search itself', () => {
  it.each([
    `{"em":"${PERSON.email}"}`,
    `?mail=${encodeURIComponent(PERSON.email).toLowerCase()}`,
    PERSON.email.toUpperCase(),
    JSON.stringify(JSON.stringify({ name: PERSON.last_name })),
    'name=v\\u00f6gelsangsdottir',
    'ln vogelsangsdottir',
    'tel:4915155550147',
    `x${Buffer.from(`{"a":"${PERSON.email}"}`).toString('base64')}`,
    `xy${Buffer.from(`ab${NORMALISED.email}cd`).toString('base64url')}`,
    Buffer.from(PERSON.street_address).toString('hex'),
  ])('finds a canary in %s', (text) => {
    expect(findLeaks([{ name: 'text', text }], everyPerson)).not.toEqual([])
  })
})

describe('everything did go through', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const email = sha256(NORMALISED.email)
  const phone = { digits: sha256('4915155550147'), e164: sha256('+4915155550147') }
  const expected: Record<PlatformId, readonly string[]> = {
    meta: [email, phone.digits, sha256('vögelsangsdottir'), sha256('19310228')],
    google: [email, phone.e164, sha256('vögelsangsdottir')],
    tiktok: [email, phone.e164],
    snapchat: [email, phone.digits, sha256('vögelsangsdottir'), sha256('19310228')],
  }

  it.each(PLATFORM_IDS)('%s got the right hashes, and nothing raw', async (platform) => {
    const text = await (await fetch(`${system.simulatorUrl}/ledger/bodies?platform=${platform}&last=50`)).text()
    for (const hash of expected[platform]) expect(text).toContain(hash)
    expectClean([{ name: platform, text }], everyPerson)
  })

  it('each kind of fault left its letter on each platform, and the inbox its three', () => {
    const list = outputs.find(({ name }) => name.startsWith('relay dlq list --limit'))!.text
    for (const code of ['EVENT_REJECTED', 'CREDENTIALS_EXPIRED', 'EVENT_TOO_OLD', 'INVALID_EVENT']) expect(list).toContain(code)
    const statuses = new Set(answers.map(({ name }) => /\((\d+)\)/.exec(name)?.[1] ?? ''))
    expect([...statuses].toSorted()).toEqual(['202', '400', '401', '413', '415', '422'])
  })
})

describe('nothing of it is left', () => {
  it('in any key or value of Redis', async () => {
    const dump = await dumpRedis(system.redis)
    expect(dump.length).toBeGreaterThan(50)
    expectClean(dump, { ...everyPerson, ...secrets })
    expect(dump.filter(({ text }) => ISSUED_TOKEN.test(text)).map(({ name }) => name)).toEqual([])
  })

  it('in the append-only file, or any other file of the fleet', async () => {
    const files = (await readFiles(system.folder)).filter(({ name }) => !name.endsWith('/master.key'))
    const appendOnly = files.filter(({ name }) => /appendonly.*\.aof$/.test(name)).map(({ text }) => text)
    expect(appendOnly.join('')).toContain('"event_id":"good-1"')
    // What producers push into Redis themselves passes through its files until they are rewritten.
    expectClean(files, { ...PERSON, ...normalised, ...secrets })
    expect(files.filter(({ text }) => ISSUED_TOKEN.test(text)).map(({ name }) => name)).toEqual([])
  })

  it('in the log of any process, at the most talkative level', () => {
    expect(system.logs.length).toBeGreaterThan(20)
    expectClean([{ name: 'logs', text: system.logs.join('\n') }], { ...everyPerson, ...secrets })
    expect(system.logs.filter((line) => ISSUED_TOKEN.test(line))).toEqual([])
  })

  it('in any answer of the API', () => expectClean(answers, { ...everyPerson, ...secrets }))

  it('in the metrics and health of any process', async () => expectClean(await scrape(), { ...everyPerson, ...secrets }))

  it('in anything that a command printed', () => {
    expectClean(outputs, { ...everyPerson, ...secrets })
    expect(outputs.filter(({ text }) => ISSUED_TOKEN.test(text)).map(({ name }) => name)).toEqual([])
  })
})
