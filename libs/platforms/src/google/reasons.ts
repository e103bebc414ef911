/*
 * Every reason that `events:ingest` of the Data Manager API can give at once, and what it means. Google publishes no classes: they are our
 * judgement from the enum's comments. The enum is not frozen; a reason that stands in no table is `unknown`.
 */

export type GoogleClass =
  /** Backoff within the attempt limit. */
  | 'retry'
  | 'quota'
  /** This event, once something names it. */
  | 'reject'
  /** The request is too large. */
  | 'split'
  /** One refresh and one resend, then the grant is dead. */
  | 'token-expired'
  /** The grant itself is at fault: a refresh changes nothing. */
  | 'credentials'
  | 'permission'
  | 'config'
  /** Our Cloud project: no tenant is to blame. */
  | 'our-project'
  /** The request was built wrongly, and would be built the same way again. */
  | 'our-encoder'
  /** The same again, unchanged, some hours from now. */
  | 'later'
  /** Recorded before: delivered. */
  | 'duplicate'
  /** Rows of this request are at odds with each other, and none of them is recorded: they travel apart. */
  | 'collision'
  | 'unknown'

export interface GoogleReason {
  /** Value of the enum; null for reasons of Google's front end, which have none here. */
  readonly number: number | null
  readonly class: GoogleClass
  /** `other-api`: of audiences, licences and the like, unexpected here. */
  readonly scope: 'request' | 'event' | 'destination' | 'connection' | 'project' | 'status-poll' | 'other-api'
  readonly page: string
}

/** Of the snapshot of 2026-08-22, read 2026-11-24; 121 does not exist. */
const ERROR_PROTO = 'googleapis/googleapis google/ads/datamanager/v1/error.proto'
/** Domain `googleapis.com`, read 2026-11-24. */
const FRONT_END_PROTO = 'googleapis/googleapis google/api/error_reason.proto'

const row = (number: number, kind: GoogleClass, scope: GoogleReason['scope']): GoogleReason => ({
  number,
  class: kind,
  scope,
  page: ERROR_PROTO,
})
const frontEnd = (kind: GoogleClass, scope: GoogleReason['scope']): GoogleReason => ({
  number: null,
  class: kind,
  scope,
  page: FRONT_END_PROTO,
})

export const GOOGLE_REASONS: Readonly<Record<string, GoogleReason>> = {
  ACCESS_TOKEN_EXPIRED: frontEnd('token-expired', 'connection'),
  CREDENTIALS_MISSING: frontEnd('token-expired', 'connection'),
  ACCOUNT_STATE_INVALID: frontEnd('token-expired', 'connection'),
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: frontEnd('credentials', 'connection'),
  SERVICE_DISABLED: frontEnd('our-project', 'project'),
  CONSUMER_INVALID: frontEnd('our-project', 'project'),
  CONSUMER_SUSPENDED: frontEnd('our-project', 'project'),
  GCP_SUSPENDED: frontEnd('our-project', 'project'),
  BILLING_DISABLED: frontEnd('our-project', 'project'),
  USER_PROJECT_DENIED: frontEnd('our-project', 'project'),
  ERROR_REASON_UNSPECIFIED: row(0, 'unknown', 'request'),
  INTERNAL_ERROR: row(1, 'retry', 'request'),
  DEADLINE_EXCEEDED: row(2, 'retry', 'request'),
  RESOURCE_EXHAUSTED: row(3, 'quota', 'project'),
  NOT_FOUND: row(4, 'config', 'destination'),
  PERMISSION_DENIED: row(5, 'permission', 'connection'),
  INVALID_ARGUMENT: row(6, 'reject', 'event'),
  REQUIRED_FIELD_MISSING: row(7, 'reject', 'event'),
  INVALID_FORMAT: row(8, 'reject', 'event'),
  INVALID_HEX_ENCODING: row(9, 'reject', 'event'),
  INVALID_BASE64_ENCODING: row(10, 'reject', 'event'),
  INVALID_SHA256_FORMAT: row(11, 'reject', 'event'),
  INVALID_POSTAL_CODE: row(12, 'reject', 'event'),
  INVALID_COUNTRY_CODE: row(13, 'reject', 'event'),
  INVALID_ENUM_VALUE: row(14, 'reject', 'event'),
  INVALID_USER_LIST_TYPE: row(15, 'unknown', 'other-api'),
  INVALID_AUDIENCE_MEMBER: row(16, 'unknown', 'other-api'),
  TOO_MANY_AUDIENCE_MEMBERS: row(17, 'unknown', 'other-api'),
  TOO_MANY_USER_IDENTIFIERS: row(18, 'reject', 'event'),
  TOO_MANY_DESTINATIONS: row(19, 'split', 'request'),
  INVALID_DESTINATION: row(20, 'config', 'destination'),
  DATA_PARTNER_USER_LIST_MUTATE_NOT_ALLOWED: row(21, 'unknown', 'other-api'),
  INVALID_MOBILE_ID_FORMAT: row(22, 'reject', 'event'),
  INVALID_USER_LIST_ID: row(23, 'unknown', 'other-api'),
  MULTIPLE_DATA_TYPES_NOT_ALLOWED: row(24, 'unknown', 'other-api'),
  DIFFERENT_LOGIN_ACCOUNTS_NOT_ALLOWED_FOR_DATA_PARTNER: row(25, 'config', 'connection'),
  TERMS_AND_CONDITIONS_NOT_SIGNED: row(26, 'config', 'destination'),
  INVALID_NUMBER_FORMAT: row(27, 'reject', 'event'),
  INVALID_CONVERSION_ACTION_ID: row(28, 'config', 'destination'),
  INVALID_CONVERSION_ACTION_TYPE: row(29, 'config', 'destination'),
  INVALID_CURRENCY_CODE: row(30, 'reject', 'event'),
  INVALID_EVENT: row(31, 'reject', 'event'),
  TOO_MANY_EVENTS: row(32, 'split', 'request'),
  DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS: row(33, 'config', 'destination'),
  DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS: row(34, 'config', 'destination'),
  DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED: row(35, 'config', 'destination'),
  DUPLICATE_DESTINATION_REFERENCE: row(36, 'our-encoder', 'request'),
  UNSUPPORTED_OPERATING_ACCOUNT_FOR_DATA_PARTNER: row(37, 'config', 'connection'),
  UNSUPPORTED_LINKED_ACCOUNT_FOR_DATA_PARTNER: row(38, 'config', 'connection'),
  NO_IDENTIFIERS_PROVIDED: row(39, 'reject', 'event'),
  INVALID_PROPERTY_TYPE: row(40, 'config', 'destination'),
  INVALID_STREAM_TYPE: row(41, 'config', 'destination'),
  LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT: row(42, 'config', 'connection'),
  OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH: row(43, 'permission', 'connection'),
  EVENT_TIME_INVALID: row(44, 'reject', 'event'),
  RESERVED_NAME_USED: row(45, 'reject', 'event'),
  INVALID_EVENT_NAME: row(46, 'reject', 'event'),
  NOT_ALLOWLISTED: row(47, 'permission', 'connection'),
  INVALID_REQUEST_ID: row(48, 'reject', 'status-poll'),
  MULTIPLE_DESTINATIONS_FOR_GOOGLE_ANALYTICS_EVENT: row(49, 'our-encoder', 'request'),
  FIELD_VALUE_TOO_LONG: row(50, 'reject', 'event'),
  TOO_MANY_ELEMENTS: row(51, 'reject', 'event'),
  ALREADY_EXISTS: row(52, 'unknown', 'other-api'),
  IMMUTABLE_FIELD_FOR_UPDATE: row(53, 'unknown', 'other-api'),
  INVALID_RESOURCE_NAME: row(54, 'unknown', 'other-api'),
  INVALID_FILTER: row(55, 'unknown', 'other-api'),
  INVALID_UPDATE_MASK: row(56, 'unknown', 'other-api'),
  INVALID_PAGE_TOKEN: row(57, 'unknown', 'other-api'),
  CANNOT_UPDATE_DISABLED_LICENSE: row(58, 'unknown', 'other-api'),
  CANNOT_CREATE_LICENSE_FOR_SENSITIVE_USERLIST: row(59, 'unknown', 'other-api'),
  INSUFFICIENT_COST: row(60, 'unknown', 'other-api'),
  CANNOT_DISABLE_LICENSE: row(61, 'unknown', 'other-api'),
  INVALID_CLIENT_ACCOUNT_ID: row(62, 'unknown', 'other-api'),
  PRICING_ONLY_ZERO_COST_ALLOWED: row(63, 'unknown', 'other-api'),
  PRICE_TOO_HIGH: row(64, 'unknown', 'other-api'),
  CUSTOMER_NOT_ALLOWED_TO_CREATE_LICENSE: row(65, 'unknown', 'other-api'),
  INVALID_PRICING_END_DATE: row(66, 'unknown', 'other-api'),
  CANNOT_LICENSE_LOGICAL_LIST_WITH_LICENSED_OR_SHARED_SEGMENT: row(67, 'unknown', 'other-api'),
  MISMATCHED_ACCOUNT_TYPE: row(68, 'unknown', 'other-api'),
  MEDIA_SHARE_COST_NOT_ALLOWED_FOR_LICENSE_TYPE: row(69, 'unknown', 'other-api'),
  MEDIA_SHARE_COST_NOT_ALLOWED_FOR_CLIENT_CUSTOMER: row(70, 'unknown', 'other-api'),
  INVALID_MEDIA_SHARE_COST: row(71, 'unknown', 'other-api'),
  INVALID_COST_TYPE: row(72, 'unknown', 'other-api'),
  MEDIA_SHARE_COST_NOT_ALLOWED_FOR_NON_COMMERCE_USER_LIST: row(73, 'unknown', 'other-api'),
  MAX_COST_NOT_ALLOWED: row(74, 'unknown', 'other-api'),
  COMMERCE_AUDIENCE_CAN_ONLY_BE_DIRECTLY_LICENSED: row(75, 'unknown', 'other-api'),
  INVALID_DESCRIPTION: row(76, 'unknown', 'other-api'),
  INVALID_DISPLAY_NAME: row(77, 'unknown', 'other-api'),
  DISPLAY_NAME_ALREADY_USED: row(78, 'unknown', 'other-api'),
  OWNERSHIP_REQUIRED_FOR_UPDATE: row(79, 'unknown', 'other-api'),
  USER_LIST_MUTATION_NOT_SUPPORTED: row(80, 'unknown', 'other-api'),
  SENSITIVE_USER_LIST_IMMUTABLE: row(81, 'unknown', 'other-api'),
  BILLABLE_RECORD_COUNT_IMMUTABLE: row(82, 'unknown', 'other-api'),
  USER_LIST_NAME_RESERVED: row(83, 'unknown', 'other-api'),
  ADVERTISER_NOT_ALLOWLISTED_FOR_UPLOADED_DATA: row(84, 'unknown', 'other-api'),
  UNSUPPORTED_PARTNER_AUDIENCE_SOURCE: row(85, 'unknown', 'other-api'),
  COMMERCE_PARTNER_NOT_ALLOWED: row(86, 'unknown', 'other-api'),
  UNSUPPORTED_PARTNER_AUDIENCE_INFO: row(87, 'unknown', 'other-api'),
  PARTNER_MATCH_FOR_MANAGER_ACCOUNT_DISALLOWED: row(88, 'unknown', 'other-api'),
  DATA_PARTNER_NOT_ALLOWLISTED_FOR_THIRD_PARTY_PARTNER_DATA: row(89, 'unknown', 'other-api'),
  ADVERTISER_TOS_NOT_ACCEPTED: row(90, 'unknown', 'other-api'),
  ADVERTISER_NOT_ALLOWLISTED_FOR_THIRD_PARTY_PARTNER_DATA: row(91, 'unknown', 'other-api'),
  USER_LIST_TYPE_NOT_SUPPORTED_FOR_ACCOUNT: row(92, 'unknown', 'other-api'),
  INVALID_COMMERCE_PARTNER: row(93, 'unknown', 'other-api'),
  CUSTOMER_NOT_ALLOWLISTED_FOR_COMMERCE_AUDIENCE: row(94, 'unknown', 'other-api'),
  UNSUPPORTED_USER_LIST_UPLOAD_KEY_TYPES: row(95, 'unknown', 'other-api'),
  UNSUPPORTED_INGESTED_USER_LIST_INFO_CONFIG: row(96, 'unknown', 'other-api'),
  UNSUPPORTED_ACCOUNT_TYPES_FOR_USER_LIST_TYPE: row(97, 'unknown', 'other-api'),
  UNSUPPORTED_ACCOUNT_TYPE_FOR_PARTNER_LINK: row(98, 'unknown', 'other-api'),
  MEMBERSHIP_DURATION_TOO_LONG: row(99, 'unknown', 'other-api'),
  INVALID_MERCHANT_ID: row(100, 'config', 'destination'),
  EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED: row(101, 'config', 'connection'),
  ACCOUNT_INELIGIBLE_FOR_STORE_SALES: row(102, 'config', 'destination'),
  INVALID_MERCHANT_FEED_LANGUAGE_CODE: row(103, 'config', 'destination'),
  INVALID_REGION_CODE: row(104, 'reject', 'event'),
  TOO_FEW_ELEMENTS: row(105, 'reject', 'event'),
  FIELD_VALUE_TOO_SHORT: row(106, 'reject', 'event'),
  INVALID_SUBDIVISION_CODE: row(107, 'reject', 'event'),
  INVALID_SUBCONTINENT_CODE: row(108, 'reject', 'event'),
  INVALID_CONTINENT_CODE: row(109, 'reject', 'event'),
  INVALID_DEVICE_CATEGORY: row(110, 'reject', 'event'),
  BOTH_CLIENT_ID_AND_APP_INSTANCE_ID_NOT_ALLOWED: row(111, 'reject', 'event'),
  GOOGLE_ANALYTICS_SUBPROPERTY_OR_ROLLUP_PROPERTY_NOT_ALLOWED: row(112, 'config', 'destination'),
  THIRD_PARTY_USER_DATA_NOT_ALLOWED: row(113, 'reject', 'event'),
  INVALID_COUPON_CODE: row(114, 'reject', 'event'),
  EVENT_SOURCE_AND_DESTINATION_MISMATCH: row(115, 'config', 'destination'),
  DESTINATION_ACCOUNT_TYPE_MISMATCH: row(116, 'config', 'connection'),
  CUSTOM_VARIABLE_VALUE_CONTAINS_PII: row(117, 'reject', 'event'),
  CUSTOM_VARIABLE_NOT_ENABLED: row(118, 'config', 'destination'),
  INVALID_CUSTOM_VARIABLE_VALUE: row(119, 'reject', 'event'),
  CUSTOM_VARIABLE_NOT_FOUND: row(120, 'config', 'destination'),
  BASELINE_LOCATION_AUTO_DETECTION_FAILED: row(122, 'unknown', 'other-api'),
  INSIGHTS_MISSING_FOR_DIMENSION: row(123, 'unknown', 'other-api'),
  REQUIRED_PREREQUISITE_LINK_MISSING: row(124, 'config', 'destination'),
  INVALID_REMOVE_AS_OF_TIME: row(125, 'unknown', 'other-api'),
}

/** Undefined for a reason that stands in no table. */
export const googleReason = (name: string): GoogleReason | undefined =>
  Object.hasOwn(GOOGLE_REASONS, name) ? GOOGLE_REASONS[name] : undefined
