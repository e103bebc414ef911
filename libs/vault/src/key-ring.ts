import { createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export interface MasterKey {
  /** Stands in clear in every envelope that this key sealed. */
  readonly id: string
  /** A KeyObject, since that shows nothing of its bytes when it is printed or put into JSON. */
  readonly key: KeyObject
}

/** The master keys of a fleet. What is sealed from now on is sealed with `current`; the others open what was sealed before. */
export interface KeyRing {
  readonly current: MasterKey
  find(id: string): MasterKey | undefined
}

/** Wrong master keys. `faults` name each one by its place, and never hold anything of the text: a key may stand where an id is due. */
export class KeyRingError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`the master keys cannot be used: ${faults.join('; ')}`)
    this.name = 'KeyRingError'
    this.faults = faults
  }
}

const KEY_BYTES = 32
const ID = /^[A-Za-z0-9_.-]{1,64}$/

/** Reads `id:base64[,id:base64…]`, each key of 32 bytes; blanks and line ends around an entry do not matter. Throws KeyRingError with all faults. */
export function parseKeyRing(text: string): KeyRing {
  if (text.trim() === '') throw new KeyRingError(['there is none; the form is id:base64[,id:base64…]'])
  const faults: string[] = []
  const keys = new Map<string, MasterKey>()
  for (const [index, entry] of text.split(',').entries()) {
    const place = `key ${index + 1}`
    const [id = '', encoded, ...more] = entry.trim().split(':')
    if (encoded === undefined || more.length > 0) {
      faults.push(`${place} is not of the form id:base64`)
      continue
    }
    const bytes = decodeKey(encoded)
    if (!ID.test(id)) faults.push(`${place} has an id that is not 1 to 64 letters, digits, "_", "." or "-"`)
    if (keys.has(id)) faults.push(`${place} has the id of an earlier one`)
    if (bytes === undefined) faults.push(`${place} is not ${KEY_BYTES} bytes in base64`)
    else keys.set(id, { id, key: createSecretKey(bytes) })
  }
  if (faults.length > 0) throw new KeyRingError(faults)
  const [current] = keys.values()
  return { current: current!, find: (id) => keys.get(id) }
}

/** A fresh random key as text for `parseKeyRing`, with a random id. */
export function createKeyText(): string {
  return `${randomBytes(4).toString('hex')}:${randomBytes(KEY_BYTES).toString('base64')}`
}

function decodeKey(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, 'base64')
  const withoutPadding = encoded.replace(/=+$/, '')
  // Node skips what is not base64: only a text that is what its bytes encode to has been read in full.
  return bytes.length === KEY_BYTES && bytes.toString('base64').replace(/=+$/, '') === withoutPadding ? bytes : undefined
}
