import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { Consent, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { asksLimitedDataUse } from '@relay/prepare/consent'
import { currencyCode } from '@relay/prepare/currency'
import { present } from '@relay/prepare/present'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '../contract.ts'
import { consentRefusal, refuse } from '../refuse.ts'
import { ACCEPTANCE_MS, VERSION } from './api.ts'
import { appDataOf } from './app-data.ts'
import type { MetaCredentials } from './credentials.ts'
import { customDataOf } from './custom-data.ts'
import { mapEvent } from './event-names.ts'
import { isIdentified } from './identify.ts'

/** US states that limited data use knows, 0 for "Meta finds out" (DPO, read 2026-11-24). */
const isLimitedDataUseState = (state: number): boolean => state === 0 || (state >= 1000 && state <= 1013)

/** Limited data use in its proven form; what the producer did not or could not name is left to Meta's own geolocation (0). */
function dataProcessing(consent: Consent): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  if (consent.data_processing_options === undefined) return { body: {}, warnings: [] }
  if (!asksLimitedDataUse(consent)) return { body: { data_processing_options: [] }, warnings: [] }
  const { data_processing_options_country: country = 0, data_processing_options_state: state = 0 } = consent
  const isCountryKnown = country === 0 || country === 1
  const isStateKnown = isLimitedDataUseState(state)
  return {
    body: {
      data_processing_options: ['LDU'],
      data_processing_options_country: isCountryKnown ? country : 0,
      data_processing_options_state: isStateKnown ? state : 0,
    },
    warnings: [
      ...(isCountryKnown ? [] : [{ field: 'consent.data_processing_options_country', reason: 'INVALID_VALUE' as const }]),
      ...(isStateKnown ? [] : [{ field: 'consent.data_processing_options_state', reason: 'INVALID_VALUE' as const }]),
    ],
  }
}

/** What Meta would refuse, and 999 others with it. */
function refusalOf(event: PreparedEvent, name: string): Refusal | undefined {
  if (!isIdentified(event.user)) return refuse('IDENTITY_MISSING', 'The event has nothing that Meta could match a person on', 'user_data')
  if (name !== 'Purchase') return undefined
  if (event.custom_data.value === undefined) return refuse('EVENT_REJECTED', 'Meta takes no Purchase without a value', 'custom_data.value')
  if (currencyCode(event.custom_data.currency) === undefined) {
    return refuse('EVENT_REJECTED', 'Meta takes no Purchase without an ISO 4217 currency', 'custom_data.currency')
  }
  return undefined
}

/** One entry of `data`. Times are unix seconds. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return { kind: 'refused', refusal: mapped.refusal, warnings: [] }
  const refusal = consentRefusal(event.consent, settings) ?? refusalOf(event, mapped.name)
  if (refusal !== undefined) return { kind: 'refused', refusal, warnings: [] }

  const custom = customDataOf(event.custom_data)
  // The generic name says nothing, so the event's own stays with it as a custom property.
  const customData =
    mapped.unmapped && mapped.name !== event.event_name ? { original_event_name: event.event_name, ...custom.body } : custom.body
  const processing = dataProcessing(event.consent)
  const app = event.app_data === undefined || event.action_source !== 'app' ? undefined : appDataOf(event.app_data)
  return {
    kind: 'body',
    body: present({
      event_name: mapped.name,
      event_time: event.event_time,
      event_id: event.event_id,
      action_source: event.action_source,
      event_source_url: event.event_source_url,
      referrer_url: event.referrer_url,
      user_data: event.user,
      custom_data: customData,
      app_data: app?.body,
      ...processing.body,
    }),
    warnings: [...custom.warnings, ...processing.warnings, ...(app?.warnings ?? [])],
  }
}

/** The token goes into the header, which keeps it out of every log of URLs; a test code stands beside `data`, never in an event. */
export const encodeRequest = (
  bodies: readonly JsonObject[],
  on: Account<MetaCredentials>,
  testEventCode: string | undefined,
): HttpRequest => ({
  method: 'POST',
  url: `${on.baseUrl}/${VERSION.value}/${encodeURIComponent(on.settings.pixel_id ?? '')}/events`,
  headers: { authorization: `Bearer ${on.credentials.access_token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ data: bodies, ...(testEventCode === undefined ? {} : { test_event_code: testEventCode }) }),
})

export const acceptsUntil = (event: PreparedEvent): EpochMs =>
  event.event_time * 1000 + (event.action_source === 'physical_store' ? ACCEPTANCE_MS.physical_store : ACCEPTANCE_MS.default).value
