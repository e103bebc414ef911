import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { processMark } from './process-mark.ts'

// The life of a lock, which is a folder with one file that names its owner:
// 1. A candidate makes `<path>.<token>` with its owner file, and renames it to `<path>`: this fails where a lock stands, since that is never empty.
// 2. The owner renames it away and removes it.
// 3. An owner that was killed leaves it. Whoever finds the process gone makes `<path>.takeover.<token>` (one process only can), looks
//    again that the same dead owner holds the lock, and removes it. Without that step two finders could remove one another's fresh locks.

interface Owner {
  readonly token: string
  readonly pid: number
  readonly mark: string
}

const POLL_MS = 50
/** A takeover takes microseconds; one this old was itself killed. */
const TAKEOVER_STALE_MS = 10_000

/** Runs `work` while no other process (or caller in this one) holds the lock at `path`; waits for its turn. `onWait` is called once if it has to. */
export async function withFolderLock<T>(path: string, work: () => Promise<T>, onWait?: (ownerPid: number) => void): Promise<T> {
  const owner: Owner = {
    token: randomBytes(8).toString('hex'),
    pid: process.pid,
    mark: (await processMark(process.pid)) ?? '',
  }
  let hasWaited = false
  while (!(await take(path, owner))) {
    const holder = await readOwner(path)
    if (holder === undefined) continue
    if ((await processMark(holder.pid)) !== holder.mark) {
      await removeDead(path, holder)
      continue
    }
    if (!hasWaited) onWait?.(holder.pid)
    hasWaited = true
    await delay(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await discard(path, `${path}.${owner.token}.released`)
  }
}

async function take(path: string, owner: Owner): Promise<boolean> {
  const candidate = `${path}.${owner.token}`
  await mkdir(candidate, { recursive: true })
  await writeFile(join(candidate, 'owner'), JSON.stringify(owner))
  try {
    await rename(candidate, path)
    return true
  } catch (error) {
    await rm(candidate, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') return false
    throw error
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const text = await readFile(join(path, 'owner'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Owner)
}

async function removeDead(path: string, holder: Owner): Promise<void> {
  const takeover = `${path}.takeover.${holder.token}`
  try {
    await mkdir(takeover)
  } catch {
    const since = await stat(takeover).catch(() => undefined)
    if (since !== undefined && Date.now() - since.mtimeMs > TAKEOVER_STALE_MS) await rm(takeover, { recursive: true, force: true })
    await delay(POLL_MS)
    return
  }
  try {
    if ((await readOwner(path))?.token === holder.token) await discard(path, `${takeover}.dead`)
  } finally {
    await rm(takeover, { recursive: true, force: true })
  }
}

/** Renamed first, so that a lock is there in full or not at all. */
async function discard(path: string, aside: string): Promise<void> {
  await rename(path, aside)
  await rm(aside, { recursive: true, force: true })
}
