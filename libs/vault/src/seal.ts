import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'
import { VaultError } from './vault-error.ts'

// An envelope has two layers, both AES-256-GCM: the content under a data key of its own, and the data key under the master key. Both are
// bound to what the content belongs to, so that an envelope copied to another owner does not open there, and a data key fits no other content.

interface Box {
  readonly iv: string
  readonly tag: string
  readonly data: string
}

interface Envelope {
  readonly v: 1
  /** Id of the master key. */
  readonly key: string
  /** The data key under the master key. */
  readonly wrap: Box
  readonly body: Box
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals under the ring's current key. `associated` names what the content belongs to (tenant and connection, in this order, for credentials);
 * `open` must be given the same parts. The envelope is JSON text, safe to store anywhere: it shows the key's id and the content's length.
 */
export function seal(keyRing: KeyRing, content: string | Buffer, associated: readonly string[]): string {
  const { id, key } = keyRing.current
  const dataKey = randomBytes(KEY_BYTES)
  const envelope: Envelope = {
    v: 1,
    key: id,
    wrap: encrypt(key, dataKey, binding('wrap', id, associated)),
    body: encrypt(createSecretKey(dataKey), Buffer.from(content), binding('body', id, associated)),
  }
  dataKey.fill(0)
  return JSON.stringify(envelope)
}

/** The content of an envelope, byte for byte. Throws VaultError. */
export function open(keyRing: KeyRing, envelope: string, associated: readonly string[]): Buffer {
  const { key: id, wrap, body } = parseEnvelope(envelope)
  const master = keyRing.find(id)
  if (master === undefined) throw new VaultError('KEY_UNKNOWN', `sealed with the master key ${id}, which is not among the keys given`)
  const dataKey = decrypt(master.key, wrap, binding('wrap', id, associated))
  if (dataKey.length !== KEY_BYTES) throw malformed()
  return decrypt(createSecretKey(dataKey), body, binding('body', id, associated))
}

/** Id of the master key that an envelope was sealed with. Throws VaultError MALFORMED. */
export function keyIdOf(envelope: string): string {
  return parseEnvelope(envelope).key
}

/** As JSON, so that no two lists of parts give the same bytes. */
const binding = (layer: 'wrap' | 'body', keyId: string, associated: readonly string[]): Buffer =>
  Buffer.from(JSON.stringify(['relay-envelope', 1, layer, keyId, ...associated]))

function encrypt(key: KeyObject, content: Buffer, bound: Buffer): Box {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(bound)
  const data = Buffer.concat([cipher.update(content), cipher.final()])
  return { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') }
}

function decrypt(key: KeyObject, box: Box, bound: Buffer): Buffer {
  const decipher = createDecipheriv(CIPHER, key, decode(box.iv, IV_BYTES), { authTagLength: TAG_BYTES }).setAAD(bound)
  decipher.setAuthTag(decode(box.tag, TAG_BYTES))
  const data = decode(box.data)
  try {
    return Buffer.concat([decipher.update(data), decipher.final()])
  } catch {
    // Node's own error says no more, and a cause would travel into logs.
    throw new VaultError('NOT_OPENED', 'cannot be opened: changed, sealed for something else, or sealed with another key of this id')
  }
}

/** Base64 in the one form that `encrypt` writes: another spelling of the same bytes is a change too. */
function decode(text: string, bytes?: number): Buffer {
  const decoded = Buffer.from(text, 'base64')
  if (decoded.toString('base64') !== text || (bytes !== undefined && decoded.length !== bytes)) throw malformed()
  return decoded
}

function parseEnvelope(text: string): Envelope {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed()
  }
  if (!isRecord(value) || value['v'] !== 1 || typeof value['key'] !== 'string' || !isBox(value['wrap']) || !isBox(value['body']))
    throw malformed()
  return { v: 1, key: value['key'], wrap: value['wrap'], body: value['body'] }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isBox = (value: unknown): value is Box =>
  isRecord(value) && typeof value['iv'] === 'string' && typeof value['tag'] === 'string' && typeof value['data'] === 'string'

const malformed = (): VaultError => new VaultError('MALFORMED', 'not a sealed envelope of a known version')
