import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderEnvExample } from '@relay/config/env-example'
import { redisConf } from '@relay/embedded-redis/redis-conf'
import { expect, test } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

// What stands under docker/ agrees with the product. That it runs is for the external tests.

const read = (name: string): Promise<string> => readFile(join(ROOT, 'docker', name), 'utf8')

/** Fixed inside a container, whose ports are published as an operator likes; the master key comes as a file alone. */
const NOT_PASSED_ON = ['RELAY_MASTER_KEY', 'RELAY_HTTP_HOST', 'RELAY_HTTP_PORT', 'RELAY_OPS_HOST', 'RELAY_OPS_PORT', 'RELAY_SIMULATOR_PORT']

test('compose.yml passes on every setting but those that it fixes, and no other', async () => {
  const settings = [...renderEnvExample().matchAll(/^#(RELAY_\w+)=/gm)].map(([, name]) => name!)
  const passedOn = [...(await read('compose.yml')).matchAll(/^ +(RELAY_\w+):/gm)].map(([, name]) => name!)
  expect(passedOn.toSorted(), 'x-environment of docker/compose.yml').toEqual(
    settings.filter((name) => !NOT_PASSED_ON.includes(name)).toSorted(),
  )
})

test('Redis keeps what it is given in a container as the embedded one does', async () => {
  const lines = redisConf({ port: 0, dir: '', logFile: '', loopback: false }).split('\n')
  const kept = lines.filter((line) => /^(?:append|aof-|save|maxmemory-policy|hash-)/.test(line))
  expect(kept.length).toBeGreaterThan(4)
  expect((await read('redis.conf')).split('\n')).toEqual(expect.arrayContaining(kept))
})
