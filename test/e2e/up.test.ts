import { access, mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { chooseFreePort } from '@relay/embedded-redis/free-port'
import { processMark } from '@relay/embedded-redis/process-mark'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { runToEnd, type RunningProcess, startProcess } from '../support/process.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { tempFolder } from '../support/temp-folder.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let env: Record<string, string>
let up: RunningProcess

beforeEach(async () => {
  folder = await tempFolder()
  const [http, ops, simulator] = [await chooseFreePort(), await chooseFreePort(), await chooseFreePort()]
  env = { RELAY_HTTP_PORT: `${http}`, RELAY_HTTP_HOST: '127.0.0.1', RELAY_OPS_PORT: `${ops}`, RELAY_SIMULATOR_PORT: `${simulator}` }
  // Where the distribution's Redis has been fetched for the tests already, it is not fetched again.
  await mkdir(join(folder.path, '.relay'))
  await access(SERVER_DIR).then(
    () => symlink(SERVER_DIR, join(folder.path, '.relay', 'redis')),
    () => undefined,
  )
  up = startProcess('apps/cli/src/main.ts', ['up', '--with-simulator'], { env, cwd: folder.path })
  await up.line(/^relay is up/, 90_000)
})

afterEach(async () => {
  await up[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const relay = (args: readonly string[], input = '') => runToEnd('apps/cli/src/main.ts', args, { cwd: folder.path, input })
const isGone = async (pid: number): Promise<boolean> => (await processMark(pid)) === undefined

/** Ids of the processes that `up` started, by their own log lines. */
const pidsOf = (): number[] => [...up.stderr.join('\n').matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))

async function redisPid(): Promise<number> {
  const record = JSON.parse(await readFile(join(folder.path, '.relay', 'data', 'server.json'), 'utf8')) as { pid: number }
  return record.pid
}

test('a newcomer sends an event with nothing configured, and Ctrl-C leaves no process behind', async () => {
  expect((await relay(['tenants', 'add', 'acme'])).code).toBe(0)
  const { key } = JSON.parse((await relay(['keys', 'add', '--tenant', 'acme', '--json'])).stdout) as { key: string }
  const file = JSON.stringify({ credentials: { access_token: 'EAAgood' }, settings: { pixel_id: '111' } })
  expect((await relay(['connections', 'add', '--tenant', 'acme', '--platform', 'meta', '--file', '-'], file)).code).toBe(0)

  const user = { email: 'ada@example.com', client_ip_address: '8.8.8.8', client_user_agent: 'Mozilla/5.0' }
  const event = {
    event_name: 'Purchase',
    event_id: 'o-1',
    event_source_url: 'https://shop.example/',
    user_data: user,
    custom_data: { currency: 'EUR', value: 5 },
  }
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const answer = await fetch(`http://127.0.0.1:${env['RELAY_HTTP_PORT']}/v1/events`, {
    method: 'POST',
    headers,
    body: JSON.stringify(event),
  })
  expect(answer.status).toBe(202)
  await answer.arrayBuffer()
  await eventually(async () => {
    const status = JSON.parse((await relay(['status', '--json'])).stdout) as { platforms: { meta: { delivered: number } } }
    return status.platforms.meta.delivered === 1
  }, 20_000)

  expect((await stat(join(folder.path, '.relay', 'master.key'))).mode & 0o777).toBe(0o600)
  expect((await relay(['up'])).code).toBe(1)
  const pids = [...new Set([...pidsOf(), await redisPid()])]
  expect(pids.length).toBeGreaterThanOrEqual(3)
  process.kill(up.pid, 'SIGINT')
  expect(await up.exited).toEqual({ code: 0, signal: null })
  for (const pid of pids) expect(await isGone(pid)).toBe(true)
  await expect(access(join(folder.path, '.relay', 'up.json'))).rejects.toThrow('ENOENT')
})

test('a worker that is killed is started again and said so; processes of a killed `up` end by themselves', async () => {
  const workerLine = await up.line(/^worker .*"msg":"listening"/, 20_000)
  const workerPid = Number(/"pid":(\d+)/.exec(workerLine)?.[1])
  process.kill(workerPid, 'SIGKILL')
  await up.line(/worker ended \(SIGKILL\); it is started again/, 10_000)
  await eventually(() => up.stderr.filter((line) => /^worker .*"msg":"listening"/.test(line)).length === 2, 20_000)

  const pids = [...new Set(pidsOf())]
  const server = await redisPid()
  process.kill(up.pid, 'SIGKILL')
  await up.exited
  await eventually(async () => (await Promise.all(pids.map(isGone))).every(Boolean), 40_000)
  // The server keeps the data and is found by the next start; this test has to end it.
  expect(await isGone(server)).toBe(false)
  process.kill(server, 'SIGTERM')
  await eventually(() => isGone(server), 15_000)
})
