import type { Connection } from '@relay/core/connection'
import type { JsonObject, JsonValue } from '@relay/core/json'
import type { Endpoints } from '@relay/delivery/endpoints'
import type { Account, HttpRequest, Platform } from '@relay/platforms/contract'
import { everyField } from './connection-form.ts'

const HIDDEN = '***'

/** A connection's account with `***` for each secret: what requests are shown with, without opening the vault. */
export function redactedAccount(
  platform: Platform,
  connection: Pick<Connection, 'id' | 'settings' | 'credentialsSavedAt'>,
  endpoints: Endpoints,
): Account {
  const credentials = Object.fromEntries(everyField('credentials', platform.credentials).map((field) => [field.name, HIDDEN]))
  const { id: connectionId, settings, credentialsSavedAt } = connection
  return { connectionId, settings, credentials, accessToken: HIDDEN, credentialsSavedAt, ...endpoints }
}

/** The HTTP request that would carry these bodies, made without opening the vault: each secret in it is `***`. */
export const redactedRequest = (
  platform: Platform,
  connection: Pick<Connection, 'id' | 'settings' | 'credentialsSavedAt'>,
  endpoints: Endpoints,
  bodies: readonly JsonObject[],
  testEventCode: string | undefined,
): HttpRequest => platform.encodeRequest(bodies, redactedAccount(platform, connection, endpoints), testEventCode)

/** A request as it is shown: its body as the JSON that it is, a URL that may be seen. */
export interface RequestView {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonValue
}

export const viewRequest = ({ method, url, redactedUrl, headers, body }: HttpRequest): RequestView => ({
  method,
  url: redactedUrl ?? url,
  headers,
  body: readBody(body),
})

function readBody(body: string | undefined): JsonValue {
  if (body === undefined) return null
  try {
    return JSON.parse(body) as JsonValue
  } catch {
    return body
  }
}
