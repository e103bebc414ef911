import { isIP } from 'node:net'

/** A JSON object whose content nobody has looked at yet. */
export type Fields = Readonly<Record<string, unknown>>

const SHA256_HEX = /^[0-9a-f]{64}$/
/** SHA-256 of no text at all: the sign of a client that hashed an empty field. */
export const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** A number, or text that is one, as the samples of Meta and Snapchat also show. */
export function isNumeric(value: unknown): value is number | string {
  return isNumber(value) || (isText(value) && /^-?\d+(\.\d+)?$/.test(value))
}

/** A whole number from 0, or its digits as text. */
export function isDigits(value: unknown): value is number | string {
  return typeof value === 'number' ? Number.isInteger(value) && value >= 0 : isText(value) && /^\d+$/.test(value)
}

/** A SHA-256 in lowercase hex, and not the one of an empty text. */
export function isSha256(value: unknown): value is string {
  return typeof value === 'string' && SHA256_HEX.test(value) && value !== SHA256_OF_NOTHING
}

/** Looks like a digest, in a field where plain text is due. */
export function looksHashed(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value)
}

export function isIpAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0
}

/** One value or many, as a list; absent is an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** The value of a JSON text, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Text as it is, anything else as the empty text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
