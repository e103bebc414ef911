import type { ConnectionSettings } from '@relay/core/connection'
import type { PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { asksLimitedDataUse } from '@relay/prepare/consent'
import { present } from '@relay/prepare/present'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '../contract.ts'
import { consentRefusal, refuse, skip } from '../refuse.ts'
import { TRACK_PATH } from './api.ts'
import { appObject } from './app.ts'
import type { TikTokCredentials } from './credentials.ts'
import { GENERIC_NAME, mapEvent } from './event-names.ts'
import { propertiesOf } from './properties.ts'

type EventSource = NonNullable<ConnectionSettings['event_source']>

const has = (fields: JsonObject, ...names: readonly string[]): boolean => names.some((name) => fields[name] !== undefined)

/** What each event source can match a person on; names and places alone match nobody. */
const IS_IDENTIFIED: Readonly<Record<EventSource, (user: JsonObject) => boolean>> = {
  web: (user) => has(user, 'email', 'phone', 'external_id', 'ttclid', 'ttp') || (has(user, 'ip') && has(user, 'user_agent')),
  app: (user) => has(user, 'email', 'phone', 'idfa', 'gaid') || (has(user, 'ip') && has(user, 'user_agent')),
  offline: (user) => has(user, 'email', 'phone'),
  crm: (user) => has(user, 'email', 'phone', 'external_id', 'lead_id'),
}

const IN_PERSON: ReadonlySet<string> = new Set(['physical_store', 'phone_call'])

/**
 * Whether an event belongs to the kind of source that the connection writes to, so that a shop with a pixel, an app and an offline set
 * has each sale counted in one of them. `website` is the default and may mean that nobody said, so offline and CRM sets take it;
 * `only_action_sources` narrows it.
 */
function sourceRefusal(event: PreparedEvent, source: EventSource): Refusal | undefined {
  const { action_source: action } = event
  const isApp = source === 'app'
  if ((action === 'app') === isApp && !(source === 'web' && IN_PERSON.has(action))) return undefined
  if (isApp && action === 'website' && event.app_data !== undefined) return undefined
  return skip('EVENT_FILTERED', `An event of action_source ${action} does not belong to a TikTok ${source} event source`)
}

/** `limited_data_use` exists for web and app; where it cannot be passed on, the event of an opted-out person is not sent. */
const limitedUseRefusal = (event: PreparedEvent, source: EventSource): Refusal | undefined =>
  (source === 'offline' || source === 'crm') && asksLimitedDataUse(event.consent)
    ? skip('CONSENT_DENIED', `Limited data use cannot be passed on to a TikTok ${source} event set`)
    : undefined

/** Fields of which only one event source knows. */
function sourceFields(event: PreparedEvent, source: EventSource): JsonObject | Refusal {
  const limited = event.consent.data_processing_options === undefined ? {} : { limited_data_use: asksLimitedDataUse(event.consent) }
  switch (source) {
    case 'web':
      return { event_id: event.event_id, ...pageOf(event), ...limited }
    case 'app': {
      // Without event_id: app events have none in the reference, and are not deduplicated by it.
      const app = appObject(event)
      return app === undefined ? refuse('INVALID_EVENT', 'TikTok needs the app id of an app event', 'app_data.app_id') : { app, ...limited }
    }
    case 'offline':
      return { event_id: event.event_id }
    case 'crm': {
      const leadId = event.user['lead_id']
      if (leadId === undefined) return refuse('INVALID_EVENT', 'TikTok needs the lead id of a CRM event', 'user_data.lead_id')
      const from = event.custom_data.extra?.['lead_event_source']
      return { event_id: event.event_id, lead: { lead_id: leadId, ...(typeof from === 'string' ? { lead_event_source: from } : {}) } }
    }
  }
}

/** The reference calls `page.url` required for web, other forwarders send events without it: unconfirmed that they are refused, so none is thrown away for it. */
const pageOf = (event: PreparedEvent): JsonObject =>
  event.event_source_url === undefined ? {} : { page: { url: event.event_source_url, referrer: event.referrer_url } }

const isRefusal = (value: JsonObject | Refusal): value is Refusal => value['kind'] === 'skip' || value['kind'] === 'reject'

const leaveOut = (refusal: Refusal): EncodedEvent => ({ kind: 'refused', refusal, warnings: [] })

/** One entry of `data`, or why TikTok will not get it. Refused are, in this order: consent, event source, name, identifiers, fields that its source requires. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const source = settings.event_source ?? 'web'
  const byRule = consentRefusal(event.consent, settings) ?? limitedUseRefusal(event, source) ?? sourceRefusal(event, source)
  if (byRule !== undefined) return leaveOut(byRule)
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return leaveOut(mapped.refusal)
  if (!IS_IDENTIFIED[source](event.user))
    return leaveOut(refuse('IDENTITY_MISSING', `Nothing to match a person on in a TikTok ${source} event`, 'user_data'))
  const own = sourceFields(event, source)
  if (isRefusal(own)) return leaveOut(own)

  const { lead_id: _lead, ...user } = event.user
  const { properties, warnings } = propertiesOf(event.custom_data)
  const originalName = mapped.unmapped && mapped.name === GENERIC_NAME ? { description: event.event_name } : {}
  return {
    kind: 'body',
    body: present({ event: mapped.name, event_time: event.event_time, user, properties: { ...originalName, ...properties }, ...own }),
    warnings,
  }
}

/** The test code is sent exactly when the events carry one. Whether such events stay out of the live data is unconfirmed (tiktok/gtm-template-eapi sends it, one reading of the reference lacks it; read 2026-11-24). No `partner_name`: it may be checked against registered partners (code 40063). */
export function encodeRequest(
  bodies: readonly JsonObject[],
  on: Account<TikTokCredentials>,
  testEventCode: string | undefined,
): HttpRequest {
  const { event_source = 'web', event_source_id } = on.settings
  return {
    method: 'POST',
    url: `${on.baseUrl}${TRACK_PATH}`,
    headers: { 'Access-Token': on.credentials.access_token, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      event_source,
      event_source_id,
      ...(testEventCode === undefined ? {} : { test_event_code: testEventCode }),
      data: bodies,
    }),
  }
}
