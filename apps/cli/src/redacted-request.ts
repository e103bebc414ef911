import type { Connection } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import type { Endpoints } from '@relay/delivery/endpoints'
import type { HttpRequest, Platform } from '@relay/platforms/contract'
import { everyField } from './connection-form.ts'

const HIDDEN = '***'

/** The HTTP request that would carry these bodies, made without opening the vault: each secret in it is `***`. */
export function redactedRequest(
  platform: Platform,
  connection: Pick<Connection, 'id' | 'settings' | 'credentialsSavedAt'>,
  endpoints: Endpoints,
  bodies: readonly JsonObject[],
  testEventCode: string | undefined,
): HttpRequest {
  const credentials = Object.fromEntries(everyField('credentials', platform.credentials).map((field) => [field.name, HIDDEN]))
  const { id: connectionId, settings, credentialsSavedAt } = connection
  const account = { connectionId, settings, credentials, accessToken: HIDDEN, credentialsSavedAt, ...endpoints }
  return platform.encodeRequest(bodies, account, testEventCode)
}
