import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { hasDebianPackages, unpackDebianPackage } from '@relay/embedded-redis/debian-package'
import { findServer } from '@relay/embedded-redis/find-server'
import { withFolderLock } from '@relay/embedded-redis/folder-lock'
import { processMark } from '@relay/embedded-redis/process-mark'
import { ask } from '@relay/embedded-redis/resp'
import { startRedis } from '@relay/embedded-redis/start-server'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { SERVER_DIR } from '../support/redis-for-all.ts'
import { tempFolder } from '../support/temp-folder.ts'

let dataDir = ''
let folder: Awaited<ReturnType<typeof tempFolder>>

beforeEach(async () => {
  folder = await tempFolder()
  // A blank and a quote in the path, as people have them.
  dataDir = join(folder.path, `my "relay`)
})

afterEach(() => folder[Symbol.asyncDispose]())

async function start(options: { port?: number } = {}) {
  const redis = await startRedis({ dataDir, serverDir: SERVER_DIR, ...options })
  onTestFinished(() => redis.stop())
  return redis
}

const isGone = async (pid: number): Promise<boolean> => (await processMark(pid)) === undefined

/** A program of this repository that starts Redis and then waits to be killed. */
async function startInChild(): Promise<{ kill: () => Promise<void>; redis: { port: number; pid: number } }> {
  const script = `
    import { startRedis } from '@relay/embedded-redis/start-server'
    const { port, pid } = await startRedis(${JSON.stringify({ dataDir, serverDir: SERVER_DIR })})
    console.log(JSON.stringify({ port, pid }))
    setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { kill, redis: JSON.parse(said.toString()) as { port: number; pid: number } }
}

describe('embedded Redis', () => {
  test('listens on the loopback alone, never evicts, and writes what it is told to disk', async () => {
    const { port, url } = await start()
    expect(url).toBe(`redis://127.0.0.1:${port}`)
    const setting = async (name: string) => ((await ask(port, ['CONFIG', 'GET', name])) as string[])[1]
    expect({
      bind: await setting('bind'),
      appendonly: await setting('appendonly'),
      appendfsync: await setting('appendfsync'),
      policy: await setting('maxmemory-policy'),
      listpack: await setting('hash-max-listpack-value'),
      truncated: await setting('aof-load-truncated'),
      protected: await setting('protected-mode'),
      dir: await setting('dir'),
    }).toEqual({
      bind: '127.0.0.1',
      appendonly: 'yes',
      appendfsync: 'everysec',
      policy: 'noeviction',
      listpack: '4096',
      truncated: 'yes',
      protected: 'yes',
      dir: join(dataDir, 'data'),
    })
  })

  test('a second start finds the data and the port of the first', async () => {
    const first = await start()
    await ask(first.port, ['SET', 'order', 'kept'])
    await first.stop()
    expect(await isGone(first.pid)).toBe(true)
    const second = await start()
    expect(second.reused).toBe(false)
    expect(second.port).toBe(first.port)
    expect(await ask(second.port, ['GET', 'order'])).toBe('kept')
  })

  test('after kill -9 of the server the next start finds what was fsynced', async () => {
    const first = await start()
    await ask(first.port, ['SET', 'order', 'kept'])
    await first.kill()
    expect(await isGone(first.pid)).toBe(true)
    const second = await start()
    expect(await ask(second.port, ['GET', 'order'])).toBe('kept')
  })

  test('an append-only file that a crash cut off in mid-command is read up to there', async () => {
    const first = await start()
    await ask(first.port, ['SET', 'order', 'kept'])
    await ask(first.port, ['SET', 'torn', 'x'.repeat(100)])
    await first.stop()
    const files = join(dataDir, 'data/appendonlydir')
    const tail = (await readdir(files)).find((name) => name.endsWith('.incr.aof'))!
    await truncate(join(files, tail), (await stat(join(files, tail))).size - 10)
    const second = await start()
    expect(await ask(second.port, ['MGET', 'order', 'torn'])).toEqual(['kept', null])
  })

  test('an append-only file that is broken in the middle is an error that shows where to look, and is left alone', async () => {
    const first = await start()
    await first.stop()
    const files = join(dataDir, 'data/appendonlydir')
    const tail = (await readdir(files)).find((name) => name.endsWith('.incr.aof'))!
    await writeFile(join(files, tail), 'no command of Redis\r\n')
    await expect(startRedis({ dataDir, serverDir: SERVER_DIR })).rejects.toMatchObject({
      code: 'DID_NOT_START',
      exitCode: 1,
      message: expect.stringMatching(/Bad file format.*redis\.log/),
    })
    expect(await readFile(join(files, tail), 'utf8')).toBe('no command of Redis\r\n')
  })

  test('a live server of the same folder is used, also by starters at the same moment', async () => {
    const all = await Promise.all([start(), start(), start()])
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1)
    expect(all.filter(({ reused }) => !reused)).toHaveLength(1)
  })

  test('it outlives a starter that was killed, and the next start uses it', async () => {
    const child = await startInChild()
    await child.kill()
    expect(await isGone(child.redis.pid)).toBe(false)
    const redis = await start()
    expect(redis).toMatchObject({ reused: true, pid: child.redis.pid, port: child.redis.port })
    await redis.stop()
    expect(await isGone(child.redis.pid)).toBe(true)
  })

  test('after kill -9 of starter and server no lock is left, and the data is found', async () => {
    const child = await startInChild()
    await ask(child.redis.port, ['SET', 'order', 'kept'])
    process.kill(child.redis.pid, 'SIGKILL')
    await child.kill()
    const redis = await start()
    expect(redis.reused).toBe(false)
    expect(await ask(redis.port, ['GET', 'order'])).toBe('kept')
  })

  test('a record whose process is another program now is not believed', async () => {
    await mkdir(join(dataDir, 'data'), { recursive: true })
    await writeFile(join(dataDir, 'data/server.json'), JSON.stringify({ port: 20_001, pid: process.pid }))
    expect((await start()).reused).toBe(false)
    await writeFile(join(dataDir, 'data/server.json'), '{"port": 20')
    expect((await start({})).port).toBeGreaterThan(0)
  })

  test('the port of last time is given up for another where somebody else has it', async () => {
    const first = await start()
    await first.stop()
    const other = createServer().listen(first.port, '127.0.0.1')
    await once(other, 'listening')
    const second = await start()
    expect(second.port).not.toBe(first.port)
    other.close()
  })

  test('a port that was asked for is taken, or refused with exit code 2', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(startRedis({ dataDir, serverDir: SERVER_DIR, port })).rejects.toMatchObject({ code: 'PORT_TAKEN', exitCode: 2 })
    other.close()
    await once(other, 'close')
    expect((await start({ port })).port).toBe(port)
  })

  test('two folders have two servers', async () => {
    const here = await start()
    const there = await startRedis({ dataDir: join(folder.path, 'other'), serverDir: SERVER_DIR })
    onTestFinished(() => there.stop())
    expect(there.pid).not.toBe(here.pid)
    expect(there.port).not.toBe(here.port)
  })

  test('stop does nothing twice', async () => {
    const redis = await start()
    await redis.stop()
    await redis.stop()
    await redis.kill()
  })
})

describe("the distribution's package", () => {
  test('on Debian and its kin it is unpacked by whoever asks, once for all who ask at the same time; elsewhere the error says why not', async () => {
    const serverDir = join(folder.path, 'redis')
    if (!(await hasDebianPackages())) {
      await expect(unpackDebianPackage(serverDir, () => {})).rejects.toMatchObject({ code: 'PACKAGE_FAILED' })
      return
    }
    const said: string[] = []
    const servers = await Promise.all([1, 2, 3].map(() => unpackDebianPackage(serverDir, (message) => said.push(message))))
    expect(new Set(servers.map(({ command }) => command))).toEqual(new Set([join(serverDir, 'usr/bin/redis-server')]))
    expect(said.filter((message) => message.startsWith('downloading'))).toHaveLength(1)
    expect(await readdir(folder.path)).toEqual(['redis'])
  })

  test('a server is found on this machine, one way or the other', async () => {
    const program = await findServer(SERVER_DIR, () => {})
    expect(['binary', 'container']).toContain(program.kind)
  })
})

describe('folder lock', () => {
  test('one at a time, in whatever order', async () => {
    let inside = 0
    let most = 0
    let done = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withFolderLock(join(folder.path, 'lock'), async () => {
          inside += 1
          most = Math.max(most, inside)
          await new Promise(setImmediate)
          inside -= 1
          done += 1
        }),
      ),
    )
    expect([most, done]).toEqual([1, 8])
    expect(await readdir(folder.path)).toEqual([])
  })

  test('a failure inside frees it', async () => {
    const path = join(folder.path, 'lock')
    await expect(withFolderLock(path, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside')
    expect(await withFolderLock(path, async () => 'free')).toBe('free')
  })

  test('an owner that was killed does not keep it, and of many who find it dead one at a time gets it', async () => {
    const path = join(folder.path, 'lock')
    const script = `
      import { withFolderLock } from '@relay/embedded-redis/folder-lock'
      await withFolderLock(${JSON.stringify(path)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1_000)) })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    let waits = 0
    let inside = 0
    let most = 0
    const all = Promise.all(
      Array.from({ length: 6 }, () =>
        withFolderLock(
          path,
          async () => {
            inside += 1
            most = Math.max(most, inside)
            await new Promise(setImmediate)
            inside -= 1
          },
          (ownerPid) => (waits += ownerPid === child.pid ? 1 : 0),
        ),
      ),
    )
    await eventually(() => waits === 6, 5_000)
    child.kill('SIGKILL')
    await all
    expect(most).toBe(1)
    expect(await readdir(folder.path)).toEqual([])
  })
})
