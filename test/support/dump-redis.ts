import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { connectRedis } from '@relay/state/redis'
import type { Surface } from './canaries.ts'

type Redis = ReturnType<typeof connectRedis>

/** Every key and every value of a database, a surface each. */
export async function dumpRedis(redis: Redis): Promise<Surface[]> {
  const surfaces: Surface[] = []
  for await (const page of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
    for (const key of page) surfaces.push({ name: `Redis key ${key}`, text: `${key}\n${await valueOf(redis, key)}` })
  }
  return surfaces
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key)
  switch (type) {
    case 'none':
      return ''
    case 'string':
      return (await redis.get(key)) ?? ''
    case 'hash':
      return Object.entries(await redis.hgetall(key))
        .flat()
        .join('\n')
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n')
    case 'set':
      return (await redis.smembers(key)).join('\n')
    case 'zset':
      return (await redis.zrange(key, '0', '-1', 'WITHSCORES')).join('\n')
    case 'stream':
      return (await redis.xrange(key, '-', '+')).flat(3).join('\n')
    default:
      throw new Error(`${key} is a ${type}, which nobody looks into`)
  }
}

/** Every file below a folder, whatever it is. */
export async function readFiles(folder: string): Promise<Surface[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (file) => ({ name: `file ${file}`, text: await readFile(file, 'utf8') })))
}
