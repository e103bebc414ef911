import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { connectRedis } from '@relay/state/redis'
import { inject } from 'vitest'

// Prefixes and queue names are the product's own, so test files are kept apart by Redis' logical databases: 1 to 15, each held by one file at a time.
// Who holds which is written in database 0, so that two runs against one Redis do not meet either.

const FIRST_DATABASE = 1
const LAST_DATABASE = 15
/** A run that was killed gives its databases back after this. */
const CLAIM_MS = 15 * 60_000
const WAIT_MAX_MS = 60_000
const POLL_MS = 100

export interface FreshDatabase extends AsyncDisposable {
  readonly url: string
  /** As `[Symbol.asyncDispose]`: empties the database and gives it back. */
  release(): Promise<void>
}

/** The Redis of this run, without a database's number: integration tests alone have one. */
export const testRedisUrl = (): string => inject('redisUrl')

/** An empty database that nobody else uses until it is released: one per test file, in `beforeAll` and `afterAll`. */
export async function freshDatabase(serverUrl: string = testRedisUrl()): Promise<FreshDatabase> {
  const token = randomBytes(8).toString('hex')
  const number = await onDatabase(serverUrl, 0, (redis) => claimNumber(redis, token))
  await onDatabase(serverUrl, number, (redis) => redis.flushdb())
  const release = async (): Promise<void> => {
    await onDatabase(serverUrl, number, (redis) => redis.flushdb())
    await onDatabase(serverUrl, 0, async (redis) => {
      if ((await redis.get(claimOf(number))) === token) await redis.del(claimOf(number))
    })
  }
  return { url: urlOf(serverUrl, number), release, [Symbol.asyncDispose]: release }
}

type Redis = ReturnType<typeof connectRedis>

async function claimNumber(redis: Redis, token: string): Promise<number> {
  const giveUpAt = performance.now() + WAIT_MAX_MS
  while (performance.now() < giveUpAt) {
    for (let number = FIRST_DATABASE; number <= LAST_DATABASE; number++) {
      if ((await redis.set(claimOf(number), token, 'PX', CLAIM_MS, 'NX')) === 'OK') return number
    }
    await delay(POLL_MS)
  }
  throw new Error(
    `databases ${FIRST_DATABASE} to ${LAST_DATABASE} of the test Redis are all taken; their claims are relay-test:database:* in database 0`,
  )
}

async function onDatabase<T>(serverUrl: string, number: number, work: (redis: Redis) => Promise<T>): Promise<T> {
  // An error shows in the command that fails by it.
  const redis = connectRedis({ url: urlOf(serverUrl, number), patience: 'wait', onError: () => {} })
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

const claimOf = (number: number): string => `relay-test:database:${number}`

function urlOf(serverUrl: string, number: number): string {
  const url = new URL(serverUrl)
  url.pathname = `/${number}`
  return url.href
}
