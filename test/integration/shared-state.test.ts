import type { ConnectionId } from '@relay/core/ids'
import { askBreaker, readBreaker, tellBreaker } from '@relay/state/circuit-breaker'
import { withLease } from '@relay/state/lease'
import { activePauses, addPause, endPause } from '@relay/state/pause-reasons'
import { askRate, bucketOf, requestBucketOf } from '@relay/state/rate-limit'
import { connectRedis, whenReady } from '@relay/state/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

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

const one = 'con_one' as ConnectionId

describe('rate limit', () => {
  test('many askers at once get no more than burst and refill allow', async () => {
    const limit = 6_000 // 240 at once, then 96 a second
    const startedAt = performance.now()
    let granted = 0
    let last = 0
    const asker = async (): Promise<void> => {
      while (performance.now() - startedAt < 1_500) {
        const grant = await askRate(redis, 'meta', one, 50, { platform: bucketOf(limit), connection: undefined })
        granted += grant.granted
        if (grant.granted > 0) last = performance.now() - startedAt
      }
    }
    await Promise.all([asker(), asker(), asker()])
    const most = 240 + (last / 60_000) * (limit - 240 + 1)
    expect(granted).toBeLessThanOrEqual(Math.ceil(most) + 1)
    expect(granted).toBeGreaterThan(most * 0.8)
  })

  test('what a limit refuses comes with the time after which it will be granted', async () => {
    const limits = { platform: bucketOf(600), connection: undefined }
    await askRate(redis, 'tiktok', one, 24, limits)
    const refused = await askRate(redis, 'tiktok', one, 5, limits)
    expect(refused).toMatchObject({ granted: 0, limitedBy: 'platform' })
    await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs + 5))
    expect(await askRate(redis, 'tiktok', one, 5, limits)).toMatchObject({ granted: 5 })
  })

  test('a connection at its own limit leaves the platform’s to the others', async () => {
    const limits = { platform: bucketOf(6_000), connection: bucketOf(60) }
    expect(await askRate(redis, 'meta', one, 10, limits)).toMatchObject({ granted: 2, limitedBy: 'connection' })
    expect(
      await askRate(redis, 'meta', 'con_two' as ConnectionId, 200, { platform: bucketOf(6_000), connection: undefined }),
    ).toMatchObject({
      granted: 200,
    })
  })
})

test('where a platform counts requests, one takes one whatever it carries, over all connections of the application', async () => {
  const requests = { application: 'app', short: requestBucketOf(10, 1_000), daily: requestBucketOf(100_000, 86_400_000) }
  const buckets = { platform: bucketOf(600_000), connection: undefined, requests }
  expect(await askRate(redis, 'snapchat', one, 500, buckets)).toMatchObject({ granted: 500 })
  expect(await askRate(redis, 'snapchat', 'con_two' as ConnectionId, 1, buckets)).toMatchObject({ granted: 0, limitedBy: 'requests' })
  expect(await askRate(redis, 'snapchat', one, 1, { ...buckets, requests: { ...requests, application: 'other' } })).toMatchObject({
    granted: 1,
  })
})

describe('breaker', () => {
  test('eight processes that fail at once open it once', async () => {
    const changes = await Promise.all(Array.from({ length: 8 }, () => tellBreaker(redis, 'meta', 'failure', undefined, 60_000)))
    expect(changes.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await readBreaker(redis, 'meta')).toMatchObject({ state: 'open' })
    expect(await askBreaker(redis, 'meta')).toMatchObject({ kind: 'wait' })
  })

  test('of many that ask after its rest three get a probe, and their success closes it', async () => {
    await Promise.all(Array.from({ length: 5 }, () => tellBreaker(redis, 'meta', 'failure', undefined, 1)))
    await new Promise((resolve) => setTimeout(resolve, 10))
    const answers = await Promise.all(Array.from({ length: 10 }, () => askBreaker(redis, 'meta')))
    const probes = answers.flatMap((answer) => (answer.kind === 'probe' ? [answer.probeId] : []))
    expect(probes).toHaveLength(3)
    await Promise.all(probes.map((probeId) => tellBreaker(redis, 'meta', 'success', probeId, 60_000)))
    expect(await readBreaker(redis, 'meta')).toMatchObject({ state: 'closed', failureCount: 0 })
  })
})

describe('pauses', () => {
  test('the end of one cause leaves the other in force', async () => {
    const now = Date.now()
    expect(await addPause(redis, 'meta', { reason: 'maintenance', until: now + 60_000, message: 'announced' })).toBe(true)
    expect(await addPause(redis, 'meta', { reason: 'maintenance', until: now + 50_000, message: 'again' })).toBe(false)
    await addPause(redis, 'meta', { reason: 'limit', until: now + 90_000, message: '429' })
    expect((await activePauses(redis, 'meta')).map(({ reason, until }) => [reason, until])).toEqual([
      ['limit', now + 90_000],
      ['maintenance', now + 60_000],
    ])
    await endPause(redis, 'meta', 'limit')
    expect((await activePauses(redis, 'meta')).map(({ reason }) => reason)).toEqual(['maintenance'])
  })
})

const hold = (work: () => Promise<number>): ReturnType<typeof withLease<number>> =>
  withLease(redis, 'google', 'refresh:con_one', { owner: Math.random().toString(), leaseMs: 5_000 }, work)

test('a lease is held by one and free after its work', async () => {
  const answers = await Promise.all([hold(async () => 1), hold(async () => 2)])
  expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['done', 'taken'])
  expect((await hold(async () => 3)).kind).toBe('done')
})
