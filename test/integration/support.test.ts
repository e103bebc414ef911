import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processMark } from '@relay/embedded-redis/process-mark'
import { connectRedis } from '@relay/state/redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { runToEnd, startProcess, whenAnswers } from '../support/process.ts'
import { freshDatabase, testRedisUrl } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'

function connect(url: string) {
  const redis = connectRedis({ url, patience: 'wait', onError: () => {} })
  onTestFinished(() => redis.disconnect())
  return redis
}

async function script(text: string): Promise<string> {
  const folder = await tempFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const path = join(folder.path, 'script.mjs')
  await writeFile(path, text)
  return path
}

const isGone = async (pid: number): Promise<boolean> => (await processMark(pid)) === undefined

describe('what the tests themselves stand on', () => {
  test('a fresh database is empty, nobody else has it, and nothing of it is left', async () => {
    const [one, other] = await Promise.all([freshDatabase(), freshDatabase()])
    expect(new URL(one.url).host).toBe(new URL(testRedisUrl()).host)
    expect(one.url).not.toBe(other.url)
    await connect(one.url).set('key', 'one')
    expect(await connect(other.url).dbsize()).toBe(0)
    await one.release()
    expect(await connect(one.url).dbsize()).toBe(0)
    await other.release()
  })

  test('eventually gives what it waited for, and the last reason where it waited in vain', async () => {
    let asked = 0
    expect(await eventually(() => ((asked += 1) === 3 ? 'third' : undefined), 2_000)).toBe('third')
    await expect(eventually(() => expect(1).toBe(2), 50)).rejects.toThrow('expected 1 to be 2')
    await expect(eventually(() => false, 50)).rejects.toThrow('was not met within 50 ms')
  })

  test('a process is read line by line, ended by SIGTERM as it likes, and sees nothing of our environment', async () => {
    const path = await script(`
      process.on('SIGTERM', () => { console.log('draining'); process.exit(3) })
      console.log(JSON.stringify([process.env.RELAY_X ?? null, process.env.VITEST ?? null]))
      setInterval(() => {}, 1000)`)
    await using child = startProcess(path, [], { env: { RELAY_X: 'given' } })
    expect(await child.line(/^\[/, 10_000)).toBe('["given",null]')
    expect(await child.terminate()).toEqual({ code: 3, signal: null })
    expect(child.stdout.at(-1)).toBe('draining')
    await expect(child.line(/never/, 10_000)).rejects.toThrow(/it said:[^]*draining/)
  })

  test('a killed process is gone, and so is what it started', async () => {
    const path = await script(`
      import { spawn } from 'node:child_process'
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
      console.log(child.pid)
      setInterval(() => {}, 1000)`)
    const child = startProcess(path)
    const grandchild = Number(await child.line(/^\d+$/, 10_000))
    expect(await child.kill()).toMatchObject({ signal: 'SIGKILL' })
    await child[Symbol.asyncDispose]()
    await eventually(() => isGone(grandchild), 5_000)
  })

  test('a command is run to its end with its input', async () => {
    const path = await script(`process.stdin.pipe(process.stdout); process.exitCode = 4`)
    expect(await runToEnd(path, [], { input: 'one\ntwo\n' })).toEqual({ code: 4, stdout: 'one\ntwo', stderr: '' })
  })

  test('an address is waited for until it answers', async () => {
    const path = await script(`
      import { createServer } from 'node:http'
      const server = createServer((_, answer) => answer.end('x')).listen(0, '127.0.0.1', () => console.log(server.address().port))`)
    await using child = startProcess(path)
    await whenAnswers(`http://127.0.0.1:${await child.line(/^\d+$/, 10_000)}/`, 5_000)
  })
})
