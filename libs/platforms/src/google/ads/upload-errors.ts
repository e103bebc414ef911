import type { GoogleClass } from '../reasons.ts'

/*
 * `ConversionUploadError` and `ConversionAdjustmentUploadError` of the Google Ads API, every value (`google/ads/googleads/v25/errors`, the same
 * from v22 to v25, read 2026-11-24), and what each means for its row. Names with DUPLICATE_ speak of rows of one request that collide, of which
 * none is recorded; only the …_ALREADY_… ones named `duplicate` here were recorded before.
 */

/** What one error of the Google Ads API means. */
export interface AdsError {
  readonly class: GoogleClass
  /** How far it reaches, in Google's things. */
  readonly scope: 'row' | 'action' | 'connection' | 'project' | 'request'
  /** Value of the enum; of the two upload families only. */
  readonly number?: number
  readonly laterHours?: number
  /** A quota of a day, not of a moment. */
  readonly daily?: true
  /** For the tenant, or the operator where our project is at fault. */
  readonly advice?: string
}

const row = (number: number, kind: AdsError['class'], scope: AdsError['scope'] = 'row', advice?: string): AdsError => ({
  number,
  class: kind,
  scope,
  ...(advice === undefined ? {} : { advice }),
})
const later = (number: number, laterHours: number, scope: AdsError['scope'] = 'row'): AdsError => ({
  number,
  class: 'later',
  scope,
  laterHours,
})

const OTHER_ACCOUNT = 'the click belongs to another account: if this is most of a batch, operating_account is wrong'
const EXTERNAL = 'a conversion action with external attribution cannot be used'
const TERMS = 'accept the customer data terms in Google Ads, or send click ids alone'
const VARIABLE = 'enable the custom variable in Google Ads'
const NO_SUCH_ACTION = 'conversion_actions names an action that the account does not have'

export const UPLOAD_ERRORS: Readonly<Record<string, AdsError>> = {
  TOO_MANY_CONVERSIONS_IN_REQUEST: row(2, 'split', 'request'),
  UNPARSEABLE_GCLID: row(3, 'reject'),
  UNAUTHORIZED_CUSTOMER: row(8, 'reject', 'row', OTHER_ACCOUNT),
  TOO_RECENT_CONVERSION_ACTION: later(10, 6, 'action'),
  CONVERSION_TRACKING_NOT_ENABLED_AT_IMPRESSION_TIME: row(11, 'reject'),
  EXTERNAL_ATTRIBUTION_DATA_SET_FOR_NON_EXTERNALLY_ATTRIBUTED_CONVERSION_ACTION: row(12, 'reject'),
  EXTERNAL_ATTRIBUTION_DATA_NOT_SET_FOR_EXTERNALLY_ATTRIBUTED_CONVERSION_ACTION: row(13, 'config', 'action', EXTERNAL),
  ORDER_ID_NOT_PERMITTED_FOR_EXTERNALLY_ATTRIBUTED_CONVERSION_ACTION: row(14, 'config', 'action', EXTERNAL),
  ORDER_ID_ALREADY_IN_USE: row(15, 'duplicate'),
  DUPLICATE_ORDER_ID: row(16, 'collision'),
  TOO_RECENT_CALL: later(17, 6),
  EXPIRED_CALL: row(18, 'reject'),
  CALL_NOT_FOUND: row(19, 'reject'),
  CONVERSION_PRECEDES_CALL: row(20, 'reject'),
  CONVERSION_TRACKING_NOT_ENABLED_AT_CALL_TIME: row(21, 'reject'),
  UNPARSEABLE_CALLERS_PHONE_NUMBER: row(22, 'reject'),
  CLICK_CONVERSION_ALREADY_EXISTS: row(23, 'duplicate'),
  // The enum's comment compares the time alone, which proves nothing.
  CALL_CONVERSION_ALREADY_EXISTS: row(24, 'unknown'),
  DUPLICATE_CLICK_CONVERSION_IN_REQUEST: row(25, 'collision'),
  DUPLICATE_CALL_CONVERSION_IN_REQUEST: row(26, 'collision'),
  CUSTOM_VARIABLE_NOT_ENABLED: row(28, 'config', 'action', VARIABLE),
  CUSTOM_VARIABLE_VALUE_CONTAINS_PII: row(29, 'reject'),
  INVALID_CUSTOMER_FOR_CLICK: row(30, 'reject', 'row', OTHER_ACCOUNT),
  INVALID_CUSTOMER_FOR_CALL: row(31, 'reject', 'row', OTHER_ACCOUNT),
  CONVERSION_NOT_COMPLIANT_WITH_ATT_POLICY: row(32, 'reject'),
  CLICK_NOT_FOUND: row(33, 'reject'),
  INVALID_USER_IDENTIFIER: row(34, 'reject'),
  EXTERNALLY_ATTRIBUTED_CONVERSION_ACTION_NOT_PERMITTED_WITH_USER_IDENTIFIER: row(35, 'config', 'action', EXTERNAL),
  UNSUPPORTED_USER_IDENTIFIER: row(36, 'reject'),
  GBRAID_WBRAID_BOTH_SET: row(38, 'reject'),
  UNPARSEABLE_WBRAID: row(39, 'reject'),
  UNPARSEABLE_GBRAID: row(40, 'reject'),
  CONVERSION_PRECEDES_EVENT: row(42, 'reject'),
  EXPIRED_EVENT: row(43, 'reject'),
  TOO_RECENT_EVENT: later(44, 6),
  EVENT_NOT_FOUND: row(45, 'reject'),
  ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID: row(
    46,
    'reject',
    'row',
    'the conversion action counts one per click, which gbraid and wbraid do not allow: let it count every conversion',
  ),
  CUSTOMER_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS: row(47, 'config', 'connection', 'this account may send click ids alone'),
  CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS: row(48, 'config', 'connection', TERMS),
  ORDER_ID_CONTAINS_PII: row(49, 'reject', 'row', 'an order id must hold no personal data'),
  CUSTOMER_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS: row(
    50,
    'config',
    'connection',
    'turn on enhanced conversions for leads in Google Ads, or send click ids alone',
  ),
  INVALID_JOB_ID: row(52, 'our-encoder', 'request'),
  NO_CONVERSION_ACTION_FOUND: row(53, 'config', 'action', NO_SUCH_ACTION),
  INVALID_CONVERSION_ACTION_TYPE: row(54, 'config', 'action', 'the conversion action must be of type UPLOAD_CLICKS'),
  // Former names, which texts and code still use.
  EXPIRED_CLICK: row(43, 'reject'),
  CONVERSION_PRECEDES_CLICK: row(42, 'reject'),
  TOO_RECENT_CLICK: later(44, 6),
}

/** Of adjustments, which are sent through the Data Manager API: here so that an answer that speaks of them is understood. */
export const ADJUSTMENT_ERRORS: Readonly<Record<string, AdsError>> = {
  TOO_RECENT_CONVERSION_ACTION: later(2, 6, 'action'),
  // Of a retraction it would be a duplicate; no row of ours is one.
  CONVERSION_ALREADY_RETRACTED: row(4, 'reject'),
  CONVERSION_NOT_FOUND: later(5, 24),
  CONVERSION_EXPIRED: row(6, 'reject'),
  ADJUSTMENT_PRECEDES_CONVERSION: row(7, 'reject'),
  MORE_RECENT_RESTATEMENT_FOUND: row(8, 'reject'),
  TOO_RECENT_CONVERSION: later(9, 24),
  CANNOT_RESTATE_CONVERSION_ACTION_THAT_ALWAYS_USES_DEFAULT_CONVERSION_VALUE: row(
    10,
    'config',
    'action',
    'let the conversion action take the value of each conversion',
  ),
  TOO_MANY_ADJUSTMENTS_IN_REQUEST: row(11, 'split', 'request'),
  TOO_MANY_ADJUSTMENTS: row(12, 'reject'),
  // The value was ignored; the same adjustment time again would be too.
  RESTATEMENT_ALREADY_EXISTS: row(13, 'collision'),
  DUPLICATE_ADJUSTMENT_IN_REQUEST: row(14, 'collision'),
  CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS: row(15, 'config', 'connection', TERMS),
  CONVERSION_ACTION_NOT_ELIGIBLE_FOR_ENHANCEMENT: row(16, 'config', 'action'),
  INVALID_USER_IDENTIFIER: row(17, 'reject'),
  UNSUPPORTED_USER_IDENTIFIER: row(18, 'reject'),
  GCLID_DATE_TIME_PAIR_AND_ORDER_ID_BOTH_SET: row(20, 'reject'),
  CONVERSION_ALREADY_ENHANCED: row(21, 'duplicate'),
  DUPLICATE_ENHANCEMENT_IN_REQUEST: row(22, 'collision'),
  CUSTOMER_DATA_POLICY_PROHIBITS_ENHANCEMENT: row(23, 'config', 'connection'),
  MISSING_ORDER_ID_FOR_WEBPAGE: row(24, 'reject'),
  ORDER_ID_CONTAINS_PII: row(25, 'reject'),
  INVALID_JOB_ID: row(26, 'our-encoder', 'request'),
  NO_CONVERSION_ACTION_FOUND: row(27, 'config', 'action', NO_SUCH_ACTION),
  INVALID_CONVERSION_ACTION_TYPE: row(28, 'config', 'action'),
}
