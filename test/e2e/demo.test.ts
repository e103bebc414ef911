import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PLATFORM_IDS } from '@relay/core/ids'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startProcess } from '../support/process.ts'
import { processesMarked } from '../support/processes.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { tempFolder } from '../support/temp-folder.ts'

// The demo as a newcomer starts it, in a folder of its own. Redis' program, where it must be fetched at all, is the one that the other tests fetched.

const COUNTS = ['accepted', 'delivered', 'duplicates', 'skipped', 'dead', 'replayed', 'requests', 'lost', 'doubled'] as const

interface DemoSum {
  readonly ok: boolean
  readonly events_received: number
  readonly platforms: Readonly<Record<string, Readonly<Record<(typeof COUNTS)[number], number>>>>
  readonly seconds: number
}

async function demoFolder() {
  const folder = await tempFolder('relay-demo-')
  await mkdir(SERVER_DIR, { recursive: true })
  await mkdir(join(folder.path, '.relay'))
  await symlink(SERVER_DIR, join(folder.path, '.relay', 'redis'))
  const mark = `demo of ${folder.path}`
  return {
    folder,
    start: () => startProcess('apps/cli/src/main.ts', ['demo', '--json'], { cwd: folder.path, env: { TEST_MARK: mark } }),
    left: () => processesMarked(mark),
  }
}

it('everything goes wrong, nothing is lost or doubled, and the sums are right', async () => {
  const { folder, start, left } = await demoFolder()
  await using _folder = folder
  await using demo = start()
  const exit = await demo.exited
  expect(exit, `${demo.stdout.join('\n')}\n${demo.stderr.slice(-60).join('\n')}`).toEqual({ code: 0, signal: null })

  const sum = JSON.parse(demo.stdout.at(-1)!) as DemoSum
  process.stdout.write(`the demo took ${sum.seconds} s\n`)
  expect(Object.keys(sum)).toEqual(['ok', 'events_received', 'platforms', 'seconds'])
  expect(sum.ok).toBe(true)
  expect(sum.events_received).toBeGreaterThanOrEqual(5_000)
  expect(Object.keys(sum.platforms).toSorted()).toEqual([...PLATFORM_IDS].toSorted())
  for (const [platform, counts] of Object.entries(sum.platforms)) {
    expect(Object.keys(counts).toSorted(), platform).toEqual([...COUNTS].toSorted())
    expect(counts, platform).toMatchObject({ lost: 0, doubled: 0 })
    expect(counts.delivered + counts.dead + counts.skipped, platform).toBe(counts.accepted)
    for (const count of ['delivered', 'duplicates', 'skipped', 'replayed', 'requests'] as const)
      expect(counts[count], `${count} of ${platform}`).toBeGreaterThan(0)
    // The product's own way of sending: many events in one request.
    expect(counts.requests, platform).toBeLessThan(counts.delivered / 5)
  }
  const told = demo.stderr.join('\n')
  for (const event of [/SIGKILL/, /kill -9/, /wrong token was refused/i, /breaker/, /429/, /timeout/, /All verdicts are in: 10 events/])
    expect(told).toMatch(event)

  expect(await left()).toEqual([])
  // Its data is gone with it; what stays is the fetched program.
  expect(await readdir(join(folder.path, '.relay'))).toEqual(['redis'])
})

it('Ctrl-C in the middle, just when Redis is started again, leaves no process and no data behind', async () => {
  const { folder, start, left } = await demoFolder()
  await using _folder = folder
  await using demo = start()
  await demo.line(/breaker opens/, 90_000)
  // Redis, simulator, ingest, two workers and the demo itself.
  expect((await left()).length).toBeGreaterThanOrEqual(6)
  await demo.line(/Redis is killed/, 90_000)
  process.kill(demo.pid, 'SIGINT')
  expect(await demo.exited).toEqual({ code: 1, signal: null })
  expect(demo.stderr.join('\n')).toContain('interrupted')
  await eventually(async () => (await left()).length === 0, 5_000)
  expect(await readdir(join(folder.path, '.relay'))).toEqual(['redis'])
})
