import type { ConnectionSettings } from '@relay/core/connection'
import { isJsonObject } from '@relay/core/json'
import type { Platform } from '@relay/platforms/contract'

/** What somebody typed or wrote into a file, not looked at yet. */
export interface ConnectionInput {
  readonly name?: unknown
  readonly credentials: unknown
  readonly settings?: unknown
}

/** One wrong field by its path (`credentials.access_token`). The value is never repeated: it may be a secret. */
export interface InputFault {
  readonly path: string
  readonly message: string
}

interface ConnectionDraft {
  readonly name: string
  readonly credentials: unknown
  readonly settings: ConnectionSettings
}

const MAX_NAME_LENGTH = 128

/** Checks the shape alone; all faults at once. Without a name the connection is called after its account. */
export function readDraft(
  platform: Platform,
  input: ConnectionInput,
): { readonly ok: true; readonly draft: ConnectionDraft } | { readonly ok: false; readonly faults: readonly InputFault[] } {
  const credentials = platform.credentials.safeParse(input.credentials)
  const settings = platform.settings.safeParse(input.settings ?? {})
  const faults: InputFault[] = []
  if (!credentials.success) faults.push(...faultsUnder('credentials', credentials.error.issues))
  if (!settings.success) faults.push(...faultsUnder('settings', settings.error.issues))
  const { name } = input
  const isNameRight = name === undefined || (typeof name === 'string' && name.trim() !== '' && name.length <= MAX_NAME_LENGTH)
  if (!isNameRight) faults.push({ path: 'name', message: `must be a text of 1 to ${MAX_NAME_LENGTH} characters` })
  if (!credentials.success || !settings.success || !isNameRight) return { ok: false, faults }
  const given = typeof name === 'string' ? name.trim() : `${platform.id} ${platform.accountKey(settings.data)}`
  return { ok: true, draft: { name: given, credentials: credentials.data, settings: settings.data } }
}

/** The outside of a connection file: `{"name"?, "credentials", "settings"?}` and nothing else. */
export function readConnectionFile(
  content: unknown,
): { readonly ok: true; readonly input: ConnectionInput } | { readonly ok: false; readonly faults: readonly InputFault[] } {
  if (!isJsonObject(content))
    return { ok: false, faults: [{ path: '', message: 'must be a JSON object {"credentials": {…}, "settings": {…}}' }] }
  const faults = Object.keys(content)
    .filter((key) => !['name', 'credentials', 'settings'].includes(key))
    .map((key) => ({ path: key, message: 'is not known here; known are name, credentials, settings' }))
  if (content['credentials'] === undefined) faults.push({ path: 'credentials', message: 'is missing' })
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, input: { name: content['name'], credentials: content['credentials'], settings: content['settings'] } }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
  /** A union's failures, one list per branch. */
  readonly errors?: readonly (readonly Issue[])[]
}

/** Of a union the branch with the fewest faults is the one that was meant. */
function faultsUnder(root: string, issues: readonly Issue[]): InputFault[] {
  return issues.flatMap((issue) => {
    const path = [root, ...issue.path.map(String)].join('.')
    const branches = issue.errors?.filter((branch) => branch.length > 0) ?? []
    const [nearest] = branches.toSorted((a, b) => a.length - b.length)
    return issue.code === 'invalid_union' && nearest !== undefined
      ? faultsUnder(path, nearest)
      : [{ path, message: wordsOf(issue.message) }]
  })
}

/** Zod's own words for an absent field are about types. */
const wordsOf = (message: string): string => (message.endsWith('received undefined') ? 'is missing' : message)
