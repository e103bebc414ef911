import type { ConnectionSettings } from '@relay/core/connection'
import type { ActionSource, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { present } from '@relay/prepare/present'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '@relay/platforms/contract'
import { consentRefusal, refuse } from '@relay/platforms/refuse'
import type { PinboardCredentials } from './credentials.ts'
import { mapEvent } from './event-names.ts'

const actionSourceOf = (source: ActionSource): string => (source === 'website' ? 'web' : source === 'app' ? 'app' : 'offline')

/** What Pinboard would refuse is not sent. */
function refusalOf({ consent, user }: PreparedEvent, settings: ConnectionSettings): Refusal | undefined {
  const isIdentified = user['em'] !== undefined || user['ph'] !== undefined
  return (
    consentRefusal(consent, settings) ??
    (isIdentified ? undefined : refuse('IDENTITY_MISSING', 'Pinboard needs an e-mail or a phone', 'user_data'))
  )
}

/** One entry of `data`, or why Pinboard will not get it. Money is a text here. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return { kind: 'refused', refusal: mapped.refusal, warnings: [] }
  const refusal = refusalOf(event, settings)
  if (refusal !== undefined) return { kind: 'refused', refusal, warnings: [] }
  const { currency, value, order_id } = event.custom_data
  const body = present({
    event_name: mapped.name,
    event_id: event.event_id,
    event_time: event.event_time,
    action_source: actionSourceOf(event.action_source),
    event_source_url: event.event_source_url,
    user_data: event.user,
    custom_data: { currency, value: value === undefined ? undefined : String(value), order_id },
  })
  return { kind: 'body', body, warnings: [] }
}

/** A test event goes to the same place with `?test=true`, where nothing is recorded. */
export function encodeRequest(
  bodies: readonly JsonObject[],
  on: Account<PinboardCredentials>,
  testEventCode: string | undefined,
): HttpRequest {
  const account = encodeURIComponent(on.settings.pixel_id ?? '')
  return {
    method: 'POST',
    url: `${on.baseUrl}/v5/ad_accounts/${account}/events${testEventCode === undefined ? '' : '?test=true'}`,
    headers: { authorization: `Bearer ${on.credentials.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ data: bodies }),
  }
}
