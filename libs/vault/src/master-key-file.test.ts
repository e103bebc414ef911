import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KeyRingError } from './key-ring.ts'
import { ensureMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-key-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('master key file', () => {
  test('is made once, for its owner alone, and the same key is found ever after', async () => {
    const path = join(folder, 'deep/er/master.key')
    const made = await ensureMasterKeyFile(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await ensureMasterKeyFile(path)).current.id).toBe(made.current.id)
    expect((await readMasterKeyFile(path)).current.key.export()).toEqual(made.current.key.export())
  })

  test('ten starters at once agree on one key, and leave nothing else behind', async () => {
    const path = join(folder, 'master.key')
    const rings = await Promise.all(Array.from({ length: 10 }, () => ensureMasterKeyFile(path)))
    expect(new Set(rings.map((ring) => ring.current.id)).size).toBe(1)
    expect(await readdir(folder)).toEqual(['master.key'])
  })

  test('a file with a wrong key is refused and stays as it is', async () => {
    const path = join(folder, 'master.key')
    await writeFile(path, 'not a key')
    await expect(ensureMasterKeyFile(path)).rejects.toThrow(KeyRingError)
    expect(await readFile(path, 'utf8')).toBe('not a key')
  })

  test('a missing file is an error where it is only read', async () => {
    await expect(readMasterKeyFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a folder that cannot be written to is an error, not a key of a moment', async () => {
    await writeFile(join(folder, 'file'), '')
    await chmod(join(folder, 'file'), 0o400)
    await expect(ensureMasterKeyFile(join(folder, 'file/master.key'))).rejects.toThrow(/ENOTDIR|EEXIST/)
  })
})
