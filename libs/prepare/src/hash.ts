import { hash } from 'node:crypto'

/** SHA-256 of the UTF-8 text as 64 lower-case hex digits. */
export const sha256Hex = (text: string): string => hash('sha256', text, 'hex')

/** The hash of the empty text: says "nobody", so it is never sent. */
export const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export type HashShape = 'sha256' | 'appendix' | 'md5' | 'none'

const SHA256 = /^[A-Fa-f0-9]{64}$/
/** What Meta's parameter builder emits: a SHA-256 with a case-sensitive tail of 8 characters, 2 in old libraries (facebook/capi-param-builder, read 2026-11-24). */
const APPENDIX = /^[a-f0-9]{64}\.(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2})$/
const MD5 = /^[A-Fa-f0-9]{32}$/

/**
 * Which kind of hash the whole value is, outer blanks aside. Anchored: a text that merely contains 64 hex digits is no hash
 * (unanchored tests of this kind let raw text through unhashed).
 */
export function recogniseHash(value: string): HashShape {
  const text = value.trim()
  if (SHA256.test(text)) return 'sha256'
  if (APPENDIX.test(text)) return 'appendix'
  return MD5.test(text) ? 'md5' : 'none'
}
