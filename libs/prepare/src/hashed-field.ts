import type { FieldWarning, IdentifierField, UserData } from '@relay/core/event'
import { recogniseHash, sha256Hex, SHA256_OF_NOTHING } from './hash.ts'
import { identifierValues } from './identifier-values.ts'
import type { Normalise } from './normalised.ts'

export interface HashingRule {
  /** The platform's rule for raw values. */
  readonly normalise: Normalise
  /** Meta takes its own `<hash>.<appendix>` form; everybody else gets HASH_WITH_APPENDIX. Default false. */
  readonly takesAppendix?: boolean
  /** The platforms normalise this field in different ways, so a hash made elsewhere may be of another form: HASHED_UNVERIFIED. Default false. */
  readonly doubtsHashes?: boolean
}

export interface HashedField {
  /** In the order given, each once. */
  readonly hashes: readonly string[]
  readonly warnings: readonly FieldWarning[]
}

type Verdict =
  | { readonly hash: string; readonly warning?: FieldWarning['reason'] }
  | { readonly hash: undefined; readonly warning: FieldWarning['reason'] }

function judge(value: string, rule: HashingRule): Verdict {
  const given = value.trim()
  const doubt = rule.doubtsHashes === true ? { warning: 'HASHED_UNVERIFIED' as const } : {}
  switch (recogniseHash(given)) {
    case 'sha256': {
      const hash = given.toLowerCase()
      return hash === SHA256_OF_NOTHING ? { hash: undefined, warning: 'HASH_OF_NOTHING' } : { hash, ...doubt }
    }
    case 'appendix':
      if (rule.takesAppendix !== true) return { hash: undefined, warning: 'HASH_WITH_APPENDIX' }
      return given.startsWith(SHA256_OF_NOTHING) ? { hash: undefined, warning: 'HASH_OF_NOTHING' } : { hash: given, ...doubt }
    case 'md5':
      return { hash: undefined, warning: 'HASH_NOT_SHA256' }
    case 'none': {
      const text = rule.normalise(value)
      return text.ok ? { hash: sha256Hex(text.value) } : { hash: undefined, warning: text.reason }
    }
  }
}

/**
 * The hashes of one identifier by one platform's rule. A SHA-256 made already is lower-cased and taken; an MD5, the hash of the empty text
 * and what cannot be normalised are left out, each with a warning that names path and reason, never the value. Two values that become
 * equal are one.
 */
export function hashField(userData: UserData, field: IdentifierField, rule: HashingRule): HashedField {
  const hashes = new Set<string>()
  const warnings: FieldWarning[] = []
  for (const { value, path } of identifierValues(userData, field)) {
    const verdict = judge(value, rule)
    if (verdict.hash !== undefined) hashes.add(verdict.hash)
    if (verdict.warning !== undefined) warnings.push({ field: path, reason: verdict.warning })
  }
  return { hashes: [...hashes], warnings }
}
