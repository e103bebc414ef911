import { connectionSettings, type ConnectionSettings } from '@relay/core/connection'
import { CANONICAL_EVENT_NAMES } from '@relay/core/event-name'
import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import { nearestField } from '@relay/core/nearest-field'
import type { Platform } from '@relay/platforms/contract'
import { CliError, EXIT } from './exit.ts'
import { readTextFile } from './json-file.ts'

/** Stand where a request needs an id and the settings name none. Of their shape, and plainly no real ones. */
export const PLACEHOLDER = {
  pixel_id: 'PIXEL_ID',
  event_source_id: 'EVENT_SOURCE_ID',
  account: '0000000000',
  conversionAction: '0',
} as const

/**
 * The settings with a placeholder for each id that a platform may demand and that is absent. Every canonical event gets a conversion action, so that it is shown;
 * a custom name gets none, as at a connection that gives none for `*`.
 */
const withPlaceholders = (given: JsonObject): JsonObject => ({
  // Where Snapchat's asset is given as an event source, that is the one.
  pixel_id: given['event_source_id'] ?? PLACEHOLDER.pixel_id,
  event_source_id: PLACEHOLDER.event_source_id,
  operating_account: PLACEHOLDER.account,
  conversion_actions: Object.fromEntries(CANONICAL_EVENT_NAMES.map((name) => [name, PLACEHOLDER.conversionAction])),
  ...given,
})

interface SettingsFault {
  /** `conversion_actions.Purchase`; empty where the whole is meant. */
  readonly path: string
  readonly message: string
}

type ReadSettings =
  | { readonly ok: true; readonly settings: ConnectionSettings }
  | { readonly ok: false; readonly faults: readonly SettingsFault[] }

/** Pure. A connection's settings as a file has them, by the platform's own schema; absent ids become placeholders, anything wrong a fault with its path. */
export function readSettings(platform: Pick<Platform, 'settings'>, given: unknown): ReadSettings {
  if (!isJsonObject(given)) return { ok: false, faults: [{ path: '', message: 'must be a JSON object such as {"pixel_id": "…"}' }] }
  const result = platform.settings.safeParse(withPlaceholders(given))
  return result.success ? { ok: true, settings: result.data } : { ok: false, faults: result.error.issues.flatMap(faultsOf) }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
  readonly keys?: readonly string[]
}

const KNOWN_SETTINGS: readonly string[] = Object.keys(connectionSettings.shape)

function faultsOf({ path, message, code, keys }: Issue): SettingsFault[] {
  if (code !== 'unrecognized_keys' || keys === undefined) return [{ path: path.map(String).join('.'), message }]
  return keys.map((key) => ({ path: key, message: `is no setting: did you mean ${nearestField(key, KNOWN_SETTINGS)}?` }))
}

/** Settings from a file, or placeholders alone. Throws CliError with every fault and its path (exit 2). */
export async function loadSettings(platform: Pick<Platform, 'settings'>, path: string | undefined): Promise<ConnectionSettings> {
  const read = readSettings(platform, path === undefined ? {} : await readSettingsFile(path))
  if (read.ok) return read.settings
  const list = read.faults.map((fault) => `  ${fault.path === '' ? '(top)' : fault.path}: ${fault.message}`).join('\n')
  throw new CliError(EXIT.usage, 'INVALID_SETTINGS', `The settings in ${path ?? 'use'} are wrong:\n${list}`, {
    nextStep: 'Correct the file; it is what "settings" holds in the file of relay connections add',
    details: { faults: read.faults },
  })
}

async function readSettingsFile(path: string): Promise<JsonValue> {
  if (path === '-') {
    throw new CliError(EXIT.usage, 'USAGE', 'The settings cannot come from standard input: the lines to answer come from there', {
      nextStep: 'Write them into a file and give its path',
    })
  }
  const text = await readTextFile(path)
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new CliError(EXIT.usage, 'USAGE', `The file ${path} is not JSON`, { nextStep: 'It must be an object such as {"pixel_id": "…"}' })
  }
}
