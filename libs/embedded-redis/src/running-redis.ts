import { setTimeout as delay } from 'node:timers/promises'
import { processMark } from './process-mark.ts'
import { ask } from './resp.ts'
import { runProgram } from './run-program.ts'
import { logFileOf, servesFolder } from './server-record.ts'
import type { ServerRecord } from './server-record.ts'

export interface RunningRedis {
  readonly url: string
  readonly port: number
  /** Of the server; in a container: of the engine's client. */
  readonly pid: number
  /** It ran already: whoever started it may still want it. */
  readonly reused: boolean
  readonly logFile: string
  /** Ends it in order, with all of its data on disk, and resolves when the process is gone. After 15 s it is killed. Does nothing twice. */
  stop(): Promise<void>
  /** SIGKILL, as a crash would; resolves when the process is gone. Loses at most the last second of writes. */
  kill(): Promise<void>
}

const STOP_MAX_MS = 15_000
const POLL_MS = 20
const ENGINE_TIMEOUT_MS = 30_000

/** The handle of a server that answers on the record's port. */
export async function runningRedis(dir: string, record: ServerRecord, reused: boolean): Promise<RunningRedis> {
  const { port, container } = record
  const pid = container === undefined ? await readPid(port) : (record.pid ?? 0)
  const mark = await processMark(pid)
  // A process that is ending has given up its name and not yet its files and port: only its mark says that it is gone.
  const isProcessAlive = async (): Promise<boolean> => mark !== undefined && (await processMark(pid)) === mark
  const isGone = async (): Promise<boolean> => !(await isProcessAlive()) && !(await servesFolder(port, dir))

  const end = async (engineCommand: string, name: NodeJS.Signals): Promise<boolean> => {
    if (container !== undefined) await runProgram(container.engine, [engineCommand, container.name], { timeoutMs: ENGINE_TIMEOUT_MS })
    else if (await isProcessAlive()) signal(pid, name)
    return until(isGone, STOP_MAX_MS)
  }
  const kill = async (): Promise<void> => void (await end('kill', 'SIGKILL'))
  const stop = async (): Promise<void> => {
    if (!(await end('stop', 'SIGTERM'))) await kill()
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid, reused, logFile: logFileOf(dir), stop, kill }
}

/** The server's own word: a record whose writer was killed between start and writing has no pid. */
async function readPid(port: number): Promise<number> {
  const info = await ask(port, ['INFO', 'server'])
  return typeof info === 'string' ? Number(/process_id:(\d+)/.exec(info)?.[1] ?? 0) : 0
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It may have gone by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function until(condition: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > giveUpAt) return false
    await delay(POLL_MS)
  }
  return true
}
