import { meta } from '@relay/platforms/meta/index'
import { selectLetters } from '@relay/queue/dead-letters'
import { readBooks } from '@relay/state/books'
import { setLimit } from '@relay/state/limits'
import { startHeartbeat } from '@relay/state/processes'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { admit } from '../support/admit.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { eventually } from '../support/eventually.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { startProcess } from '../support/process.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

// Ctrl-C in the middle of a replay that is larger than what may be under way at once.

const TEST_MS = 60_000
const UNDER_WAY = 1_000
const LETTERS = 1_250

let database: FreshDatabase
let simulator: Simulator
let fleet: TestFleet
let heartbeat: { stop(): Promise<void> }

beforeAll(async () => {
  database = await freshDatabase()
})
beforeEach(async () => {
  simulator = createSimulator()
  fleet = createTestFleet(database.url, await simulator.listen(0))
  await fleet.redis.flushdb()
  await fleet.connect(meta, 'con_one', { pixel_id: '1111111111' }, { access_token: 'good-token' })
  await admit(
    fleet.redis,
    Array.from({ length: LETTERS }, () => ({
      kind: 'dead',
      delivery: buildDelivery(),
      error: { code: 'PLATFORM_ERROR', message: 'Platform answered 500' },
    })),
  )
  // So slow that the most of it is under way when the interrupt comes.
  await setLimit(fleet.redis, { platform: 'meta' }, 60)
  await fleet.startPool(meta)
  heartbeat = startHeartbeat(fleet.redis, { id: 'worker_test', kind: 'worker', platforms: ['meta'] }, () => {})
})
afterEach(async () => {
  await heartbeat.stop()
  await fleet[Symbol.asyncDispose]()
  await simulator.close()
})
afterAll(async () => {
  await database.release()
})

const startReplay = () =>
  startProcess('apps/cli/src/main.ts', ['dlq', 'replay', '--all', '--yes', '--json'], { env: { RELAY_REDIS_URL: database.url } })
const whenUnderWay = (): Promise<unknown> =>
  eventually(async () => (await selectLetters(fleet.redis, 'meta', {})).length === LETTERS - UNDER_WAY, 20_000)

test(
  'Ctrl-C moves no more, waits for what was moved, and the sum adds up; the same command does the rest',
  { timeout: TEST_MS },
  async () => {
    await using replay = startReplay()
    await whenUnderWay()
    process.kill(replay.pid, 'SIGINT')
    await replay.line(/Cancelled: waiting/, 10_000)
    await setLimit(fleet.redis, { platform: 'meta' }, 600_000)
    expect(await replay.exited).toEqual({ code: 1, signal: null })
    expect(replay.stdout).toHaveLength(1)
    expect(JSON.parse(replay.stdout[0]!)).toMatchObject({
      state: 'cancelled',
      selected: LETTERS,
      delivered: UNDER_WAY,
      died_again: 0,
      cancelled: LETTERS - UNDER_WAY,
    })
    expect(replay.stderr.join('\n')).toContain('the same command moves them')

    await using rest = startReplay()
    expect(await rest.exited).toEqual({ code: 0, signal: null })
    expect(await readBooks(fleet.redis, 'meta')).toMatchObject({ accepted: LETTERS, delivered: LETTERS, dead: 0, unaccounted: 0 })
    expect(simulator.ledger.summary().meta).toMatchObject({ counted: LETTERS, repeated: 0 })
  },
)

test('a second Ctrl-C ends the command at once; what was moved is delivered all the same', { timeout: TEST_MS }, async () => {
  await using replay = startReplay()
  await whenUnderWay()
  process.kill(replay.pid, 'SIGINT')
  await replay.line(/Cancelled: waiting/, 10_000)
  process.kill(replay.pid, 'SIGINT')
  expect(await replay.exited).toEqual({ code: null, signal: 'SIGINT' })
  await setLimit(fleet.redis, { platform: 'meta' }, 600_000)
  await eventually(
    async () =>
      expect(await readBooks(fleet.redis, 'meta')).toMatchObject({ delivered: UNDER_WAY, dead: LETTERS - UNDER_WAY, unaccounted: 0 }),
    20_000,
  )
  expect(simulator.ledger.summary().meta).toMatchObject({ counted: UNDER_WAY, repeated: 0 })
})
