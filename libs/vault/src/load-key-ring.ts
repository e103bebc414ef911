import { type KeyRing, parseKeyRing } from './key-ring.ts'
import { readMasterKeyFile } from './master-key-file.ts'

/** The master keys from where the configuration says: the mounted file wins over the text. Undefined where neither is given. Throws as readMasterKeyFile and parseKeyRing do. */
export async function loadKeyRing(source: {
  readonly file: string | undefined
  readonly text: string | undefined
}): Promise<KeyRing | undefined> {
  if (source.file !== undefined) return readMasterKeyFile(source.file)
  return source.text === undefined ? undefined : parseKeyRing(source.text)
}
