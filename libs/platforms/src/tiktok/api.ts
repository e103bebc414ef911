import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { PreparedEvent } from '@relay/core/event'
import type { ApiFacts } from '../contract.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const OVERVIEW = 'https://business-api.tiktok.com/portal/docs?id=1771100779668482'

/** The trailing slash belongs to it. */
export const TRACK_PATH = '/open_api/v1.3/event/track/'
export const USER_INFO_PATH = '/open_api/v1.3/user/info/'

export const TIKTOK_API: ApiFacts = {
  // "Events API 2.0" is the product; its path says v1.3, and no end of it is announced.
  version: { value: 'v1.3', page: OVERVIEW, read: '2026-11-24' },
  sunset: null,
  baseUrl: 'https://business-api.tiktok.com',
  maxEventsPerRequest: { value: 1_000, page: OVERVIEW, read: '2026-11-24' },
  // No cap is published; another forwarder keeps to 1 MB.
  maxBodyBytes: 1_000_000,
  // Same source, event and event_id within 48 h: https://ads.tiktok.com/help/article/event-deduplication, read 2026-11-24.
  deduplicationWindowMs: 48 * HOUR_MS,
}

/** Offline: https://docs.amperity.com (TikTok offline events), read 2026-11-24. Web: not documented, implementers refuse beyond it. */
const WINDOW_DAYS = { web: 7, app: 7, crm: 7, offline: 28 } as const

export const acceptsUntil = (event: PreparedEvent, settings: ConnectionSettings): EpochMs =>
  event.event_time * 1_000 + WINDOW_DAYS[settings.event_source ?? 'web'] * DAY_MS
