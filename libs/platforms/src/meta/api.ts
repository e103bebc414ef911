import type { ApiFacts, Sourced } from '../contract.ts'

/** Pages of https://developers.facebook.com/documentation/ads-commerce/conversions-api, by the names that comments and tables of this folder use. */
export const PAGES = {
  USE: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api',
  SE: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event',
  CIP: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters',
  FBX: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc',
  BP: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/best-practices',
  DED: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events',
  DPO: 'https://developers.facebook.com/documentation/ads-commerce/marketing-api/overview/data-processing-options',
  ERR: 'https://developers.facebook.com/docs/graph-api/guides/error-handling',
  MERR: 'https://developers.facebook.com/documentation/ads-commerce/marketing-api/error-reference',
  RATE: 'https://developers.facebook.com/docs/graph-api/overview/rate-limiting',
  CHG: 'https://developers.facebook.com/docs/graph-api/changelog',
  RUD: 'https://github.com/rudderlabs/rudder-transformer/blob/develop/src/v0/util/facebookUtils/networkHandler.js',
} as const
export type Page = keyof typeof PAGES

const READ = '2026-11-24'
const sourced = <T>(value: T, page: Page): Sourced<T> => ({ value, page: PAGES[page], read: READ })

const DAY_MS = 86_400_000

export const VERSION = sourced('v26.0', 'CHG')

/** How old an event may be when it arrives; one older event refuses the whole request. */
export const ACCEPTANCE_MS = {
  default: sourced(7 * DAY_MS, 'USE'),
  physical_store: sourced(62 * DAY_MS, 'USE'),
} as const

export const api: ApiFacts = {
  version: VERSION,
  // Graph versions live about two years. The newest has no announced end; its predecessor v25.0 ends 2028-07-29 (CHG).
  sunset: null,
  baseUrl: 'https://graph.facebook.com',
  maxEventsPerRequest: sourced(1000, 'USE'),
  // No limit of bytes is published.
  maxBodyBytes: 4 * 1024 * 1024,
  deduplicationWindowMs: 48 * 3_600_000,
}
