import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { awaitReady } from './await-ready.ts'
import type { ServerProgram } from './find-server.ts'
import { redisConf } from './redis-conf.ts'
import { runProgram, withVariables } from './run-program.ts'
import { confFileOf, logFileOf, writeRecord } from './server-record.ts'
import type { ServerRecord } from './server-record.ts'

const ENGINE_TIMEOUT_MS = 30_000

interface Launch {
  readonly file: string
  readonly argv: readonly string[]
  readonly container?: NonNullable<ServerRecord['container']>
}

/**
 * Starts a server for the data in `dir` on that port and waits until it has read it and answers. The caller has made sure that no other serves
 * this folder. Fails as `awaitReady` does, and then leaves no process.
 */
export async function launch(
  program: ServerProgram,
  dir: string,
  port: number,
  onProgress: (message: string) => void,
): Promise<ServerRecord> {
  const logFile = logFileOf(dir)
  await writeFile(confFileOf(dir), redisConf({ port, dir, logFile, loopback: program.kind === 'binary' }), { mode: 0o600 })
  // Before there is a process, so that one whose starter dies at this very moment is found by its port.
  await writeRecord(dir, { port })
  const { file, argv, container } = await plan(program, dir, port)
  await using log = await open(logFile, 'a', 0o600)
  const logStart = (await log.stat()).size
  // In a session of its own: Ctrl-C at the terminal reaches those who use it, and they say when it ends.
  const child = spawn(file, argv, { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: dir })
  let hasEnded = false
  child.once('exit', () => (hasEnded = true))
  child.once('error', () => (hasEnded = true))
  child.unref()
  const record: ServerRecord = { port, ...(child.pid !== undefined && { pid: child.pid }), ...(container !== undefined && { container }) }
  await writeRecord(dir, record)
  try {
    await awaitReady(dir, port, () => (hasEnded ? { logFile, logStart } : undefined), onProgress)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return record
}

async function plan(program: ServerProgram, dir: string, port: number): Promise<Launch> {
  if (program.kind === 'binary') {
    const variables: Record<string, string> = program.libraryPath === '' ? {} : { LD_LIBRARY_PATH: program.libraryPath }
    const [file, argv] = withVariables(program.command, [confFileOf(dir)], variables)
    return { file, argv }
  }
  const { engine, image } = program
  const name = `relay-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`
  // One that a crash of the machine left behind, stopped, still holds the name.
  await runProgram(engine, ['rm', '-f', name], { timeoutMs: ENGINE_TIMEOUT_MS })
  // The files belong to whoever starts it, and the folder has the same path inside, so that a server can be asked whose it is.
  const user = engine === 'podman' ? ['--userns=keep-id'] : ['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`]
  const mounts = ['-p', `127.0.0.1:${port}:${port}`, '-v', `${dir}:${dir}`]
  return {
    file: engine,
    argv: ['run', '--rm', '--name', name, ...user, ...mounts, image, 'redis-server', confFileOf(dir)],
    container: { engine, name },
  }
}
