import { connectRedis } from '@relay/state/redis'
import { readRedisHealth, redisWarnings } from '@relay/state/redis-health'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DOCKER_DIR, redisImage, requireEngine } from '../support/container-engine.ts'
import { runToEnd } from '../support/process.ts'

// The Redis that the compose file runs, with its configuration: another version than the one that the other tests find on their machine.

const ESSENTIALS = ['queue', 'shared-state', 'ingest'].map((name) => `test/integration/${name}.test.ts`)

let container: StartedTestContainer
let url: string

beforeAll(async () => {
  await requireEngine()
  container = await new GenericContainer(await redisImage())
    .withCopyFilesToContainer([{ source: `${DOCKER_DIR}/redis.conf`, target: '/etc/relay/redis.conf' }])
    .withCommand(['redis-server', '/etc/relay/redis.conf'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forSuccessfulCommand('redis-cli ping | grep -q PONG'))
    .start()
  url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`
})
afterAll(() => container?.stop())

it('a process has nothing to warn of: it keeps what it is given, and evicts nothing', async () => {
  const redis = connectRedis({ url, patience: 'wait', onError: () => {} })
  const health = await readRedisHealth(redis)
  redis.disconnect()
  expect(health).toMatchObject({ appendOnly: true, maxMemoryPolicy: 'noeviction', maxMemoryBytes: 1_073_741_824 })
  expect(redisWarnings(health)).toEqual([])
})

it('queue, shared state and the ways in work on it as on any other', async () => {
  const args = ['run', '--config', 'test/vitest.config.ts', '--project', 'integration', ...ESSENTIALS]
  const env = { RELAY_REDIS_URL: url, NO_COLOR: '1' }
  const { code, stdout, stderr } = await runToEnd('node_modules/.bin/vitest', args, { env, withinMs: 240_000 })
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  expect(stdout).toMatch(new RegExp(`Test Files +${ESSENTIALS.length} passed`))
})
