import { arch, cpus, release, totalmem, type } from 'node:os'
import { startRedis } from '@relay/embedded-redis/start-server'
import { connectRedis } from '@relay/state/redis'
import { readRedisHealth } from '@relay/state/redis-health'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { readManifest } from '../support/source-tree.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { acceptContest } from './accept.ts'
import { hold, type Result } from './contest.ts'
import { deliverContest } from './deliver.ts'
import { encodeContests } from './encode.ts'

/*
 * `npm run bench [-- --json]`: how fast, as a ratio to a baseline of the same run, since events a second say as much of the machine as of the program.
 * Counts are fixed and nothing fails for being slow. By hand, on a machine that does nothing else; Redis is one of its own, append-only file on.
 */

const ROUNDS = 5

async function describeMachine(redisVersion: string): Promise<Record<string, string | number>> {
  const [cpu] = cpus()
  const [root, platforms] = await Promise.all([readManifest('.'), readManifest('libs/platforms')])
  const versions = { ...root.devDependencies, ...platforms.dependencies }
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    redis: redisVersion,
    // Pinned, so what is declared is what is installed.
    ...Object.fromEntries(['bullmq', 'ioredis', 'undici'].map((name) => [name, versions[name] ?? 'unknown'])),
  }
}

const column = (perSecond: number): string => perSecond.toLocaleString('en').padStart(11)

function lineOf({ name, workPerSecond, baselinePerSecond, ratio, events, rounds }: Result): string {
  const spread = `${ratio.lowest.toFixed(3)} to ${ratio.highest.toFixed(3)}`
  return `${name.padEnd(16)}${column(workPerSecond)}${column(baselinePerSecond)}   ${ratio.median.toFixed(3)}  (${spread}; ${rounds} × ${events} events)`
}

await using folder = await tempFolder('relay-bench-')
const server = await startRedis({ dataDir: folder.path, serverDir: SERVER_DIR, onProgress: (text) => process.stderr.write(`${text}\n`) })
// Redis is in a session of its own: Ctrl-C would leave it running.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.stop().finally(() => process.exit(1)))
const redis = connectRedis({ url: server.url, patience: 'wait', onError: () => {} })
try {
  const isJson = process.argv.includes('--json')
  const say = (text: string): unknown => (isJson ? undefined : process.stdout.write(`${text}\n`))
  const machine = await describeMachine((await readRedisHealth(redis)).version)
  for (const [name, value] of Object.entries(machine)) say(`${name.padEnd(12)}${value}`)
  say(`\n${''.padEnd(16)}   events/s   baseline   ratio`)
  const results: Result[] = []
  for (const contest of [acceptContest(redis), deliverContest(server.url), ...encodeContests()]) {
    const result = await hold(contest, ROUNDS)
    results.push(result)
    say(lineOf(result))
  }
  say('')
  for (const { name, work, baseline } of results) say(`${name}: ${work}; baseline: ${baseline}`)
  if (isJson) process.stdout.write(`${JSON.stringify({ machine, results })}\n`)
} finally {
  redis.disconnect()
  await server.stop()
}
