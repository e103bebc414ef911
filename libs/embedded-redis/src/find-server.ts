import { readFile } from 'node:fs/promises'
import { hasDebianPackages, unpackDebianPackage } from './debian-package.ts'
import { installCommand } from './install-command.ts'
import { runProgram } from './run-program.ts'
import { OLDEST_MAJOR, readServerVersion } from './server-version.ts'
import { RedisStartError } from './start-error.ts'

/** How a server is started on this machine. */
export type ServerProgram =
  | {
      readonly kind: 'binary'
      /** Found on the PATH, or unpacked by us. */
      readonly origin: 'machine' | 'package'
      readonly command: string
      /** For LD_LIBRARY_PATH; empty: the system's own libraries. */
      readonly libraryPath: string
      readonly version: string
    }
  | { readonly kind: 'container'; readonly engine: ContainerEngine; readonly image: string }

export type ContainerEngine = 'docker' | 'podman'

const CONTAINER_IMAGE = 'redis:8-alpine'
const ENGINE_TIMEOUT_MS = 10_000

/**
 * The first of: `valkey-server` or `redis-server` on the PATH (7.0 or later), the distribution's package unpacked in `serverDir` (absolute), a
 * container engine that answers. Else NO_SERVER with what was tried and the one command to run.
 */
export async function findServer(serverDir: string, onProgress: (message: string) => void): Promise<ServerProgram> {
  const tried: string[] = []
  return (
    (await findOnPath(tried)) ??
    (await findPackage(serverDir, onProgress, tried)) ??
    (await findContainerEngine(tried)) ??
    (await giveUp(tried))
  )
}

async function findOnPath(tried: string[]): Promise<ServerProgram | undefined> {
  for (const command of ['valkey-server', 'redis-server']) {
    const version = await readServerVersion(command)
    if (version === undefined) {
      tried.push(`no ${command} on the PATH`)
    } else if (version.major < OLDEST_MAJOR) {
      tried.push(`the ${command} on the PATH is ${version.text}, and ${OLDEST_MAJOR}.0 is needed`)
    } else {
      return { kind: 'binary', origin: 'machine', command, libraryPath: '', version: version.text }
    }
  }
  return undefined
}

async function findPackage(serverDir: string, onProgress: (message: string) => void, tried: string[]): Promise<ServerProgram | undefined> {
  if (!(await hasDebianPackages())) {
    tried.push('no Debian packages on this system')
    return undefined
  }
  try {
    const { command, libraryPath, version } = await unpackDebianPackage(serverDir, onProgress)
    if (version.major >= OLDEST_MAJOR) return { kind: 'binary', origin: 'package', command, libraryPath, version: version.text }
    tried.push(`this system's package is Redis ${version.text}, and ${OLDEST_MAJOR}.0 is needed`)
  } catch (error) {
    tried.push((error as Error).message)
  }
  return undefined
}

async function findContainerEngine(tried: string[]): Promise<ServerProgram | undefined> {
  for (const engine of ['docker', 'podman'] as const) {
    const result = await runProgram(engine, ['info'], { timeoutMs: ENGINE_TIMEOUT_MS })
    if (result.kind === 'ended' && result.exitCode === 0) return { kind: 'container', engine, image: CONTAINER_IMAGE }
    tried.push(result.kind === 'absent' ? `no ${engine}` : `${engine} does not answer`)
  }
  return undefined
}

async function giveUp(tried: readonly string[]): Promise<never> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const command = installCommand({ platform: process.platform, osRelease })
  throw new RedisStartError(
    'NO_SERVER',
    `No Redis found, and none to be had (${tried.join('; ')}). Run: ${command}   (or set RELAY_REDIS_URL to a Redis of yours)`,
  )
}
