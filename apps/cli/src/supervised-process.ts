import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CliError, EXIT } from './exit.ts'

/*
 * The life of a supervised process:
 *
 * 1. Started in a process group of its own, so that Ctrl-C at the terminal reaches only its supervisor, which then ends all in order.
 * 2. Where it ends by itself or is killed it is started again: at once, then after 1, 2, 4, 8 s while it keeps dying young.
 * 3. Exit 2 is wrong configuration, which another start does not cure: `failed` rejects.
 * 4. stop: SIGTERM, and SIGKILL where it does not end in time. It ends too when its supervisor is killed (end-with-parent.ts).
 */

const GUARD = new URL('./end-with-parent.ts', import.meta.url)
const MAX_PAUSE_MS = 8_000
/** Alive for this long, a process is no longer one that dies young. */
const GROWN_UP_MS = 10_000
const WRONG_CONFIGURATION = 2
const KEPT_LINES = 20

export interface ProcessOptions {
  /** Stands before each of its lines. */
  readonly name: string
  readonly main: URL
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly onLog: (source: string, line: string) => void
}

export interface SupervisedProcess {
  readonly name: string
  /** Undefined between two lives. */
  pid(): number | undefined
  /** SIGKILL, as a crash would; resolves when it is gone. It is then started again as after any death. */
  kill(): Promise<void>
  /** Asks it to drain and end; kills it after `withinMs`. It is not started again. */
  stop(withinMs: number): Promise<void>
  /** Rejects when it cannot go on; never resolves. */
  readonly failed: Promise<never>
}

export function superviseProcess(options: ProcessOptions): SupervisedProcess {
  const fault = Promise.withResolvers<never>()
  fault.promise.catch(() => {})
  const ending = new AbortController()
  let life = startLife(options)

  const watch = async (): Promise<void> => {
    for (let pauseMs = 0; ; pauseMs = Math.min(Math.max(1_000, pauseMs * 2), MAX_PAUSE_MS)) {
      const startedAt = performance.now()
      const death = await life.death
      if (ending.signal.aborted) return
      if (death.exitCode === WRONG_CONFIGURATION) return fault.reject(wrongConfiguration(options.name, life.lastLines))
      if (performance.now() - startedAt > GROWN_UP_MS) pauseMs = 0
      options.onLog('relay', `${options.name} ended (${death.how}); it is started again${pauseMs === 0 ? '' : ` in ${pauseMs / 1_000} s`}`)
      await delay(pauseMs, undefined, { signal: ending.signal }).catch(() => {})
      if (ending.signal.aborted) return
      life = startLife(options)
    }
  }
  void watch()

  return {
    name: options.name,
    failed: fault.promise,
    pid: () => life.child.pid,
    async kill() {
      life.child.kill('SIGKILL')
      await life.death
    },
    async stop(withinMs) {
      ending.abort()
      life.child.kill('SIGTERM')
      const timer = setTimeout(() => life.child.kill('SIGKILL'), withinMs)
      await life.death
      clearTimeout(timer)
    },
  }
}

interface Life {
  readonly child: ChildProcess
  readonly lastLines: readonly string[]
  readonly death: Promise<{ readonly exitCode: number | null; readonly how: string }>
}

function startLife({ name, main, args = [], env, onLog }: ProcessOptions): Life {
  const argv = ['--import', GUARD.href, fileURLToPath(main), ...args]
  const child = spawn(process.execPath, argv, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line)
      if (lastLines.length > KEPT_LINES) lastLines.shift()
      onLog(name, line)
    })
  }
  const death = new Promise<{ exitCode: number | null; how: string }>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, how: signal ?? `exit ${exitCode ?? '?'}` }))
    child.once('error', (error) => resolve({ exitCode: null, how: error.message }))
  })
  return { child, lastLines, death }
}

const wrongConfiguration = (name: string, lines: readonly string[]): CliError =>
  new CliError(EXIT.usage, 'CONFIGURATION', `The ${name} cannot start:\n${lines.map((line) => `  ${line}`).join('\n')}`, {
    nextStep: 'Every setting is listed in .env.example',
  })
