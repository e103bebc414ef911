import type { PlatformId } from '@relay/core/ids'
import { alignBrake } from '@relay/queue/brake'
import { closeBreaker, openBreaker, readBreaker, resetBreaker, tellBreaker } from '@relay/state/circuit-breaker'
import { readHolds } from '@relay/state/holds'
import { keys } from '@relay/state/keys'
import { readLimits } from '@relay/state/limits'
import { declareMaintenance, endDeclaredMaintenance } from '@relay/state/maintenance'
import { activePauses, addPause, endPause } from '@relay/state/pause-reasons'
import { connectRedis, whenReady } from '@relay/state/redis'
import { hasEnd, WITHOUT_END } from '@relay/state/without-end'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

/* Why a queue waits is a set: these are the causes, how each begins and how it ends before its time. */

let database: FreshDatabase
let redis: Redis

beforeAll(async () => {
  database = await freshDatabase()
  redis = connectRedis({ url: database.url, patience: 'wait', onError: () => {} })
  await whenReady(redis, 5_000)
})

beforeEach(async () => {
  await redis.flushdb()
})

afterAll(async () => {
  redis.disconnect()
  await database.release()
})

const META: PlatformId = 'meta'
const MINUTE_MS = 60_000
const inMs = (ms: number): number => Date.now() + ms
const pausedFor = (reason: 'limit' | 'configuration' | 'maintenance') => (ms: number) =>
  addPause(redis, META, { reason, until: inMs(ms), message: `told by the platform: ${reason}` })

const CAUSES = {
  operator: {
    reason: 'operator',
    begin: () => addPause(redis, META, { reason: 'operator', until: WITHOUT_END, message: 'paused by ada' }),
    end: () => endPause(redis, META, 'operator'),
  },
  breaker: { reason: 'breaker', begin: () => openBreaker(redis, META, undefined), end: () => closeBreaker(redis, META) },
  'breaker for a time': { reason: 'breaker', begin: (ms: number) => openBreaker(redis, META, ms), end: () => resetBreaker(redis, META) },
  'breaker of failures': {
    reason: 'breaker',
    begin: (ms: number) => Promise.all(Array.from({ length: 5 }, () => tellBreaker(redis, META, 'failure', undefined, ms))),
    end: () => closeBreaker(redis, META),
  },
  'declared maintenance': {
    reason: 'maintenance',
    begin: (ms: number) => declareMaintenance(redis, META, { from: undefined, until: inMs(ms), reason: 'announced', by: 'ada' }),
    end: () => endDeclaredMaintenance(redis, META),
  },
  'recognised maintenance': {
    reason: 'maintenance',
    begin: pausedFor('maintenance'),
    end: () => endPause(redis, META, 'maintenance'),
  },
  limit: { reason: 'limit', begin: pausedFor('limit'), end: () => endPause(redis, META, 'limit') },
  configuration: { reason: 'configuration', begin: pausedFor('configuration'), end: () => endPause(redis, META, 'configuration') },
} as const satisfies Record<string, { reason: string; begin(ms: number): Promise<unknown>; end(): Promise<unknown> }>

type Cause = keyof typeof CAUSES
const ALL = Object.keys(CAUSES) as Cause[]
const isBreaker = (cause: Cause): boolean => CAUSES[cause].reason === 'breaker'
/** There is one breaker, so its three kinds make no pair with each other. */
const PAIRS = ALL.flatMap((ending) =>
  ALL.filter((staying) => staying !== ending && !(isBreaker(ending) && isBreaker(staying))).map((staying) => [ending, staying] as const),
)
/** Those that end by themselves. */
const TIMED = ALL.filter((cause) => cause !== 'operator' && cause !== 'breaker')
const TIMED_PAIRS = PAIRS.filter(([ending]) => TIMED.some((cause) => cause === ending))

const reasons = async (): Promise<string[]> => (await readHolds(redis, META)).map(({ reason }) => reason)
const brakeLeftMs = (): Promise<number> => redis.pttl(keys.queuePart(META, 'limiter'))
const NO_BRAKE = -2

describe('the end of one cause never undoes another', () => {
  test.each(PAIRS)('%s ends, %s stays', async (ending, staying) => {
    await CAUSES[staying].begin(5 * MINUTE_MS)
    await CAUSES[ending].begin(9 * MINUTE_MS)
    await alignBrake(redis, META)
    expect(new Set(await reasons())).toEqual(new Set([CAUSES[staying].reason, CAUSES[ending].reason]))

    await CAUSES[ending].end()
    expect(await alignBrake(redis, META)).toBe('waits')
    expect(await reasons()).toEqual([CAUSES[staying].reason])
    const [left] = await readHolds(redis, META)
    if (hasEnd(left!.until)) {
      // The brake is that of what is left, and not of what has ended.
      expect(await brakeLeftMs()).toBeGreaterThan(4 * MINUTE_MS)
      expect(await brakeLeftMs()).toBeLessThanOrEqual(5 * MINUTE_MS)
    } else expect(await brakeLeftMs()).toBeGreaterThan(9 * MINUTE_MS)

    await CAUSES[staying].end()
    expect(await alignBrake(redis, META)).toBe('runs')
    expect(await reasons()).toEqual([])
    expect(await brakeLeftMs()).toBe(NO_BRAKE)
  })

  test.each(TIMED_PAIRS)('%s is over by itself, %s stays', async (ending, staying) => {
    await CAUSES[ending].begin(30)
    await CAUSES[staying].begin(MINUTE_MS)
    await eventually(async () => {
      const [first, ...others] = await readHolds(redis, META)
      return others.length === 0 && first!.until > inMs(30_000)
    }, 2_000)
    expect(await alignBrake(redis, META)).toBe('waits')
    expect(await reasons()).toEqual([CAUSES[staying].reason])
  })

  test.each(ALL)('%s alone: it ends, and a worker that sleeps is woken', async (cause) => {
    await CAUSES[cause].begin(MINUTE_MS)
    expect(await alignBrake(redis, META)).toBe('waits')
    await redis.del(keys.queuePart(META, 'marker'))
    await CAUSES[cause].end()
    expect(await alignBrake(redis, META)).toBe('runs')
    expect(await redis.exists(keys.queuePart(META, 'marker'))).toBe(1)
    expect(await readHolds(redis, 'google')).toEqual([])
  })
})

test('what nobody but an operator ends brakes for ten minutes at most at a time, so that a crash leaves no fleet behind that stands still', async () => {
  await CAUSES.operator.begin()
  await alignBrake(redis, META)
  expect(await brakeLeftMs()).toBeLessThanOrEqual(600_000)
  await redis.del(keys.pauses(META))
  await alignBrake(redis, META)
  expect(await brakeLeftMs()).toBe(NO_BRAKE)
})

test('of an align that meets the end of the reason it saw, the newer set has the last word', async () => {
  for (let round = 0; round < 20; round += 1) {
    await CAUSES.operator.begin()
    await Promise.all([alignBrake(redis, META), CAUSES.operator.end().then(() => alignBrake(redis, META)), alignBrake(redis, META)])
    expect(await brakeLeftMs()).toBe(NO_BRAKE)
    await Promise.all([alignBrake(redis, META), CAUSES.operator.begin().then(() => alignBrake(redis, META)), alignBrake(redis, META)])
    expect(await brakeLeftMs()).toBeGreaterThan(0)
    await CAUSES.operator.end()
  }
})

describe('maintenance', () => {
  test('a window declared in advance is in force from its beginning on, and not before', async () => {
    const { window } = await declareMaintenance(redis, META, { from: inMs(250), until: inMs(MINUTE_MS), reason: 'later', by: 'ada' })
    expect(await activePauses(redis, META)).toEqual([])
    await eventually(async () => expect(await activePauses(redis, META)).toHaveLength(1), 3_000)
    expect(await activePauses(redis, META)).toEqual([{ reason: 'maintenance', until: window.until, message: 'later' }])
    expect(await endDeclaredMaintenance(redis, META, 'mnt_unknown')).toEqual([])
    expect(await endDeclaredMaintenance(redis, META, window.id)).toEqual([window])
    expect(await activePauses(redis, META)).toEqual([])
  })

  test('overlapping windows are one reason that lasts until the later end, and each ends alone', async () => {
    const one = await declareMaintenance(redis, META, { from: undefined, until: inMs(MINUTE_MS), reason: 'first', by: 'ada' })
    const two = await declareMaintenance(redis, META, { from: undefined, until: inMs(5 * MINUTE_MS), reason: 'second', by: 'bob' })
    expect(await activePauses(redis, META)).toEqual([{ reason: 'maintenance', until: two.window.until, message: 'first' }])
    await endDeclaredMaintenance(redis, META, two.window.id)
    expect(await activePauses(redis, META)).toEqual([{ reason: 'maintenance', until: one.window.until, message: 'first' }])
  })

  test.each(['declared maintenance', 'recognised maintenance'] as const)(
    'after a %s a quarter of the limit is in force, and all of it after the ramp',
    async (cause) => {
      expect(await readLimits(redis, META)).toMatchObject({ share: 1 })
      await CAUSES[cause].begin(MINUTE_MS)
      await CAUSES[cause].end()
      const { share } = await readLimits(redis, META)
      expect(share).toBeGreaterThanOrEqual(0.25)
      expect(share).toBeLessThan(0.5)
      await eventually(async () => (await readLimits(redis, META, 300)).share === 1, 3_000)
    },
  )

  test('one that is over by itself is returned from in a ramp, too, and leaves no key without a lifetime', async () => {
    await CAUSES['recognised maintenance'].begin(20)
    await CAUSES['declared maintenance'].begin(20)
    await eventually(async () => (await activePauses(redis, META)).length === 0, 2_000)
    expect((await readLimits(redis, META)).share).toBeLessThan(0.5)
    for (const key of [keys.pauses(META), keys.maintenance(META)]) expect(await redis.pttl(key)).toBeGreaterThan(0)
  })

  test.each(['operator', 'limit', 'configuration', 'breaker'] as const)('the end of %s is no return from a maintenance', async (cause) => {
    await CAUSES[cause].begin(MINUTE_MS)
    await CAUSES[cause].end()
    expect(await readLimits(redis, META)).toMatchObject({ share: 1 })
  })
})

test('a breaker that an operator opened outlives the day after which an idle one is forgotten', async () => {
  await openBreaker(redis, META, undefined)
  expect(await redis.pttl(keys.breaker(META))).toBeGreaterThan(365 * 86_400_000)
  expect(await readBreaker(redis, META)).toMatchObject({ state: 'open', openedBy: 'operator', holdsUntil: WITHOUT_END })
  expect((await readBreaker(redis, META)).recoveryAt).toBeUndefined()
})
