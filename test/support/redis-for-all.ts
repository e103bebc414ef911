import { fileURLToPath } from 'node:url'
import { startRedis } from '@relay/embedded-redis/start-server'
import type { TestProject } from 'vitest/node'
import { tempFolder } from './temp-folder.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string
  }
}

/** Where the distribution's Redis is unpacked if it comes to that: the same place as for a demo in this folder, so that it is fetched once. */
export const SERVER_DIR = fileURLToPath(new URL('../../.relay/redis', import.meta.url))

/** One Redis for all test files of a run: RELAY_REDIS_URL (its databases 1 to 15 are emptied), else the product's embedded one with data of its own. */
export default async function redisForAll(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['RELAY_REDIS_URL'] ?? ''
  if (given !== '') {
    project.provide('redisUrl', given)
    return async () => {}
  }
  const folder = await tempFolder('relay-test-redis-')
  const redis = await startRedis({
    dataDir: folder.path,
    serverDir: SERVER_DIR,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  })
  project.provide('redisUrl', redis.url)
  return async () => {
    await redis.stop()
    await folder[Symbol.asyncDispose]()
  }
}
