import type { EpochMs } from '@relay/core/clock'
import type { PreparedEvent } from '@relay/core/event'
import type { ApiFacts } from '../contract.ts'
import { ADS_API } from './ads/api.ts'

const DAY_MS = 86_400_000
const LIMITS_PAGE = 'https://developers.google.com/data-manager/api/devguides/limits'

export const INGEST_PATH = '/v1/events:ingest'
export const STATUS_PATH = '/v1/requestStatus:retrieve'
export const TOKEN_URL = 'https://oauth2.googleapis.com/token'

/** Destinations, which are conversion actions, in one request. */
export const MAX_DESTINATIONS = 10
/** Identifiers of one event. */
export const MAX_IDENTIFIERS = 10

/** Data Manager API. Release notes count v1.0 to v1.9, the URL says v1 for all of them. */
export const GOOGLE_API: ApiFacts = {
  version: { value: 'v1', page: 'https://developers.google.com/data-manager/api/reference', read: '2026-11-24' },
  sunset: null,
  others: [ADS_API],
  baseUrl: 'https://datamanager.googleapis.com',
  tokenUrl: TOKEN_URL,
  // Other texts speak of 10,000; the reference and the limits page do not.
  maxEventsPerRequest: { value: 2_000, page: LIMITS_PAGE, read: '2026-11-24' },
  // Per Cloud project, which is that of the OAuth client; reads of a request's status are counted apart.
  requestLimits: {
    perWindow: { value: { requests: 300, windowMs: 60_000 }, page: LIMITS_PAGE, read: '2026-11-24' },
    perDay: { value: 100_000, page: LIMITS_PAGE, read: '2026-11-24' },
  },
  // Nothing is published.
  maxBodyBytes: 4 * 1024 * 1024,
  // A repeat with the same transactionId adjusts the conversion and counts nothing, whenever it comes:
  // https://developers.google.com/data-manager/api/devguides/events/google-ads/conversion-adjustments, read 2026-11-24.
  deduplicationWindowMs: null,
}

/** In days. Unconfirmed: the API says no more than EVENT_TOO_OLD (click 90 days, enhanced conversions for leads 63; Google Ads Help from memory). */
export const WINDOW_DAYS = {
  clickId: { value: 90, page: 'https://support.google.com/google-ads', read: '2026-11-24' },
  userDataOnly: { value: 63, page: 'https://support.google.com/google-ads', read: '2026-11-24' },
} as const

export const CLICK_IDS = ['gclid', 'gbraid', 'wbraid'] as const

export function acceptsUntil(event: PreparedEvent): EpochMs {
  const hasClickId = CLICK_IDS.some((name) => event.user[name] !== undefined)
  return event.event_time * 1_000 + (hasClickId ? WINDOW_DAYS.clickId : WINDOW_DAYS.userDataOnly).value * DAY_MS
}
