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

/** In days. TikTok documents no limit: these are what other forwarders hold to, Amperity for offline sets, several for web. */
const SEVEN_DAYS = { value: 7, page: OVERVIEW, read: '2026-11-24' } as const
export const WINDOW_DAYS = {
  web: SEVEN_DAYS,
  app: SEVEN_DAYS,
  crm: SEVEN_DAYS,
  offline: { value: 28, page: 'https://docs.amperity.com', read: '2026-11-24' },
} as const

export const acceptsUntil = (event: PreparedEvent, settings: ConnectionSettings): EpochMs =>
  event.event_time * 1_000 + WINDOW_DAYS[settings.event_source ?? 'web'].value * DAY_MS
