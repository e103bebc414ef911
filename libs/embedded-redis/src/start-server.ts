import { mkdir, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { awaitReady } from './await-ready.ts'
import { findLive } from './find-live.ts'
import { findServer } from './find-server.ts'
import type { ServerProgram } from './find-server.ts'
import { withFolderLock } from './folder-lock.ts'
import { becomesFree, chooseFreePort } from './free-port.ts'
import { launch } from './launch.ts'
import { runningRedis } from './running-redis.ts'
import type { RunningRedis } from './running-redis.ts'
import { readRecord } from './server-record.ts'
import { portTaken, RedisStartError } from './start-error.ts'

// The life of a server:
// 1. Starters of one folder come one after the other (a lock that a killed owner does not keep).
// 2. Where a server of this folder is alive it is used, whoever started it: two on one append-only file would destroy it.
// 3. Else the port is chosen (asked for, else the one of last time, else a free one) and written down, the server started in a session of its own, so
//    that Ctrl-C at the terminal does not reach it before its users are done, and its pid written down.
// 4. It is handed out when it has read its data and answers.
// 5. It ends by `stop`, by `kill`, or never: it outlives a starter that was killed, and the next start finds it.

export interface StartOptions {
  /** A folder of ours such as `.relay`. Made if absent; the server's files are in `data/` below it. */
  readonly dataDir: string
  /** Where the distribution's package is unpacked if it comes to that. Default `redis/` below `dataDir`. */
  readonly serverDir?: string
  /** 0 or absent: the port of last time in this folder if it is free, else a free one. */
  readonly port?: number
  /** Told what is going on, where it may take more than a moment. */
  readonly onProgress?: (message: string) => void
}

const PORT_TRIES = 5
const PORT_PATIENCE_MS = 1_000

/**
 * A Redis on 127.0.0.1 with its data in `dataDir`, ready to answer: the one that runs there already (`reused`), else a new one that
 * has read what the last one left. Append-only file on, never evicts. Fails with RedisStartError.
 */
export async function startRedis(options: StartOptions): Promise<RunningRedis> {
  const onProgress = options.onProgress ?? (() => {})
  const serverDir = resolve(options.serverDir ?? join(options.dataDir, 'redis'))
  const folder = join(resolve(options.dataDir), 'data')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const dir = await realpath(folder)
  return withFolderLock(
    `${dir}.lock`,
    async () => {
      const live = await findLive(dir)
      if (live !== undefined) {
        await awaitReady(dir, live.port, () => undefined, onProgress)
        return runningRedis(dir, live, true)
      }
      const program = await findServer(serverDir, onProgress)
      return startOnSomePort(program, dir, options.port ?? 0, onProgress)
    },
    (ownerPid) => onProgress(`process ${ownerPid} is starting Redis in ${dir}: waiting for it`),
  )
}

async function startOnSomePort(
  program: ServerProgram,
  dir: string,
  askedPort: number,
  onProgress: (message: string) => void,
): Promise<RunningRedis> {
  let port = askedPort === 0 ? ((await readRecord(dir))?.port ?? 0) : askedPort
  for (let attempt = 1; ; attempt++) {
    // A server that was killed a moment ago may not have given its port back yet.
    if (port !== 0 && !(await becomesFree(port, PORT_PATIENCE_MS))) {
      if (askedPort !== 0) throw portTaken(port)
      port = 0
    }
    if (port === 0) port = await chooseFreePort()
    try {
      return await runningRedis(dir, await launch(program, dir, port, onProgress), false)
    } catch (error) {
      const isTaken = error instanceof RedisStartError && error.code === 'PORT_TAKEN'
      if (!isTaken || askedPort !== 0 || attempt === PORT_TRIES) throw error
      port = 0
    }
  }
}
