import { setTimeout as delay } from 'node:timers/promises'
import { PLATFORM_IDS } from '@relay/core/ids'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { expectArrived, expectBooks } from '../support/arrivals.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningProcess, startProcess } from '../support/process.ts'
import { type Answer, openShop, purchases, type Shop } from '../support/shop.ts'
import { startSystem, type System } from '../support/system.ts'

// Whatever dies or stalls: each event that was answered 202 is counted by each platform exactly once, and the books add up.

const SETTLED_WITHIN_MS = 40_000
const COME_BACK_MS = 200

let system: System
let shop: Shop
let workers: RunningProcess[] = []
const accepted: string[] = []

beforeAll(async () => {
  // Workers are started by the tests, so that nobody starts them again.
  system = await startSystem({ workers: 0, env: { RELAY_REQUEST_TIMEOUT: '5s' } })
  shop = await openShop(system, 'acme', 1)
})
afterAll(() => system[Symbol.asyncDispose]())
beforeEach(() => {
  workers = []
})
afterEach(async () => {
  await system.simulator.cancelAll()
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
})

/** A worker of this system, and where it tells of itself. */
async function startWorker(): Promise<{ process: RunningProcess; opsUrl: string }> {
  const env = { ...system.env, RELAY_OPS_PORT: '0' }
  const process = startProcess('apps/worker/src/main.ts', [], { env, cwd: system.folder })
  workers.push(process)
  const { ops_port: port } = JSON.parse(await process.line(/"listening"/, 20_000)) as { ops_port: number }
  return { process, opsUrl: `http://127.0.0.1:${port}` }
}

/** Resolves when a worker has requests under way to each platform, and at least so many deliveries of each in hand. */
async function untilInFlight(opsUrl: string, active: number): Promise<void> {
  const inRequests = (text: string, platform: string): number =>
    Number(new RegExp(`relay_http_pool_connections{platform="${platform}"} (\\d+)`).exec(text)?.[1] ?? 0)
  await eventually(async () => {
    const books = await system.books()
    if (PLATFORM_IDS.some((platform) => books[platform].active < active)) return false
    const text = await (await fetch(`${opsUrl}/metrics`)).text()
    return PLATFORM_IDS.every((platform) => inRequests(text, platform) > 0)
  }, 15_000)
}

/** Answers later than a test needs to do its worst. */
const slowPlatforms = (ms: number): Promise<string> => system.simulator.order({ platform: '*', kind: 'latency', ms })

/** Posts one batch, and again as long as it is told to come back; every answer is put into `answers`. */
async function postPatiently(prefix: string, count: number, answers: Answer[] = []): Promise<void> {
  for (;;) {
    const answer = await shop.send(purchases(prefix, count))
    answers.push(answer)
    if (answer.status === 202) break
    expect(answer.status, answer.text).toBe(503)
    await delay(COME_BACK_MS)
  }
  accepted.push(...purchases(prefix, count).map(({ event_id: id }) => String(id)))
}

/** A shop that goes on posting whatever happens, until it is told to stop; all answers it got. */
function keepPosting(prefix: string): { readonly answers: readonly Answer[]; stop(): Promise<void> } {
  const answers: Answer[] = []
  const over = new AbortController()
  const posting = (async () => {
    for (let batch = 0; !over.signal.aborted; batch += 1) {
      await postPatiently(`${prefix}-${batch}`, 20, answers)
      await delay(30)
    }
  })()
  return {
    answers,
    async stop() {
      over.abort()
      await posting
    },
  }
}

async function expectAllArrived(): Promise<void> {
  await system.untilQuiet(SETTLED_WITHIN_MS)
  await expectArrived(system, shop, accepted)
  await expectBooks(system, { accepted: accepted.length, delivered: accepted.length, dead: 0 })
}

const repeatedArrivals = async (): Promise<number> =>
  Object.values(await system.simulator.summary()).reduce((sum, { repeated }) => sum + repeated, 0)

async function redisPid(): Promise<number> {
  return Number(/process_id:(\d+)/.exec(await system.redis.info('server'))![1])
}

function expectComeBack(answers: readonly Answer[]): void {
  const refused = answers.filter(({ status }) => status === 503)
  expect(refused).not.toEqual([])
  for (const { body, headers, tookMs } of refused) {
    expect(body).toEqual({ error: { code: 'STORE_UNAVAILABLE', message: expect.any(String), details: expect.any(Object) } })
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(tookMs).toBeLessThan(2_000)
  }
}

it('a worker killed in mid-batch: another one delivers what it had in hand, and nothing is counted twice', async () => {
  const doomed = await startWorker()
  await slowPlatforms(3_000)
  await postPatiently('killed', 300)
  await untilInFlight(doomed.opsUrl, 300)
  await doomed.process.kill()
  await expectBooks(system, { active: 300, delivered: 0 })
  await system.simulator.cancelAll()
  await startWorker()
  await expectAllArrived()
})

it('a worker told to end finishes what is under way, gives the rest back and exits 0', async () => {
  const leaving = await startWorker()
  await slowPlatforms(2_000)
  for (const batch of ['a', 'b', 'c']) await postPatiently(`drained-${batch}`, 500)
  const repeatedBefore = await repeatedArrivals()
  await untilInFlight(leaving.opsUrl, 500)
  expect(await leaving.process.terminate()).toEqual({ code: 0, signal: null })
  const [left, ledger] = [await system.books(), await system.simulator.summary()]
  for (const platform of PLATFORM_IDS) {
    expect(left[platform]).toMatchObject({ active: 0, unaccounted: 0, dead: 0 })
    expect(left[platform].delivered).toBe(ledger[platform].counted)
  }
  await system.simulator.cancelAll()
  await startWorker()
  await expectAllArrived()
  expect(await repeatedArrivals()).toBe(repeatedBefore)
})

it('Redis killed and started again while events flow: the shop is told to come back, and all recovers by itself', async () => {
  await startWorker()
  const flow = keepPosting('crashed')
  await eventually(() => flow.answers.length >= 5, 10_000)
  process.kill(await redisPid(), 'SIGKILL')
  await eventually(() => flow.answers.filter(({ status }) => status === 503).length >= 3, 15_000)
  expect((await fetch(`${system.fleet.ingestOpsUrl}/readyz`)).status).toBe(503)
  await system.fleet.restartRedis()
  const known = flow.answers.length
  await eventually(() => flow.answers.slice(known).filter(({ status }) => status === 202).length >= 5, 20_000)
  await flow.stop()
  expectComeBack(flow.answers)
  expect((await fetch(`${system.fleet.ingestOpsUrl}/readyz`)).status).toBe(200)
  await expectAllArrived()
})

it('a Redis that stalls for three seconds loses and doubles nothing', async () => {
  await startWorker()
  const flow = keepPosting('stalled')
  await eventually(() => flow.answers.length >= 5, 10_000)
  const pid = await redisPid()
  process.kill(pid, 'SIGSTOP')
  await delay(3_000)
  process.kill(pid, 'SIGCONT')
  const known = flow.answers.length
  await eventually(() => flow.answers.slice(known).filter(({ status }) => status === 202).length >= 5, 20_000)
  await flow.stop()
  expectComeBack(flow.answers)
  await expectAllArrived()
})

it('Redis away for longer than a lock lives: what was delivered meanwhile is not sent again', async () => {
  const worker = await startWorker()
  await slowPlatforms(2_000)
  await postPatiently('locked', 200)
  const repeatedBefore = await repeatedArrivals()
  await untilInFlight(worker.opsUrl, 200)
  process.kill(await redisPid(), 'SIGKILL')
  await delay(8_000)
  await system.simulator.cancelAll()
  await system.fleet.restartRedis()
  await expectAllArrived()
  expect(await repeatedArrivals()).toBe(repeatedBefore)
})
