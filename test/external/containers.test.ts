import { PLATFORM_IDS } from '@relay/core/ids'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { expectArrived, expectBooks } from '../support/arrivals.ts'
import { eventually } from '../support/eventually.ts'
import { connectionFiles, openShop, purchases, type Shop } from '../support/shop.ts'
import { type Stack, startStack } from '../support/stack.ts'

// The image and the compose file as an operator uses them: the command line in a container, events over HTTP from outside, the simulator in another container.

const SETTLED_WITHIN_MS = 60_000

let stack: Stack
let shop: Shop
const accepted: string[] = []

beforeAll(async () => {
  stack = await startStack()
  shop = await openShop(stack, 'acme', 1)
})
afterAll(() => stack?.[Symbol.asyncDispose]())
afterEach(() => stack?.simulator.cancelAll())

async function post(prefix: string, count: number): Promise<void> {
  const events = purchases(prefix, count)
  await eventually(async () => {
    const { status } = await shop.send(events)
    return status === 202
  }, 30_000)
  accepted.push(...events.map(({ event_id: id }) => String(id)))
}

async function expectAllArrived(): Promise<void> {
  await stack.untilQuiet(SETTLED_WITHIN_MS)
  await expectArrived(stack, shop, accepted)
  await expectBooks(stack, { accepted: accepted.length, delivered: accepted.length, dead: 0 })
}

/** Answers later than a test needs to do its worst. */
const slowPlatforms = (ms: number): Promise<string> => stack.simulator.order({ platform: '*', kind: 'latency', ms })

/** Resolves when each platform has something in the hands of a worker. */
const untilInFlight = (): Promise<unknown> =>
  eventually(async () => {
    const books = await stack.books()
    return PLATFORM_IDS.every((platform) => books[platform].active > 0)
  }, 20_000)

const repeatedArrivals = async (): Promise<number> =>
  Object.values(await stack.simulator.summary()).reduce((sum, { repeated }) => sum + repeated, 0)

it('events sent from outside reach each platform once, and the books of `relay status` add up', async () => {
  await post('first', 500)
  await expectAllArrived()
  const { exitCode, stdout } = await stack.relay(['status'])
  expect(exitCode, stdout).toBe(0)
  expect(stdout).toMatch(/meta +closed +500 +500 +0 +0 +0 +0 +0 +0 +0/)
  expect(stdout).toMatch(/append-only file on, noeviction/)
})

it('what runs is no root, cannot write to its own files, and has only what production needs', async () => {
  const script = `
    const { existsSync, globSync, writeFileSync } = require('node:fs')
    const canWrite = (path) => { try { writeFileSync(path, ''); return true } catch { return false } }
    console.log(JSON.stringify({
      isRoot: process.getuid() === 0,
      writable: ['/app/x', '/app/apps/worker/src/main.ts', '/x', '/home/node/x'].filter(canWrite),
      tools: ['vitest', 'typescript', 'testcontainers'].filter((name) => existsSync('/app/node_modules/' + name)),
      tests: globSync('/app/{apps,libs}/**/*.test.ts').length,
    }))`
  for (const service of ['ingest', 'worker', 'simulator'] as const) {
    const found: unknown = JSON.parse(await stack.exec(service, ['node', '-e', script]))
    expect(found, service).toEqual({ isRoot: false, writable: [], tools: [], tests: 0 })
  }
})

it('no secret stands in what the engine tells of a container, nor in a log', async () => {
  const files = Object.values(connectionFiles('acme', 1))
  const secrets = [
    stack.masterKey,
    stack.masterKey.split(':')[1]!,
    shop.key,
    ...files.flatMap(({ credentials }) => Object.values(credentials)),
  ]
  const containers = await Promise.all((['redis', 'ingest', 'worker', 'simulator'] as const).map((service) => stack.container(service)))
  const told = JSON.stringify(await Promise.all(containers.map((container) => container.inspect())))
  const logs = await stack.compose('logs', '--no-color')
  expect(told).toContain('RELAY_MASTER_KEY_FILE=/run/secrets/master_key')
  expect(logs).toContain('"msg":"batch"')
  expect(secrets.filter((secret) => told.includes(secret) || logs.includes(secret))).toEqual([])
})

it('told to stop, worker and ingest finish what is under way, give the rest back and exit 0', async () => {
  await slowPlatforms(4_000)
  await post('stopped', 500)
  await untilInFlight()
  const repeatedBefore = await repeatedArrivals()
  await stack.compose('stop', 'worker')
  const books = await stack.books()
  for (const platform of PLATFORM_IDS) expect(books[platform], platform).toMatchObject({ active: 0, dead: 0, unaccounted: 0 })
  await stack.compose('stop', 'ingest')
  for (const service of ['worker', 'ingest'] as const) {
    const { State: state } = await (await stack.container(service)).inspect()
    expect(state, service).toMatchObject({ Running: false, ExitCode: 0, OOMKilled: false })
  }
  await stack.simulator.cancelAll()
  await stack.compose('start', 'ingest', 'worker')
  await expectAllArrived()
  expect(await repeatedArrivals()).toBe(repeatedBefore)
})

it('a worker killed in mid-batch is started again by the engine and delivers what it had in hand', async () => {
  await slowPlatforms(20_000)
  await post('killed', 200)
  await untilInFlight()
  const worker = await stack.container('worker')
  // SIGKILL to all that runs in it but its init, which then ends too; the exec itself dies with it.
  await stack.exec('worker', ['sh', '-c', 'kill -9 -1']).catch(() => undefined)
  await eventually(async () => (await worker.inspect()).RestartCount === 1, 30_000)
  await stack.simulator.cancelAll()
  await expectAllArrived()
})

it('Redis killed and started again while events flow: the shop is told to come back, and nothing is lost or doubled', async () => {
  const redis = await stack.container('redis')
  await post('before', 100)
  await redis.kill({ signal: 'SIGKILL' })
  const refused = await shop.send(purchases('during', 100))
  expect(refused.status, refused.text).toBe(503)
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  await redis.start()
  await post('during', 100)
  await expectAllArrived()
})
