import { readFile } from 'node:fs/promises'
import { runProgram } from './run-program.ts'

const PS_TIMEOUT_MS = 5_000

/**
 * A text that belongs to this run of this process alone (a pid comes round again, after a reboot within minutes): boot and start time.
 * Undefined where no such process runs, or only as a zombie.
 */
export async function processMark(pid: number): Promise<string | undefined> {
  if (pid <= 0 || !isSignalable(pid)) return undefined
  const stat = await readText(`/proc/${pid}/stat`)
  if (stat === undefined) return markByPs(pid)
  // The name in parentheses may hold blanks and parentheses itself; what counts stands behind the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  const boot = (await readText('/proc/sys/kernel/random/boot_id'))?.trim() ?? ''
  return `${pid} ${fields[19] ?? ''} ${boot}`
}

/** The arguments it was started with, joined by blanks; undefined where no such process runs. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (pid <= 0 || !isSignalable(pid)) return undefined
  const line = await readText(`/proc/${pid}/cmdline`)
  if (line !== undefined) return line.replaceAll('\0', ' ')
  return psField(pid, 'args=')
}

function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

async function markByPs(pid: number): Promise<string | undefined> {
  const state = await psField(pid, 'stat=')
  if (state === undefined || state.startsWith('Z')) return undefined
  return `${pid} ${(await psField(pid, 'lstart=')) ?? ''}`
}

async function psField(pid: number, field: string): Promise<string | undefined> {
  const result = await runProgram('ps', ['-p', String(pid), '-o', field], { timeoutMs: PS_TIMEOUT_MS })
  return result.kind === 'ended' && result.exitCode === 0 ? result.stdout.trim() : undefined
}
