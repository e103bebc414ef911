import type { ApiFacts, Sourced } from '../contract.ts'

/** Pages of https://developers.snap.com, and public code where they are silent, by the names that comments and tables of this folder use. */
export const PAGES = {
  USE: 'https://developers.snap.com/marketing-api/Conversions-API/UsingTheAPI',
  PAR: 'https://developers.snap.com/marketing-api/Conversions-API/Parameters',
  VER: 'https://developers.snap.com/marketing-api/Conversions-API/VerifySetUp',
  GS: 'https://developers.snap.com/marketing-api/Conversions-API/GetStarted',
  INT: 'https://developers.snap.com/marketing-api/Conversions-API/Introduction',
  OFF: 'https://developers.snap.com/marketing-api/Conversions-API/OfflineEvents',
  DED: 'https://developers.snap.com/marketing-api/Conversions-API/Deduplication',
  ERRORS: 'https://developers.snap.com/api/marketing-api/Ads-API/errors',
  RATE: 'https://developers.snap.com/api/marketing-api/Ads-API/rate-limits',
  SDK: 'https://github.com/Snapchat/business-sdk-v3-java',
  SEG: 'https://github.com/segmentio/action-destinations/tree/main/packages/destination-actions/src/destinations/snap-conversions-api',
} as const
export type Page = keyof typeof PAGES

const READ = '2026-11-24'
const sourced = <T>(value: T, page: Page): Sourced<T> => ({ value, page: PAGES[page], read: READ })

export const VERSION = sourced('v3', 'INT')

/** For every action source. INT gives 37 days as a reporting limit; whether an event that old is taken is not confirmed, so the shorter one holds. */
export const ACCEPTANCE_MS = sourced(7 * 86_400_000, 'PAR')

/** A new token may be refused for so long (second-hand reports of 15 minutes to a day, read 2026-11-24), and is asked again once an hour. */
export const TOKEN_ACTIVATION_MS = 24 * 3_600_000
export const TOKEN_PENDING_MS = 3_600_000

export const api: ApiFacts = {
  version: VERSION,
  sunset: null,
  baseUrl: 'https://tr.snapchat.com',
  tokenUrl: 'https://accounts.snapchat.com/login/oauth2/access_token',
  maxEventsPerRequest: sourced(2000, 'GS'),
  requestLimits: { perWindow: sourced({ requests: 10, windowMs: 1_000 }, 'GS') },
  // No limit of bytes is published.
  maxBodyBytes: 4 * 1024 * 1024,
  deduplicationWindowMs: 48 * 3_600_000,
}
