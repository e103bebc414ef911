import { open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './resp.ts'
import type { Reply } from './resp.ts'
import { servesFolder } from './server-record.ts'
import { portTaken, RedisStartError } from './start-error.ts'

const POLL_MS = 20
/** Without any answer at all. A server that is reading its data answers LOADING, and may take as long as it needs. */
const SILENCE_MAX_MS = 60_000
const PROGRESS_EVERY_MS = 3_000
const LOG_TAIL_BYTES = 2_000

/** Where the server's own words begin, if it has ended. */
export type ReadEnd = () => { readonly logFile: string; readonly logStart: number } | undefined

/** Waits until the server of `dir` answers PING on that port. PORT_TAKEN if another program has it, DID_NOT_START if the server ends. */
export async function awaitReady(dir: string, port: number, readEnd: ReadEnd, onProgress: (message: string) => void): Promise<void> {
  let heardAt = performance.now()
  let toldAt = performance.now()
  for (;;) {
    const end = readEnd()
    if (end !== undefined) throw await startFailure(end.logFile, end.logStart, port)
    const reply = await ask(port, ['PING']).catch(() => undefined)
    if (reply === 'PONG' && (await servesFolder(port, dir))) return
    const now = performance.now()
    if (isLoading(reply)) heardAt = now
    if (now - heardAt > SILENCE_MAX_MS)
      throw new RedisStartError('UNRESPONSIVE', `the Redis of ${dir} did not answer within ${SILENCE_MAX_MS / 1000} s`)
    if (now - toldAt > PROGRESS_EVERY_MS) {
      toldAt = now
      onProgress(isLoading(reply) ? 'Redis is reading its data' : 'Redis is starting')
    }
    await delay(POLL_MS)
  }
}

const isLoading = (reply: Reply | undefined): boolean =>
  typeof reply === 'object' && reply !== null && 'error' in reply && reply.error.startsWith('LOADING')

async function startFailure(logFile: string, logStart: number, port: number): Promise<RedisStartError> {
  const said = await readTail(logFile, logStart)
  if (/Address already in use|port is already allocated/i.test(said)) return portTaken(port)
  const lines = said.trim().split('\n').slice(-3).join(' | ')
  return new RedisStartError(
    'DID_NOT_START',
    `Redis ended while starting: ${lines === '' ? 'it said nothing' : lines} (all of it: ${logFile})`,
  )
}

async function readTail(path: string, from: number): Promise<string> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const start = Math.max(from, size - LOG_TAIL_BYTES)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(size - start, 0)), 0, null, start)
  return buffer.toString('utf8', 0, bytesRead)
}
