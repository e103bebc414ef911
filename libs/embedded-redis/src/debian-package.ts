import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { withFolderLock } from './folder-lock.ts'
import { runProgram } from './run-program.ts'
import type { ProgramResult } from './run-program.ts'
import { readServerVersion } from './server-version.ts'
import type { ServerVersion } from './server-version.ts'
import { RedisStartError } from './start-error.ts'

// The life of an unpacked package:
// 1. One process at a time (a lock beside the folder) downloads the package and what it needs and this system lacks, with apt-get pointed at
//    lists and a cache of our own, and unpacks it into a working folder. Nothing is installed and no right of root is used.
// 2. The working folder is renamed to its place when a server in it has answered `--version`: the place holds a whole server or none.
// 3. A server that does not run there any more (the system was upgraded) is removed and fetched anew.

export interface UnpackedServer {
  readonly command: string
  /** For LD_LIBRARY_PATH. */
  readonly libraryPath: string
  readonly version: ServerVersion
}

const PACKAGE = 'redis-server'
/** Holds the program itself: Debian's redis-server is a link into it. */
const PROGRAMS = 'redis-tools'
const APT_TIMEOUT_MS = 240_000
const UNPACK_TIMEOUT_MS = 60_000
const VERSION_TIMEOUT_MS = 10_000
const RETRY_DELAY_MS = 2_000

/** Can this system do it at all? */
export async function hasDebianPackages(): Promise<boolean> {
  const [apt, dpkg] = await Promise.all([
    runProgram('apt-get', ['--version'], { timeoutMs: VERSION_TIMEOUT_MS }),
    runProgram('dpkg', ['--version'], { timeoutMs: VERSION_TIMEOUT_MS }),
  ])
  return apt.kind === 'ended' && apt.exitCode === 0 && dpkg.kind === 'ended' && dpkg.exitCode === 0
}

/**
 * The distribution's Redis, unpacked in `serverDir` (absolute): what is there already, else a download of some 10 MB, tried twice. Several processes
 * may ask at once. Fails with PACKAGE_FAILED.
 */
export async function unpackDebianPackage(serverDir: string, onProgress: (message: string) => void): Promise<UnpackedServer> {
  const ready = await findUnpacked(serverDir)
  if (ready !== undefined) return ready
  return withFolderLock(
    `${serverDir}.lock`,
    async () => {
      // Whoever held the lock before may have done it.
      const done = await findUnpacked(serverDir)
      if (done !== undefined) return done
      onProgress(`downloading the ${PACKAGE} package of this system into ${serverDir} (once, nothing is installed)`)
      try {
        await fetchInto(serverDir)
      } catch (error) {
        onProgress(`${(error as Error).message}; trying once more`)
        await delay(RETRY_DELAY_MS)
        await fetchInto(serverDir)
      }
      const server = await findUnpacked(serverDir)
      if (server === undefined)
        throw new RedisStartError('PACKAGE_FAILED', `the server unpacked in ${serverDir} does not run on this system`)
      return server
    },
    (ownerPid) => onProgress(`process ${ownerPid} is downloading Redis into ${serverDir}: waiting for it`),
  )
}

async function findUnpacked(root: string): Promise<UnpackedServer | undefined> {
  const command = join(root, 'usr/bin/redis-server')
  const libraryPath = await libraryFolders(root)
  const version = await readServerVersion(command, libraryPath)
  return version === undefined ? undefined : { command, libraryPath, version }
}

async function libraryFolders(root: string): Promise<string> {
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const folders = files.filter((file) => /\.so(\.|$)/.test(file.name)).map((file) => file.parentPath)
  return [...new Set(folders)].toSorted().join(':')
}

async function fetchInto(serverDir: string): Promise<void> {
  const work = `${serverDir}.part`
  await rm(work, { recursive: true, force: true })
  try {
    await download(work)
    const root = join(work, 'root')
    await unpack(join(work, 'cache/archives'), root)
    if ((await findUnpacked(root)) === undefined) {
      throw new RedisStartError('PACKAGE_FAILED', `the ${PACKAGE} package of this system holds no server that runs here`)
    }
    await rm(serverDir, { recursive: true, force: true })
    await mkdir(dirname(serverDir), { recursive: true })
    await rename(root, serverDir)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function download(work: string): Promise<void> {
  const lists = join(work, 'lists')
  const cache = join(work, 'cache')
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  const settings = [
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
    // The lock files are root's; ours are in folders of our own.
    'Debug::NoLocking=1',
    // As root, apt would download as a user that cannot write here.
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=15',
    'Acquire::https::Timeout=15',
  ].flatMap((setting) => ['-o', setting])
  const options = { timeoutMs: APT_TIMEOUT_MS, variables: { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } }
  // Some other source of this system may be out of reach: whether the update sufficed shows in the next step.
  const update = await runProgram('apt-get', [...settings, '-q', 'update'], options)
  // Also where they are installed, since apt would then fetch nothing; what they depend on is on the system in that case.
  const install = ['-q', '-y', 'install', '--reinstall', '--download-only', '--no-install-recommends', PACKAGE, PROGRAMS]
  const fetched = await runProgram('apt-get', [...settings, ...install], options)
  if (hasSucceeded(fetched)) return
  const reason = [lastComplaint(update), lastComplaint(fetched)].find((line) => line !== '') ?? 'apt-get gave no reason'
  throw new RedisStartError('PACKAGE_FAILED', `the ${PACKAGE} package could not be downloaded (is this machine online?): ${reason}`)
}

async function unpack(archives: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  const packages = (await readdir(archives)).filter((name) => name.endsWith('.deb'))
  for (const name of packages) {
    // The C library must be the one that belongs to the system's loader.
    if (name.startsWith('libc6_')) continue
    const result = await runProgram('dpkg', ['-x', join(archives, name), root], { timeoutMs: UNPACK_TIMEOUT_MS })
    if (!hasSucceeded(result)) throw new RedisStartError('PACKAGE_FAILED', `${name} could not be unpacked: ${lastComplaint(result)}`)
  }
}

const hasSucceeded = (result: ProgramResult): boolean => result.kind === 'ended' && result.exitCode === 0

function lastComplaint(result: ProgramResult): string {
  if (result.kind === 'timeout') return 'it took too long'
  if (result.kind === 'absent') return 'there is no such program'
  const complaints = result.stderr
    .split('\n')
    .filter((line) => line.startsWith('E:') || line.startsWith('Err') || line.startsWith('W: Failed'))
  return (complaints[0] ?? '').trim()
}
