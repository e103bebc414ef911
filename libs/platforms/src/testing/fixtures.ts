import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import type { ConnectionId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import type { Account, ClassifyContext, HttpAnswer, Platform } from '../contract.ts'
import { NOW, preparedFor } from './events.ts'

/** A golden pair: an event in, one entry of the request out, with the page whose rules it shows. */
export interface Example {
  readonly name: string
  readonly page: string
  readonly settings?: ConnectionSettings
  readonly event: ConversionEvent
  /** What goes out; null where the event is refused, and `refused` then says by which code. */
  readonly body: JsonObject | null
  readonly refused?: string
  readonly warnings?: readonly FieldWarning[]
}

export interface Fixtures<C> {
  readonly credentials: C
  /** The access token where the platform has `refresh`. */
  readonly accessToken?: string
  readonly settings: ConnectionSettings
  readonly examples: readonly Example[]
  /** An event that this platform takes. */
  readonly sendable: ConversionEvent
  /** One that it refuses before sending, with the code. */
  readonly unsendable: { readonly event: ConversionEvent; readonly code: string }
  /** The platform's answer to a request of which it took everything. */
  accepted(count: number): HttpAnswer
  /** Its answer to a token that is dead; the same with other words in its message. */
  deadCredentials(message: string): HttpAnswer
  /** Its answer to too many calls, without a time. */
  rateLimited(): HttpAnswer
}

export const answerOf = (status: number, body: string | JsonObject, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  kind: 'answer',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  truncated: false,
})

export const accountOf = <C>(fixtures: Fixtures<C>): Account<C> => ({
  connectionId: 'conformance' as ConnectionId,
  settings: fixtures.settings,
  credentials: fixtures.credentials,
  ...(fixtures.accessToken === undefined ? {} : { accessToken: fixtures.accessToken }),
  baseUrl: 'https://platform.example',
  tokenUrl: 'https://tokens.example/token',
  // Old enough for every platform to know the token.
  credentialsSavedAt: NOW - 30 * 86_400_000,
})

/** A platform that stands in no table yet, as the worked example of CONTRIBUTING.md. */
const NEWCOMER_DELAYS_MS: readonly number[] = [1_000, 2_000, 4_000]
const DEFAULTS: Readonly<Partial<Record<string, { readonly retryDelaysMs: readonly number[] }>>> = PLATFORM_DEFAULTS

export const contextOf = (platform: Pick<Platform, 'id'>, settings: ConnectionSettings, now: EpochMs = NOW): ClassifyContext => ({
  now,
  settings,
  credentialsSavedAt: now - 30 * 86_400_000,
  retryDelaysMs: DEFAULTS[platform.id]?.retryDelaysMs ?? NEWCOMER_DELAYS_MS,
})

/** Bodies as acceptance and the worker make them; every event has to be one that the platform takes. */
export function bodiesOf<C>(platform: Platform<C>, fixtures: Fixtures<C>, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) => {
    const { event } = preparedFor(platform, { ...fixtures.sendable, event_id: `event-${index}` }, fixtures.settings)
    const encoded = platform.encodeEvent(event, fixtures.settings)
    if (encoded.kind === 'refused') throw new Error(`The fixture's event is refused: ${encoded.refusal.error.code}`)
    return encoded.body
  })
}
