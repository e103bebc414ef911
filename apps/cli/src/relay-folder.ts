import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/*
 * What `relay up` keeps in the folder it is started in: the embedded Redis with its data, the master key, the delivery records, and, while it runs,
 * `up.json`, by which the other commands find it.
 */

export const RELAY_FOLDER = resolve('.relay')
export const MASTER_KEY_FILE = join(RELAY_FOLDER, 'master.key')
/** Where the workers of `relay up` put their delivery records. */
export const DELIVERY_LOG_FOLDER = join(RELAY_FOLDER, 'deliveries')
const UP_FILE = join(RELAY_FOLDER, 'up.json')

export interface UpRecord {
  readonly pid: number
  readonly redisUrl: string
  readonly ingestUrl: string
  readonly simulatorUrl?: string
}

/** Of a `relay up` that is alive; undefined where none runs here, also where one was killed and left its record. */
export async function readUpRecord(): Promise<UpRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(UP_FILE, 'utf8')) as UpRecord
    return isAlive(record.pid) ? record : undefined
  } catch {
    return undefined
  }
}

export async function writeUpRecord(record: UpRecord): Promise<void> {
  await mkdir(RELAY_FOLDER, { recursive: true, mode: 0o700 })
  // Its URL may hold a password.
  await writeFile(`${UP_FILE}.part`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  await rename(`${UP_FILE}.part`, UP_FILE)
}

export const removeUpRecord = (): Promise<void> => rm(UP_FILE, { force: true })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
