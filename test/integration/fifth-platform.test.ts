import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chooseFreePort } from '@relay/embedded-redis/free-port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { runToEnd, startProcess } from '../support/process.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'
import { ROOT } from '../support/source-tree.ts'
import { tempFolder } from '../support/temp-folder.ts'

// "A platform more" of CONTRIBUTING.md, done to a copy of the repository: one folder, the lines that it shows, one simulator file, and nothing else.

const run = promisify(execFile)

let copy: Awaited<ReturnType<typeof tempFolder>>
let database: FreshDatabase
beforeAll(async () => {
  copy = await tempFolder('relay-fifth-')
  database = await freshDatabase()
  await copyRepository(copy.path)
  await addFolder(copy.path)
  await applyLines(copy.path)
})
afterAll(async () => {
  await database.release()
  await copy[Symbol.asyncDispose]()
})

/** The product alone; packages are those of this repository, but our own, which are the copy's. */
async function copyRepository(to: string): Promise<void> {
  const isSource = (path: string): boolean => !path.includes('node_modules') && !path.endsWith('.test.ts')
  for (const folder of ['apps', 'libs']) await cp(join(ROOT, folder), join(to, folder), { recursive: true, filter: isSource })
  for (const file of ['package.json', 'tsconfig.json']) await cp(join(ROOT, file), join(to, file))
  await mkdir(join(to, 'node_modules', '@relay'), { recursive: true })
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '@relay') await symlink(join(ROOT, 'node_modules', name), join(to, 'node_modules', name))
  }
  for (const lib of await readdir(join(to, 'libs'))) await symlink(join(to, 'libs', lib), join(to, 'node_modules', '@relay', lib))
}

/** The example names its neighbours from where it stands; in its place they are one folder up. */
async function addFolder(to: string): Promise<void> {
  const from = join(ROOT, 'test', 'fifth-platform')
  const folder = join(to, 'libs', 'platforms', 'src', 'pinboard')
  await mkdir(folder)
  for (const file of await readdir(join(from, 'pinboard'))) {
    const text = await readFile(join(from, 'pinboard', file), 'utf8')
    await writeFile(join(folder, file), text.replaceAll(/'@relay\/platforms\/([^']+)'/g, "'../$1.ts'"))
  }
  const simulator = await readFile(join(from, 'simulator.ts'), 'utf8')
  await writeFile(join(to, 'apps', 'simulator', 'src', 'pinboard.ts'), simulator.replaceAll('../../apps/simulator/src/', './'))
}

async function applyLines(to: string): Promise<void> {
  const contributing = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
  const diff = /```diff\n([^]*?)```/.exec(contributing)?.[1] ?? ''
  for (const part of diff.split(/^--- /m).slice(1)) {
    const [path = '', ...lines] = part.trimEnd().split('\n')
    let text = await readFile(join(to, path), 'utf8')
    for (const hunk of lines.join('\n').split(/^@@\n/m)) {
      const side = (mark: string): string =>
        hunk
          .trimEnd()
          .split('\n')
          .filter((line) => line.startsWith(' ') || line.startsWith(mark))
          .map((line) => line.slice(1))
          .join('\n')
      expect(text.split(side('-')), `${path} has these lines once`).toHaveLength(2)
      text = text.replace(side('-'), () => side('+'))
    }
    await writeFile(join(to, path), text)
  }
}

const relay = (args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string) =>
  runToEnd(join(copy.path, 'apps/cli/src/main.ts'), args, { cwd: copy.path, env, ...(input === undefined ? {} : { input }) })

const EVENT = {
  event_id: 'order-1',
  event_name: 'Purchase',
  user_data: { email: 'jane@shop.example' },
  custom_data: { currency: 'EUR', value: 49.9 },
}

test('the types of the whole product hold', async () => {
  await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', copy.path], { cwd: copy.path }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout)
  })
})

test('its events can be previewed, and its answers explained', async () => {
  const preview = await relay(['preview', '--platform', 'pinboard'], {}, `${JSON.stringify(EVENT)}\n`)
  expect(JSON.parse(preview.stdout)).toMatchObject({
    platform: 'pinboard',
    refused: null,
    event: { event_name: 'checkout', event_id: 'order-1' },
  })
  const explain = await relay(['explain', '--platform', 'pinboard'], {}, '{"status": 401, "body": {"code": 2}}\n')
  expect(JSON.parse(explain.stdout)).toMatchObject({ outcomes: [{ kind: 'reject', code: 'CREDENTIALS_EXPIRED', platform_code: '2' }] })
})

test('it has settings, a queue, books and metrics of its own, and an event arrives', async () => {
  const [http, ops, simulator] = await Promise.all([chooseFreePort(), chooseFreePort(), chooseFreePort()])
  const env = {
    RELAY_REDIS_URL: database.url,
    RELAY_HTTP_PORT: String(http),
    RELAY_OPS_PORT: String(ops),
    RELAY_SIMULATOR_PORT: String(simulator),
    RELAY_PINBOARD_BASE_URL: `http://127.0.0.1:${simulator}/pinboard`,
    RELAY_PINBOARD_EVENTS_PER_MINUTE: '6000',
  }
  await using up = startProcess(join(copy.path, 'apps/cli/src/main.ts'), ['up', '--with-simulator'], { cwd: copy.path, env })
  await up.line(/relay is up/, 30_000)
  const json = async (args: readonly string[], input?: string): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await relay([...args, '--json'], env, input)
    expect(code, `relay ${args.join(' ')}\n${stderr}`).toBe(0)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  await json(['tenants', 'add', 'acme'])
  const { key } = await json(['keys', 'add', '--tenant', 'acme'])
  const file = JSON.stringify({ credentials: { access_token: 'pinboard-token' }, settings: { pixel_id: '549755885175' } })
  const added = await json(['connections', 'add', '--tenant', 'acme', '--platform', 'pinboard', '--file', '-'], file)
  expect(added).toMatchObject({ status: 'active', check: 'verified' })

  const headers = { authorization: `Bearer ${String(key)}`, 'content-type': 'application/json' }
  const answer = await fetch(`http://127.0.0.1:${http}/v1/events`, { method: 'POST', headers, body: JSON.stringify(EVENT) })
  expect(answer.status).toBe(202)
  const ledger = (): Promise<unknown> => fetch(`http://127.0.0.1:${simulator}/ledger/summary`).then((response) => response.json())
  await eventually(async () => expect(await ledger()).toMatchObject({ pinboard: { counted: 1 } }), 15_000)
  await eventually(
    async () => expect(await json(['status'])).toMatchObject({ platforms: { pinboard: { delivered: 1, unaccounted: 0 } } }),
    10_000,
  )
  const metrics = await fetch(`http://127.0.0.1:${ops + 1}/metrics`).then((response) => response.text())
  expect(metrics).toContain('relay_deliveries_delivered_total{platform="pinboard"} 1')
  expect(metrics).toContain('relay_rate_limit_events_per_minute{platform="pinboard",kind="configured"} 6000')
}, 90_000)
