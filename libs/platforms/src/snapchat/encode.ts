import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ActionSource, AppData, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { asksLimitedDataUse } from '@relay/prepare/consent'
import { currencyCode } from '@relay/prepare/currency'
import { present } from '@relay/prepare/present'
import { isExtinfo, trackingFlag } from '../app-fields.ts'
import type { Account, EncodedEvent, HttpRequest, Refusal } from '../contract.ts'
import { consentRefusal, refuse, skip } from '../refuse.ts'
import { ACCEPTANCE_MS, VERSION } from './api.ts'
import { assetId, type SnapchatCredentials } from './credentials.ts'
import { customDataOf } from './custom-data.ts'
import { mapEvent } from './event-names.ts'
import { isIdentified } from './identify.ts'

/** What happened neither on a site nor in an app is offline (OFF, read 2026-11-24). */
const actionSourceOf = (source: ActionSource): 'WEB' | 'MOBILE_APP' | 'OFFLINE' =>
  source === 'website' ? 'WEB' : source === 'app' ? 'MOBILE_APP' : 'OFFLINE'

/** All entries of `extinfo` are texts here, unlike at Meta (SDK sample, read 2026-11-24); tracking that nobody spoke of counts as off (SEG). */
function appDataOf(appData: AppData | undefined): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const extinfo = appData?.extinfo
  const isExtinfoGood = extinfo !== undefined && isExtinfo(extinfo)
  return {
    body: {
      app_id: appData?.app_id,
      advertiser_tracking_enabled: trackingFlag(appData?.advertiser_tracking_enabled) ?? 0,
      application_tracking_enabled: trackingFlag(appData?.application_tracking_enabled),
      extinfo: isExtinfoGood ? extinfo : undefined,
    },
    warnings: extinfo !== undefined && !isExtinfoGood ? [{ field: 'app_data.extinfo', reason: 'INVALID_EXTINFO' }] : [],
  }
}

/**
 * The values that public sources give for limited data use contradict each other (LDU, LMU, DELETE), and a wrong one means that the opt-out is
 * ignored. So an opted-out user's event is not sent at all.
 */
const isOptedOut = (event: PreparedEvent): boolean =>
  asksLimitedDataUse(event.consent) || event.app_data?.advertiser_tracking_enabled === false

/** A pixel takes no app events and a Snap app nothing else (GS); the connection says which of them it is, if it says. */
function isOfOtherAsset(event: PreparedEvent, settings: ConnectionSettings): boolean {
  if (settings.event_source === undefined) return false
  return (settings.event_source === 'app') !== (event.action_source === 'app')
}

function refusalOf(event: PreparedEvent, settings: ConnectionSettings, name: string): Refusal | undefined {
  if (isOfOtherAsset(event, settings)) return skip('EVENT_FILTERED', 'App events need a Snap app, all others a pixel')
  const consent = consentRefusal(event.consent, settings)
  if (consent !== undefined) return consent
  if (isOptedOut(event)) return skip('CONSENT_DENIED', 'Snapchat has no proven form of limited data use, so an opted-out event is not sent')
  if (!isIdentified(event.user, event.action_source)) {
    return refuse(
      'IDENTITY_MISSING',
      'Snapchat needs an e-mail, a phone, a mobile ad id of an app event, or IP address and user agent',
      'user_data',
    )
  }
  if (name !== 'PURCHASE') return undefined
  if (event.custom_data.value === undefined)
    return refuse('EVENT_REJECTED', 'Snapchat takes no PURCHASE without a value', 'custom_data.value')
  if (currencyCode(event.custom_data.currency) === undefined) {
    return refuse('EVENT_REJECTED', 'Snapchat takes no PURCHASE without an ISO 4217 currency', 'custom_data.currency')
  }
  return undefined
}

/** One entry of `data`. Times are unix seconds, one unit everywhere, since they are part of what Snapchat deduplicates by. */
export function encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent {
  const mapped = mapEvent(event.event_name, settings)
  if (mapped.kind === 'none') return { kind: 'refused', refusal: mapped.refusal, warnings: [] }
  const refusal = refusalOf(event, settings, mapped.name)
  if (refusal !== undefined) return { kind: 'refused', refusal, warnings: [] }

  const custom = customDataOf(event.custom_data)
  const app = event.action_source === 'app' ? appDataOf(event.app_data) : undefined
  return {
    kind: 'body',
    body: present({
      event_name: mapped.name,
      event_time: event.event_time,
      action_source: actionSourceOf(event.action_source),
      event_source_url: event.event_source_url,
      event_id: event.event_id,
      user_data: event.user,
      custom_data: mapped.unmapped ? { ...custom.body, event_tag: event.event_name } : custom.body,
      app_data: app?.body,
    }),
    warnings: [...custom.warnings, ...(app?.warnings ?? [])],
  }
}

/** The token in force: a static one, or the one that OAuth gave last. */
export const tokenOf = (on: Account<SnapchatCredentials>): string => on.accessToken ?? on.credentials.access_token ?? ''

/** A call to the asset. v3 takes the token in the query only (USE), so `redactedUrl` is what may be logged. */
export function assetRequest(on: Account<SnapchatCredentials>, path: string, body?: JsonObject): HttpRequest {
  const url = `${on.baseUrl}/${VERSION.value}/${encodeURIComponent(assetId(on.settings))}/${path}?access_token=`
  const addressed = { url: `${url}${encodeURIComponent(tokenOf(on))}`, redactedUrl: `${url}***` }
  if (body === undefined) return { method: 'GET', ...addressed, headers: {} }
  return { method: 'POST', ...addressed, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export const encodeRequest = (
  bodies: readonly JsonObject[],
  on: Account<SnapchatCredentials>,
  testEventCode: string | undefined,
): HttpRequest => assetRequest(on, 'events', { data: bodies, ...(testEventCode === undefined ? {} : { test_event_code: testEventCode }) })

export const acceptsUntil = (event: PreparedEvent): EpochMs => event.event_time * 1000 + ACCEPTANCE_MS.value
