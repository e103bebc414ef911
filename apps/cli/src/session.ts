import { access } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '@relay/config/env'
import { readProcessConfig } from '@relay/config/process-config'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import type { ProvisionTools } from '@relay/delivery/provision'
import { createHttp } from '@relay/platforms/http'
import { PLATFORMS } from '@relay/platforms/registry'
import { openQueue, type Queues } from '@relay/queue/queues'
import { connectRedis, whenReady } from '@relay/state/redis'
import { type KeyRing, parseKeyRing } from '@relay/vault/key-ring'
import { readMasterKeyFile } from '@relay/vault/master-key-file'
import type { Redis } from 'ioredis'
import { CliError, EXIT } from './exit.ts'
import { createPrinter, type Printer } from './print.ts'
import { MASTER_KEY_FILE, readUpRecord } from './relay-folder.ts'

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
  queues(): Queues
  keyRing(): Promise<KeyRing>
  provisionTools(): Promise<ProvisionTools>
}

/** How long a command waits for Redis to answer at all, in ms. */
const READY_WITHIN_MS = 3_000

/** Opens what a command needs, runs it, and closes everything, so that the process ends by itself. */
export async function withSession<T>(options: CommonOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const config = readConfig()
  const redis = await openRedis(await redisUrlOf(config))
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
    async provisionTools() {
      const http = createHttp({ requestTimeoutMs: config.RELAY_REQUEST_TIMEOUT })
      onClose(() => http.close())
      return {
        ...{ redis, http, platforms: PLATFORMS, endpoints: endpointsFor(config), clock: Date.now, actor: session.actor, wait: delay },
        keyRing: await session.keyRing(),
        queues: session.queues(),
      }
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
async function redisUrlOf(config: Config): Promise<string> {
  const url = config.RELAY_REDIS_URL ?? (await readUpRecord())?.redisUrl
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
  const entries = PLATFORM_IDS.map((platform) => [platform, openQueue(platform, redis)] as const)
  onClose(() => Promise.all(entries.map(([, queue]) => queue.close())))
  return Object.fromEntries(entries) as unknown as Queues
}

async function readKeyRing(config: Config): Promise<KeyRing> {
  if (config.RELAY_MASTER_KEY_FILE !== undefined) {
    const path = config.RELAY_MASTER_KEY_FILE
    return readMasterKeyFile(path).catch((error: unknown) => {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      throw new CliError(EXIT.usage, 'MASTER_KEY', `The master key file cannot be read: ${error.message}`, {
        nextStep: 'Check RELAY_MASTER_KEY_FILE',
      })
    })
  }
  if (config.RELAY_MASTER_KEY !== undefined) return parseKeyRing(config.RELAY_MASTER_KEY)
  if (await exists(MASTER_KEY_FILE)) return readMasterKeyFile(MASTER_KEY_FILE)
  throw new CliError(EXIT.usage, 'MASTER_KEY', 'There is no master key to seal credentials with', {
    nextStep: 'Set RELAY_MASTER_KEY_FILE (the same file that the workers have), or start `relay up`, which makes one',
  })
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const endpointsFor = (config: Config): ProvisionTools['endpoints'] =>
  Object.fromEntries(
    PLATFORM_IDS.map((platform: PlatformId) => [platform, endpointsOf(PLATFORMS[platform], config.platforms[platform])]),
  ) as unknown as ProvisionTools['endpoints']

function actorName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user may have no entry in the list of users.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
