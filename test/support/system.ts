import { chdir, cwd } from 'node:process'
import type { PlatformId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import { type Books, readBooks } from '@relay/state/books'
import { connectRedis } from '@relay/state/redis'
import { createSimulatorControl, type SimulatorControl } from '../../apps/cli/src/demo/simulator-control.ts'
import { type Fleet, simulatorEnvironment, startFleet } from '../../apps/cli/src/fleet.ts'
import { eventually } from './eventually.ts'
import { runToEnd } from './process.ts'
import { SERVER_DIR } from './redis-for-all.ts'
import { tempFolder } from './temp-folder.ts'

// The whole product for an e2e test: real processes against the simulator, worked from outside only, by HTTP and by the command line. Each has a Redis of its
// own, even where RELAY_REDIS_URL names one, since these tests read its files, stop it and kill it.

type Redis = ReturnType<typeof connectRedis>

/** Ordinary settings with short times; `RELAY_OPS_HOST` and the like keep what is started here on this machine. */
const SETTINGS: Readonly<Record<string, string>> = {
  RELAY_HTTP_HOST: '127.0.0.1',
  RELAY_OPS_HOST: '127.0.0.1',
  RELAY_LINGER: '50ms',
  RELAY_REQUEST_TIMEOUT: '1s',
  RELAY_BREAKER_OPEN: '500ms',
  ...Object.fromEntries(
    PLATFORM_IDS.flatMap((platform) => [
      [`RELAY_${platform.toUpperCase()}_RETRY_DELAYS`, '50ms,100ms,150ms'],
      [`RELAY_${platform.toUpperCase()}_EVENTS_PER_MINUTE`, '120000'],
    ]),
  ),
}

export interface SystemOptions {
  /** On top of the short settings above. */
  readonly env?: Readonly<Record<string, string>>
  /** @default 1 */
  readonly workers?: number
}

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface System extends AsyncDisposable {
  readonly fleet: Fleet
  readonly simulatorUrl: string
  readonly simulator: SimulatorControl
  readonly redis: Redis
  /** Redis' data and the master key; also the folder in which commands run. */
  readonly folder: string
  /** `<process> | <line>` of every process so far. */
  readonly logs: readonly string[]
  /** What a process needs to belong to this system. */
  readonly env: Readonly<Record<string, string>>
  /** `relay …` as an operator runs it, in a process of its own. */
  relay(
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
  ): Promise<CommandResult>
  books(): Promise<Record<PlatformId, Books>>
  /** Resolves when nothing waits, is held or in flight any more. */
  untilQuiet(withinMs: number): Promise<void>
}

/** In `beforeAll`, one per test file. Until it is disposed of, this process works in its folder, where no `.env` of the machine is. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  // Nothing of the machine's own settings reaches what is started here.
  for (const name of Object.keys(process.env)) if (name.startsWith('RELAY_')) delete process.env[name]
  const folder = await tempFolder('relay-e2e-')
  const formerFolder = cwd()
  chdir(folder.path)
  const logs: string[] = []
  const settings = { ...SETTINGS, ...options.env }
  const fleet = await startFleet({
    env: settings,
    dataDir: folder.path,
    serverDir: SERVER_DIR,
    workers: options.workers ?? 1,
    simulator: true,
    onLog: (source, line) => void logs.push(`${source} | ${line}`),
  }).catch((error: unknown) => {
    throw new Error(`the system did not start:\n${logs.slice(-30).join('\n')}`, { cause: error })
  })
  const simulatorUrl = fleet.simulatorUrl!
  const env = {
    ...settings,
    ...simulatorEnvironment(simulatorUrl),
    RELAY_REDIS_URL: fleet.redisUrl,
    RELAY_MASTER_KEY_FILE: fleet.masterKeyFile!,
  }
  const redis = connectRedis({ url: fleet.redisUrl, patience: 'wait', onError: () => {} })
  const books = () => readAllBooks(redis)
  return {
    fleet,
    simulatorUrl,
    simulator: createSimulatorControl(simulatorUrl),
    redis,
    folder: folder.path,
    logs,
    env,
    async relay(args, { input, env: changes = {} } = {}) {
      const command = { env: { ...env, ...changes }, cwd: folder.path, ...(input === undefined ? {} : { input }) }
      const { code, stdout, stderr } = await runToEnd('apps/cli/src/main.ts', args, command)
      return { exitCode: code, stdout, stderr }
    },
    books,
    async untilQuiet(withinMs) {
      await eventually(async () => {
        const restless = Object.entries(await books()).filter(([, { waiting, held, active }]) => waiting + held + active > 0)
        if (restless.length > 0) throw new Error(`something is still on its way: ${JSON.stringify(Object.fromEntries(restless))}`)
        return true
      }, withinMs)
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await fleet.stop()
      chdir(formerFolder)
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function readAllBooks(redis: Redis): Promise<Record<PlatformId, Books>> {
  const entries = await Promise.all(PLATFORM_IDS.map(async (platform) => [platform, await readBooks(redis, platform)] as const))
  return Object.fromEntries(entries) as Record<PlatformId, Books>
}
