import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createKeyText, parseKeyRing } from './key-ring.ts'
import type { KeyRing } from './key-ring.ts'

/** The keys in a mounted secret. Throws KeyRingError for its content, and the file system's error where it cannot be read. */
export async function readMasterKeyFile(path: string): Promise<KeyRing> {
  return parseKeyRing(await readFile(path, 'utf8'))
}

/** As `readMasterKeyFile`, but a file that is not there is made first, with one fresh key, readable by its owner alone. Never replaces a file. */
export async function ensureMasterKeyFile(path: string): Promise<KeyRing> {
  try {
    return await readMasterKeyFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Written aside and linked into place: a second process that starts now finds a whole key or none, and both use the same one.
  const part = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(part, `${createKeyText()}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(part, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(part, { force: true })
  }
  return readMasterKeyFile(path)
}
