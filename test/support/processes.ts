import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Pids of all living processes whose environment or command line holds `mark`, this one left out. What a process starts inherits its environment, so a mark
 * in it finds everything that came of it, whatever group, session or parent it has by now.
 */
export async function processesMarked(mark: string): Promise<number[]> {
  const found = (await pidsByProc(mark)) ?? (await pidsByPs(mark))
  return found.filter((pid) => pid !== process.pid)
}

/** Undefined where the system has no /proc. */
async function pidsByProc(mark: string): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name))
  if (pids.length === 0) return undefined
  const texts = await Promise.all(pids.map((pid) => textOf(pid)))
  return pids.filter((_, index) => texts[index]!.includes(mark)).map(Number)
}

/** Empty for one that is gone, or is another user's. One that has ended and is not yet waited for has neither. */
const textOf = async (pid: string): Promise<string> =>
  (await Promise.all(['environ', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')))).join('\n')

async function pidsByPs(mark: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['axeww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(mark))
    .map((line) => Number.parseInt(line, 10))
}
