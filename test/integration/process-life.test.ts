import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { startRedis } from '@relay/embedded-redis/start-server'
import { createKeyText } from '@relay/vault/key-ring'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProcess } from '../support/process.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'

// How a deployed process tells an operator that it cannot start, and how it ends.

const TEST_MS = 60_000
const KEY = createKeyText()

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(async () => {
  await database.release()
})

const environment = (redisUrl: string, changes: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  RELAY_REDIS_URL: redisUrl,
  RELAY_MASTER_KEY: KEY,
  RELAY_HTTP_PORT: '0',
  RELAY_OPS_PORT: '0',
  RELAY_SHUTDOWN_TIMEOUT: '1s',
  ...changes,
})

describe.each(['ingest', 'worker'])('the %s', (app) => {
  const entry = `apps/${app}/src/main.ts`

  test('that cannot have its port says so in one line of its log and ends with 1', { timeout: TEST_MS }, async () => {
    await using taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await using started = startProcess(entry, [], {
      env: environment(database.url, { RELAY_OPS_HOST: '127.0.0.1', RELAY_OPS_PORT: String(port) }),
    })
    expect(await started.exited).toEqual({ code: 1, signal: null })
    expect(JSON.parse(started.stdout.at(-1)!)).toMatchObject({ level: 'fatal', msg: 'could not start', err: { code: 'EADDRINUSE' } })
    expect(started.stderr).toEqual([])
  })

  test.each([
    [{ RELAY_MASTER_KEY: 'nonsense' }, /^ {2}RELAY_MASTER_KEY: /],
    [{ RELAY_MASTER_KEY_FILE: '/nowhere/master.key' }, /^ {2}RELAY_MASTER_KEY_FILE: /],
  ])('with an unusable master key names the setting that was given and ends with 2', { timeout: TEST_MS }, async (changes, named) => {
    await using started = startProcess(entry, [], { env: environment(database.url, changes) })
    expect(await started.exited).toEqual({ code: 2, signal: null })
    expect(started.stderr).toHaveLength(3)
    expect(started.stderr[1]).toMatch(named)
    expect(started.stderr.join('\n')).not.toContain('nonsense')
  })

  test('ends on SIGTERM also where Redis went away, by the shutdown timeout and a little', { timeout: TEST_MS }, async () => {
    await using folder = await tempFolder()
    const server = await startRedis({ dataDir: folder.path, serverDir: SERVER_DIR })
    await using started = startProcess(entry, [], { env: environment(server.url) })
    await started.line(/"listening"/, 20_000)
    await server.kill()
    const { signal } = await started.terminate()
    expect(signal).toBeNull()
    expect(started.stdout.at(-1)).toMatch(/"msg":"(drained|the drain did not come to its end[^"]*)"/)
  })
})
