import type { FieldWarning, IdentifierField, PlainUserField, UserData } from '@relay/core/event'
import { SHA256_OF_NOTHING } from '@relay/prepare/hash'
import { hashField, type HashingRule } from '@relay/prepare/hashed-field'
import { identifierValues } from '@relay/prepare/identifier-values'
import type { Normalise } from '@relay/prepare/normalised'
import { plainField } from '@relay/prepare/plain-field'

/**
 * Gathers one person's identifiers under a platform's keys, and the warnings of what was left out, in the order of the calls. What the platform
 * takes of all fields stands in `form`.
 */
export function createIdentified(
  userData: UserData,
  form: Pick<HashingRule, 'takesAppendix'> = {},
): {
  hashed(key: string, field: IdentifierField, normalise: Normalise, doubt?: Pick<HashingRule, 'doubtsHashes'>): void
  /** The first usable value, as a text. */
  plain(key: string, field: PlainUserField, normalise: Normalise): void
  /** Every value as it was given, outer blanks aside, hashes too: for a field whose form is the producer's choice. */
  exactList(key: string, field: IdentifierField): void
  put(key: string, value: string | undefined): void
  warn(...warnings: readonly FieldWarning[]): void
  result(): { readonly user: Readonly<Record<string, string | readonly string[]>>; readonly warnings: readonly FieldWarning[] }
} {
  const user: Record<string, string | readonly string[]> = {}
  const warnings: FieldWarning[] = []
  return {
    hashed(key, field, normalise, doubt) {
      const found = hashField(userData, field, { normalise, ...form, ...doubt })
      if (found.hashes.length > 0) user[key] = found.hashes
      warnings.push(...found.warnings)
    },
    plain(key, field, normalise) {
      const found = plainField(userData, field, normalise)
      if (found.values[0] !== undefined) user[key] = found.values[0]
      warnings.push(...found.warnings)
    },
    exactList(key, field) {
      const values = new Set<string>()
      for (const { value, path } of identifierValues(userData, field)) {
        const text = value.trim()
        if (text === '') warnings.push({ field: path, reason: 'EMPTY' })
        else if (text.toLowerCase() === SHA256_OF_NOTHING) warnings.push({ field: path, reason: 'HASH_OF_NOTHING' })
        else values.add(text)
      }
      if (values.size > 0) user[key] = [...values]
    },
    put(key, value) {
      if (value !== undefined) user[key] = value
    },
    warn: (...given) => void warnings.push(...given),
    result: () => ({ user, warnings }),
  }
}
