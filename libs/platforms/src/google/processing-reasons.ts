/*
 * Every reason of the Data Manager API's later verdict (`requestStatus:retrieve`), and what it means. As with the reasons that come at once,
 * Google publishes no classes, and the enum is not frozen: v1.9 may have more than the protos that were read.
 */

export interface ProcessingReason {
  /** Value of the enum. */
  readonly number: number
  /** `duplicate`: recorded before, which is delivered. `later`: the same again, unchanged, after `laterHours`. */
  readonly class: 'duplicate' | 'reject' | 'config' | 'later' | 'unknown'
  readonly scope: 'event' | 'destination' | 'connection'
  readonly laterHours?: number
  /** For the tenant. */
  readonly advice?: string
  readonly page: string
}

/** Snapshot of 2026-08-22, read 2026-11-24. */
const PROCESSING_PROTO = 'googleapis/googleapis google/ads/datamanager/v1/processing_errors.proto'

const row = (
  number: number,
  kind: Exclude<ProcessingReason['class'], 'later'>,
  scope: ProcessingReason['scope'],
  advice?: string,
): ProcessingReason => ({ number, class: kind, scope, page: PROCESSING_PROTO, ...(advice === undefined ? {} : { advice }) })
const later = (number: number, laterHours: number): ProcessingReason => ({
  number,
  class: 'later',
  scope: 'event',
  laterHours,
  page: PROCESSING_PROTO,
})

const ENCRYPTION = 'the encryption of the upload is not set up as Google expects'
const OTHER_ACCOUNT = 'the click belongs to another account: if this is most of a batch, operating_account is wrong'

/** By the name without its prefix. */
export const PROCESSING_REASONS: Readonly<Record<string, ProcessingReason>> = {
  UNSPECIFIED: row(0, 'unknown', 'event'),
  INVALID_CUSTOM_VARIABLE: row(1, 'reject', 'event'),
  CUSTOM_VARIABLE_NOT_ENABLED: row(2, 'config', 'destination', 'enable the custom variable in Google Ads'),
  EVENT_TOO_OLD: row(3, 'reject', 'event'),
  DENIED_CONSENT: row(4, 'reject', 'event', "consent was denied, by the person or by the account's default"),
  NO_CONSENT: row(5, 'config', 'connection', "the account has no consent setting for Google's ads services"),
  UNKNOWN_CONSENT: row(6, 'reject', 'event', 'send consent with each event'),
  DUPLICATE_GCLID: row(7, 'duplicate', 'event'),
  // Only of a first send or an unchanged repeat; a changed value is lost, which later-verdict.ts looks at.
  DUPLICATE_TRANSACTION_ID: row(8, 'duplicate', 'event'),
  INVALID_GBRAID: row(9, 'reject', 'event'),
  INVALID_GCLID: row(10, 'reject', 'event'),
  INVALID_MERCHANT_ID: row(11, 'config', 'destination'),
  INVALID_WBRAID: row(12, 'reject', 'event'),
  // Our own delay.
  INTERNAL_ERROR: later(13, 1),
  DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED: row(
    14,
    'config',
    'destination',
    'accept the terms of enhanced conversions in Google Ads, or send click ids alone',
  ),
  INVALID_EVENT: row(15, 'reject', 'event'),
  INSUFFICIENT_MATCHED_TRANSACTIONS: row(16, 'reject', 'event', 'the upload is below the threshold of store sales'),
  INSUFFICIENT_TRANSACTIONS: row(17, 'reject', 'event', 'the upload is below the threshold of store sales'),
  INVALID_FORMAT: row(18, 'reject', 'event'),
  DECRYPTION_ERROR: row(19, 'config', 'connection', ENCRYPTION),
  DEK_DECRYPTION_ERROR: row(20, 'config', 'connection', ENCRYPTION),
  INVALID_WIP: row(21, 'config', 'connection', ENCRYPTION),
  INVALID_KEK: row(22, 'config', 'connection', ENCRYPTION),
  WIP_AUTH_FAILED: row(23, 'config', 'connection', ENCRYPTION),
  KEK_PERMISSION_DENIED: row(24, 'config', 'connection', ENCRYPTION),
  USER_IDENTIFIER_DECRYPTION_ERROR: row(25, 'config', 'connection', ENCRYPTION),
  OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER: row(26, 'reject', 'event', OTHER_ACCOUNT),
  AWS_AUTH_FAILED: row(27, 'config', 'connection', ENCRYPTION),
  ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID: row(
    28,
    'reject',
    'event',
    'the conversion action counts one per click, which gbraid and wbraid do not allow: let it count every conversion',
  ),
  MATCH_ID_NOT_FOUND: row(29, 'reject', 'event'),
  USER_ID_NOT_FOUND_FOR_MATCH_ID: row(30, 'reject', 'event'),
  USER_ID_NOT_FOUND_FOR_GCLID: row(31, 'reject', 'event'),
  USER_ID_NOT_FOUND_FOR_DCLID: row(32, 'reject', 'event'),
  INVALID_AD_IDENTIFIERS: row(33, 'reject', 'event'),
  INVALID_MOBILE_ID_FORMAT: row(34, 'reject', 'event'),
  ORIGINAL_CONVERSIONS_NOT_FOUND: row(35, 'reject', 'event'),
  EVENT_ID_DECODE_ERROR: row(36, 'reject', 'event'),
  USER_ID_NOT_FOUND_FOR_IMPRESSION_ID: row(37, 'reject', 'event'),
  USER_ID_NOT_FOUND: row(38, 'reject', 'event'),
  CONVERSION_PRECEDES_CLICK: row(39, 'reject', 'event'),
  // No time is named here; 6 h is what the Google Ads API asks for.
  TOO_RECENT_CLICK: later(40, 6),
  INVALID_CLICK: row(41, 'reject', 'event', 'the click id is none of Google Ads'),
  INVALID_OPERATING_ACCOUNT_FOR_CLICK: row(42, 'reject', 'event', OTHER_ACCOUNT),
  CLICK_NOT_FOUND: row(43, 'reject', 'event'),
  EXTERNAL_ATTRIBUTION_DATA_MISSING: row(44, 'config', 'destination', 'a conversion action with external attribution cannot be used'),
}

/** One of them lacks `REASON_`: `PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER`. */
export const bareReason = (reason: string): string => reason.replace(/^PROCESSING_(?:ERROR|WARNING)_(?:REASON_)?/, '')
