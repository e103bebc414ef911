import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STOP_MAX_MS = 15_000

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real process of ours, started as operators start it. Nothing of it is left behind when the test process ends, however that ends short of SIGKILL. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number
  /** All lines of standard output so far. */
  readonly stdout: readonly string[]
  /** All lines of standard error so far. */
  readonly stderr: readonly string[]
  readonly exited: Promise<Exit>
  /** The first line, of either stream, past or to come, that matches. Rejects with what it did say if it ends or the time is over. */
  line(pattern: RegExp, withinMs: number): Promise<string>
  /** SIGKILL to it alone; resolves when it is gone. */
  kill(): Promise<Exit>
  /** SIGKILL to it and all that it started, at once; resolves when it is gone. What has a session of its own (the embedded Redis) is spared. */
  killTree(): Promise<Exit>
  /** SIGTERM, and SIGKILL after 15 s; resolves when it is gone. */
  terminate(): Promise<Exit>
  send(text: string): void
  closeInput(): void
}

export interface ProcessOptions {
  /** Added to a bare environment (PATH, HOME, TMPDIR): nothing else of the test's own leaks in. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) killGroup(child)
})

/** Starts `node <entry> …args` on the Node that runs the tests; `entry` from the top of the repository, such as `apps/worker/src/main.ts`. */
export function startProcess(entry: string, args: readonly string[] = [], options: ProcessOptions = {}): RunningProcess {
  const child = spawn(process.execPath, [resolve(ROOT, entry), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...bareEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts can be ended with it.
    detached: true,
  })
  if (child.pid === undefined) throw new Error(`${entry} could not be started`)
  running.add(child)
  // A process that ends without reading what it was sent is no fault of the test.
  child.stdin.on('error', () => {})
  const said: string[] = []
  const stdout = collectLines(child.stdout, said)
  const stderr = collectLines(child.stderr, said)
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(child)
    return { code: code as number | null, signal: signal as NodeJS.Signals | null }
  })
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
    try {
      return await exited
    } finally {
      clearTimeout(timer)
    }
  }
  const line = async (pattern: RegExp, withinMs: number): Promise<string> => {
    const find = (): string | undefined => said.find((line) => pattern.test(line))
    await Promise.race([eventually(() => find() !== undefined, withinMs).catch(() => undefined), exited])
    const found = find()
    if (found === undefined) throw new Error(`${entry} never said ${String(pattern)}; it said:\n${said.slice(-40).join('\n')}`)
    return found
  }
  return {
    pid: child.pid,
    stdout,
    stderr,
    exited,
    line,
    kill: () => end('SIGKILL'),
    killTree: () => {
      killGroup(child)
      return exited
    },
    terminate: () => end('SIGTERM'),
    send: (text) => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    [Symbol.asyncDispose]: async () => {
      await end('SIGTERM')
      killGroup(child)
    },
  }
}

/** Runs it to its end, with `input` on its standard input. */
export async function runToEnd(
  entry: string,
  args: readonly string[],
  options: ProcessOptions & { readonly input?: string; readonly withinMs?: number } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = startProcess(entry, args, options)
  if (options.input !== undefined) child.send(options.input)
  child.closeInput()
  const timer = setTimeout(() => void child.kill(), options.withinMs ?? 60_000)
  const { code } = await child.exited
  clearTimeout(timer)
  return { code, stdout: child.stdout.join('\n'), stderr: child.stderr.join('\n') }
}

/** Waits until a GET answers with that status. */
export async function whenAnswers(url: string, withinMs: number, status = 200): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.status === status
  }, withinMs)
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch (error) {
    // All of it is gone already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function collectLines(stream: NodeJS.ReadableStream, all: string[]): string[] {
  const lines: string[] = []
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line)
    all.push(line)
  })
  return lines
}

function bareEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR'] as const
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}
