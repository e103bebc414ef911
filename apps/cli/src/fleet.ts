import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { childEnvironment } from '@relay/config/process-config'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { chooseFreePort } from '@relay/embedded-redis/free-port'
import type { RunningRedis } from '@relay/embedded-redis/running-redis'
import { startRedis } from '@relay/embedded-redis/start-server'
import { ensureMasterKeyFile } from '@relay/vault/master-key-file'
import { CliError, EXIT } from './exit.ts'
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts'

/*
 * Everything on one machine: Redis, the simulator if asked for, the ingest, workers. Started in this order, each ready before the next; stopped in the
 * reverse one, so that what is accepted is not without a worker and Redis goes last.
 */

export interface FleetPorts {
  readonly http: number
  readonly ingestOps: number
  /** Of the first worker; the others follow it. */
  readonly workerOps: number
  readonly simulator: number
}

export interface FleetOptions {
  /** Settings of all processes, on top of this process's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Redis' data, its program where it must be fetched, and the master key where `env` names none. */
  readonly dataDir: string
  /** Where Redis' program is unpacked where it must be fetched. @default `dataDir`/redis */
  readonly serverDir?: string
  readonly workers: number
  readonly simulator: boolean
  /** Ports that are not named are free ones. */
  readonly ports?: Partial<FleetPorts>
  /** A Redis to use instead of one of our own. */
  readonly redisUrl?: string
  /** Each line of each process, and, from `relay`, what the fleet itself does. */
  readonly onLog: (source: string, line: string) => void
}

interface FleetWorker {
  readonly name: string
  readonly opsUrl: string
  pid(): number | undefined
  /** SIGKILL; it is started again by itself. Resolves when the process is gone. */
  kill(): Promise<void>
}

export interface Fleet {
  readonly redisUrl: string
  readonly ingestUrl: string
  readonly ingestOpsUrl: string
  readonly simulatorUrl: string | undefined
  readonly masterKeyFile: string | undefined
  readonly workers: readonly FleetWorker[]
  /** Ends the embedded Redis (`crash`: SIGKILL) and starts it again on the same port. */
  restartRedis(options?: { readonly crash?: boolean }): Promise<void>
  /** Rejects when a process cannot go on; never resolves. */
  readonly failed: Promise<never>
  /** Ends everything that was started. Does nothing twice. */
  stop(): Promise<void>
  /** The same at once: SIGKILL to every process but Redis, which is not asked twice whether its data is on disk. */
  kill(): Promise<void>
}

const READY_WITHIN_MS = 30_000
const POLL_MS = 100
/** Past RELAY_SHUTDOWN_TIMEOUT's default of 25 s, within which a process ends by itself. */
const STOP_WITHIN_MS = 30_000

const mainOf = (app: 'ingest' | 'worker' | 'simulator'): URL => new URL(`../../${app}/src/main.ts`, import.meta.url)

/** Resolves when every process is ready. Where one cannot start, what was started is ended again, and the error says why. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const started: SupervisedProcess[] = []
  const redis = createRedisKeeper(options)
  const stop = createStop(started, redis)
  try {
    const masterKeyFile = await masterKeyFor(options)
    const redisUrl = options.redisUrl ?? (await redis.start())
    const key: Record<string, string> = masterKeyFile === undefined ? {} : { RELAY_MASTER_KEY_FILE: masterKeyFile }
    const start = createStarter(options, started, { RELAY_REDIS_URL: redisUrl, ...key })
    const simulatorUrl = options.simulator ? await start.simulator() : undefined
    const ingest = await start.ingest(simulatorUrl)
    const workers = await start.workers(simulatorUrl)
    return {
      redisUrl,
      ...ingest,
      simulatorUrl,
      masterKeyFile,
      workers,
      failed: Promise.race(started.map((process) => process.failed)),
      stop,
      kill: async () => void (await Promise.all(started.map((process) => process.kill()))),
      restartRedis: ({ crash = false } = {}) => redis.restart(crash),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Each platform's base URL under a simulator, as settings. */
export const simulatorEnvironment = (simulatorUrl: string): Record<string, string> =>
  Object.fromEntries(PLATFORM_IDS.map((platform) => [`RELAY_${platform.toUpperCase()}_BASE_URL`, simulatedBaseUrl(simulatorUrl, platform)]))

export const simulatedBaseUrl = (simulatorUrl: string, platform: PlatformId): string => `${simulatorUrl}/${platform}`

async function masterKeyFor({ env, dataDir }: FleetOptions): Promise<string | undefined> {
  if (env['RELAY_MASTER_KEY_FILE'] !== undefined || env['RELAY_MASTER_KEY'] !== undefined) return undefined
  const path = join(dataDir, 'master.key')
  await ensureMasterKeyFile(path)
  return path
}

const placesOf = ({ dataDir, serverDir }: FleetOptions) => ({ dataDir, ...(serverDir === undefined ? {} : { serverDir }) })

interface RedisKeeper {
  /** Its URL. */
  start(): Promise<string>
  restart(crash: boolean): Promise<void>
  stop(): Promise<void>
}

/** The embedded Redis of a fleet. One that is being started again at the moment when all ends does not outlive the rest. */
function createRedisKeeper(options: FleetOptions): RedisKeeper {
  const { dataDir, onLog } = options
  let redis: RunningRedis | undefined
  let restarting = Promise.resolve()
  let isEnding = false

  async function restart(crash: boolean): Promise<void> {
    if (redis === undefined) throw new Error('this fleet uses a Redis that it did not start')
    if (isEnding) throw new Error('this fleet has ended its Redis')
    await (crash ? redis.kill() : redis.stop())
    redis = await startRedis({ ...placesOf(options), port: redis.port })
  }

  return {
    async start() {
      redis = await startRedis({ ...placesOf(options), onProgress: (message) => onLog('redis', message) })
      onLog('redis', `${redis.reused ? 'found running' : 'started'} at ${redis.url}, data in ${dataDir}`)
      return redis.url
    },
    restart: (crash) => (restarting = restart(crash)),
    async stop() {
      isEnding = true
      await restarting.catch(() => {})
      await redis?.stop()
    },
  }
}

function createStarter(options: FleetOptions, started: SupervisedProcess[], own: Readonly<Record<string, string>>) {
  const { ports = {}, onLog } = options

  const run = async (
    name: string,
    app: Parameters<typeof mainOf>[0],
    env: Record<string, string>,
    readyUrl: string,
    args: readonly string[] = [],
  ) => {
    const process = superviseProcess({ name, main: mainOf(app), args, env: childEnvironment(env), onLog })
    started.push(process)
    await Promise.race([untilReady(name, readyUrl), process.failed])
    return process
  }
  const settings = (simulatorUrl: string | undefined): Record<string, string> => ({
    ...(simulatorUrl === undefined ? {} : simulatorEnvironment(simulatorUrl)),
    ...options.env,
    ...own,
  })

  return {
    async simulator() {
      const url = `http://127.0.0.1:${ports.simulator ?? (await chooseFreePort())}`
      await run('simulator', 'simulator', {}, url, ['--port', new URL(url).port, '--host', '127.0.0.1'])
      return url
    },
    async ingest(simulatorUrl: string | undefined) {
      const http = ports.http ?? (await chooseFreePort())
      const ops = ports.ingestOps ?? (await chooseFreePort())
      const env = { ...settings(simulatorUrl), RELAY_HTTP_PORT: String(http), RELAY_OPS_PORT: String(ops) }
      await run('ingest', 'ingest', env, `http://127.0.0.1:${ops}/readyz`)
      return { ingestUrl: `http://127.0.0.1:${http}`, ingestOpsUrl: `http://127.0.0.1:${ops}` }
    },
    workers: (simulatorUrl: string | undefined): Promise<FleetWorker[]> =>
      Promise.all(
        Array.from({ length: options.workers }, async (_, index) => {
          const ops = ports.workerOps === undefined ? await chooseFreePort() : ports.workerOps + index
          const opsUrl = `http://127.0.0.1:${ops}`
          const name = options.workers === 1 ? 'worker' : `worker-${index + 1}`
          const env = { ...settings(simulatorUrl), RELAY_OPS_PORT: String(ops) }
          const process = await run(name, 'worker', env, `${opsUrl}/readyz`)
          return { name, opsUrl, pid: () => process.pid(), kill: () => process.kill() }
        }),
      ),
  }
}

/** Any answer below 500 is one of a process that is ready. */
async function untilReady(name: string, url: string): Promise<void> {
  const giveUpAt = performance.now() + READY_WITHIN_MS
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      async (response) => {
        await response.body?.cancel()
        return response.status
      },
      () => 0,
    )
    if (status >= 200 && status < 300) return
    if (performance.now() > giveUpAt) {
      throw new CliError(EXIT.failed, 'NOT_READY', `The ${name} was not ready within ${READY_WITHIN_MS / 1_000} s`, {
        nextStep: 'Its lines above say why',
      })
    }
    await delay(POLL_MS)
  }
}

function createStop(started: readonly SupervisedProcess[], redis: RedisKeeper): () => Promise<void> {
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    const [simulators, others] = [started.filter(({ name }) => name === 'simulator'), started.filter(({ name }) => name !== 'simulator')]
    await Promise.all(others.map((process) => process.stop(STOP_WITHIN_MS)))
    await Promise.all(simulators.map((process) => process.stop(STOP_WITHIN_MS)))
    await redis.stop()
  }
  return () => (stopping ??= stop())
}
