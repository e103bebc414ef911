import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'

/** A Lua command of scripts/: its header names KEYS, ARGV and result. */
export interface Script {
  run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  /** As part of a MULTI or pipeline: the whole source travels, since a MULTI cannot fall back when the server has forgotten the digest. */
  queue(commands: ChainableCommander, keys: readonly string[], args: readonly (string | number)[]): ChainableCommander
}

/** Reads `scripts/<name>.lua` beside the module that owns it; a line `--@include <name>` stands for `scripts/include/<name>.lua`. */
export function loadScript(folder: URL, name: string): Script {
  const read = (path: string): string => readFileSync(new URL(`scripts/${path}.lua`, folder), 'utf8')
  const source = read(name).replaceAll(/^--@include (\S+)$/gm, (_, included: string) => read(`include/${included}`))
  const digest = createHash('sha1').update(source).digest('hex')
  return {
    async run(redis, keys, args) {
      try {
        return await redis.evalsha(digest, keys.length, ...keys, ...args)
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return redis.eval(source, keys.length, ...keys, ...args)
      }
    },
    queue: (commands, keys, args) => commands.eval(source, keys.length, ...keys, ...args),
  }
}
