import { access } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '@relay/config/env'
import { readProcessConfig } from '@relay/config/process-config'
import { mapPlatforms } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import type { ProvisionTools } from '@relay/delivery/provision'
import { createHttp } from '@relay/platforms/http'
import { PLATFORMS } from '@relay/platforms/registry'
import { openQueue, type Queues } from '@relay/queue/queues'
import { connectRedis, whenReady } from '@relay/state/redis'
import type { KeyRing } from '@relay/vault/key-ring'
import { loadKeyRing } from '@relay/vault/load-key-ring'
import type { Redis } from 'ioredis'
import { CliError, EXIT } from './exit.ts'
import { createPrinter, type Printer } from './print.ts'
import { simulatedBaseUrl } from './fleet.ts'
import { MASTER_KEY_FILE, readUpRecord, type UpRecord } from './relay-folder.ts'

export interface CommonOptions {
  readonly json?: boolean
}

/** What a command works with. Queues and HTTP are opened when first asked for, and all is closed at the end. */
export interface Session {
  readonly config: Config
  readonly redis: Redis
  readonly printer: Printer
  /** The operator's login name, for the audit trail. */
  readonly actor: string
  readonly endpoints: ProvisionTools['endpoints']
  queues(): Queues
  keyRing(): Promise<KeyRing>
  provisionTools(): Promise<ProvisionTools>
}

/** How long a command waits for Redis to answer at all, in ms. */
const READY_WITHIN_MS = 2_000

/** Opens what a command needs, runs it, and closes everything, so that the process ends by itself. */
export async function withSession<T>(options: CommonOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const config = readConfig()
  const up = config.RELAY_REDIS_URL === undefined ? await readUpRecord() : undefined
  const redis = await openRedis(redisUrlOf(config, up))
  const closers: (() => Promise<unknown>)[] = []
  const onClose = (close: () => Promise<unknown>): unknown => closers.unshift(close)
  let queues: Queues | undefined
  const session: Session = {
    config,
    redis,
    printer: createPrinter({ json: options.json === true }),
    actor: actorName(),
    queues: () => (queues ??= openQueues(redis, onClose)),
    keyRing: () => readKeyRing(config),
    endpoints: endpointsFor(config, up?.simulatorUrl),
    async provisionTools() {
      const http = createHttp({ requestTimeoutMs: config.RELAY_REQUEST_TIMEOUT })
      onClose(() => http.close())
      const { actor, endpoints } = session
      const [keyRing, queues] = [await session.keyRing(), session.queues()]
      return { redis, http, keyRing, queues, endpoints, actor, platforms: PLATFORMS, clock: Date.now, wait: (ms) => delay(ms) }
    },
  }
  try {
    return await work(session)
  } finally {
    for (const close of closers) await close()
    redis.disconnect()
  }
}

/** The configuration, or all its faults in one error. */
export function readConfig(): Config {
  const result = readProcessConfig()
  if (result.ok) return result.config
  const faults = result.faults.map((fault) => `  ${fault.name}: ${fault.message}`)
  throw new CliError(
    EXIT.usage,
    'CONFIGURATION',
    `The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.join('\n')}`,
    {
      nextStep: 'Every setting is listed in .env.example',
      details: { faults: result.faults },
    },
  )
}

/** Configured, else of the `relay up` of this folder. */
function redisUrlOf(config: Config, up: UpRecord | undefined): string {
  const url = config.RELAY_REDIS_URL ?? up?.redisUrl
  if (url !== undefined) return url
  throw new CliError(EXIT.usage, 'CONFIGURATION', 'No Redis is known: RELAY_REDIS_URL is not set and no `relay up` runs in this folder', {
    nextStep: 'Set RELAY_REDIS_URL, or start `relay up` here in another terminal',
  })
}

async function openRedis(url: string): Promise<Redis> {
  let last: Error | undefined
  const redis = connectRedis({ url, patience: 'fail-fast', onError: (error) => (last = error) })
  try {
    await whenReady(redis, READY_WITHIN_MS)
    return redis
  } catch (error) {
    redis.disconnect()
    const reason = last === undefined || last.message === '' ? '' : ` (${last.message})`
    throw new CliError(EXIT.failed, 'STORE_UNAVAILABLE', `Redis did not answer within ${READY_WITHIN_MS / 1_000} s${reason}`, {
      nextStep: 'Check RELAY_REDIS_URL and that the server runs',
      cause: error,
    })
  }
}

function openQueues(redis: Redis, onClose: (close: () => Promise<unknown>) => unknown): Queues {
  const queues = mapPlatforms((platform) => openQueue(platform, redis))
  onClose(() => Promise.all(Object.values(queues).map((queue) => queue.close())))
  return queues
}

async function readKeyRing(config: Config): Promise<KeyRing> {
  const { RELAY_MASTER_KEY_FILE: given, RELAY_MASTER_KEY: text } = config
  const isOwnThere = given === undefined && text === undefined && (await exists(MASTER_KEY_FILE))
  const file = isOwnThere ? MASTER_KEY_FILE : given
  const keyRing = await loadKeyRing({ file, text }).catch((error: unknown) => {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new CliError(EXIT.usage, 'MASTER_KEY', `The master key file cannot be read: ${error.message}`, {
      nextStep: 'Check RELAY_MASTER_KEY_FILE',
    })
  })
  if (keyRing !== undefined) return keyRing
  throw new CliError(EXIT.usage, 'MASTER_KEY', 'There is no master key to seal credentials with', {
    nextStep: 'Set RELAY_MASTER_KEY_FILE (the same file that the workers have), or start `relay up`, which makes one',
  })
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** As configured; else, where `relay up` of this folder runs the simulator, there; else the real ones. */
function endpointsFor(config: Config, simulatorUrl: string | undefined): ProvisionTools['endpoints'] {
  return mapPlatforms((platform) => {
    const { baseUrl, tokenUrl } = config.platforms[platform]
    const simulated = simulatorUrl === undefined ? undefined : simulatedBaseUrl(simulatorUrl, platform)
    return endpointsOf(PLATFORMS[platform], { baseUrl: baseUrl ?? simulated, tokenUrl })
  })
}

function actorName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user may have no entry in the list of users.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
