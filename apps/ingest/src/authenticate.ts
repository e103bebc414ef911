import { fromStore } from '@relay/accept/store'
import type { Clock, EpochMs } from '@relay/core/clock'
import { RequestError } from '@relay/core/request-errors'
import type { IngestKey, KeyScope } from '@relay/state/ingest-keys'

/** How long a key that was found is taken without asking Redis, in ms: a removed one works at most this much longer. */
const CACHE_MS = 3_000
const MAX_CACHED = 10_000
const MAX_KEY = 256

export type Authenticate = (header: string | undefined, scope: KeyScope) => Promise<IngestKey>

/**
 * Reads `Authorization: Bearer <ingest key>`. Throws RequestError UNAUTHORIZED (no key, an unknown or removed one), FORBIDDEN (a key without the scope) or
 * STORE_UNAVAILABLE. Unknown keys are not remembered, so that a new one works at once.
 */
export function createAuthenticator(find: (key: string) => Promise<IngestKey | undefined>, clock: Clock): Authenticate {
  const found = new Map<string, { readonly record: IngestKey; readonly until: EpochMs }>()

  async function recordOf(key: string): Promise<IngestKey | undefined> {
    const cached = found.get(key)
    if (cached !== undefined && cached.until > clock()) return cached.record
    found.delete(key)
    const record = await fromStore(find(key))
    if (record === undefined) return undefined
    if (found.size >= MAX_CACHED) found.clear()
    found.set(key, { record, until: clock() + CACHE_MS })
    return record
  }

  return async (header, scope) => {
    const key = /^Bearer +([^\s]+)$/i.exec(header?.trim() ?? '')?.[1]
    if (key === undefined || key.length > MAX_KEY) {
      throw new RequestError('UNAUTHORIZED', 'Send the ingest key as Authorization: Bearer <key>')
    }
    const record = await recordOf(key)
    if (record === undefined)
      throw new RequestError('UNAUTHORIZED', 'The ingest key is unknown or was removed: make one with relay keys add')
    if (!record.scopes.includes(scope)) throw new RequestError('FORBIDDEN', `The ingest key has no scope ${scope}: use one that has`)
    return record
  }
}
