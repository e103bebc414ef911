import type { ApiFacts } from '../../contract.ts'

/** A new major each quarter, which lives about a year. `sunset` is the first day of the month that Google names, tentatively. */
const VERSION = {
  value: 'v26',
  page: 'https://developers.google.com/google-ads/api/docs/deprecations',
  read: '2026-11-24',
  sunset: '2027-11-01',
}

export const ADS_API = {
  api: 'ads',
  name: 'Google Ads API',
  version: VERSION,
  sunset: VERSION.sunset,
  baseUrl: 'https://googleads.googleapis.com',
} as const satisfies NonNullable<ApiFacts['others']>[number]

/** Of one conversion (googleapis/googleapis `google/ads/googleads/v25/services/conversion_upload_service.proto`, read 2026-11-24). */
export const MAX_UPLOAD_IDENTIFIERS = 5
