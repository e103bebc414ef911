import type { FieldWarning, IdentifierField, PlainUserField, UserData } from '@relay/core/event'
import { recogniseHash } from './hash.ts'
import { identifierValues } from './identifier-values.ts'
import type { Normalise } from './normalised.ts'

export interface PlainField {
  /** In the order given, each once. */
  readonly values: readonly string[]
  readonly warnings: readonly FieldWarning[]
}

/**
 * The values of a field that a platform takes only as plain text, by its rule. A hash there says nothing to the platform and is left out
 * (HASH_WHERE_PLAIN_IS_DUE), as is what cannot be normalised; two values that become equal are one.
 */
export function plainField(userData: UserData, field: IdentifierField | PlainUserField, normalise: Normalise): PlainField {
  const values = new Set<string>()
  const warnings: FieldWarning[] = []
  for (const { value, path } of identifierValues(userData, field)) {
    const text = recogniseHash(value) === 'none' ? normalise(value) : ({ ok: false, reason: 'HASH_WHERE_PLAIN_IS_DUE' } as const)
    if (text.ok) values.add(text.value)
    else warnings.push({ field: path, reason: text.reason })
  }
  return { values: [...values], warnings }
}
