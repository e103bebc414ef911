import type { JsonObject } from './json.ts'

/*
 * The vocabulary of a conversion event. Field names are snake_case here too, because they are the product's public words
 * and stand in paths of errors and warnings; nothing is gained by a second spelling inside.
 */

export const ACTION_SOURCES = [
  'website',
  'app',
  'email',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'business_messaging',
  'other',
] as const
export type ActionSource = (typeof ACTION_SOURCES)[number]

/** Fields of `user_data` that identify a person: normalised and hashed per platform at acceptance, never stored as they came. */
export const IDENTIFIER_FIELDS = [
  'email',
  'phone',
  'first_name',
  'last_name',
  'date_of_birth',
  'gender',
  'city',
  'state',
  'zip',
  'country',
  'street_address',
  'external_id',
] as const
export type IdentifierField = (typeof IDENTIFIER_FIELDS)[number]

/** Fields of `user_data` that platforms want exactly as they are. */
export const PLAIN_USER_FIELDS = [
  'client_ip_address',
  'client_user_agent',
  'fbc',
  'fbp',
  'gclid',
  'gbraid',
  'wbraid',
  'ttclid',
  'ttp',
  'sc_click_id',
  'sc_cookie1',
  'mobile_ad_id',
  'lead_id',
  'subscription_id',
] as const
export type PlainUserField = (typeof PLAIN_USER_FIELDS)[number]

export type UserData = { readonly [F in IdentifierField]?: string | readonly string[] } & { readonly [F in PlainUserField]?: string }

export interface ContentItem {
  readonly id: string
  readonly quantity?: number
  readonly item_price?: number
  readonly title?: string
  readonly brand?: string
  readonly category?: string
  readonly delivery_category?: string
}

/** Known fields by name; further keys pass through where a platform takes them. */
export interface CustomData {
  readonly currency?: string
  readonly value?: number
  readonly order_id?: string
  readonly content_ids?: readonly string[]
  readonly contents?: readonly ContentItem[]
  readonly content_type?: string
  readonly content_name?: string
  readonly content_category?: string
  readonly num_items?: number
  readonly search_string?: string
  readonly status?: string
  readonly predicted_ltv?: number
  readonly delivery_category?: string
  /** Whatever else the producer gave, as it came. */
  readonly extra?: JsonObject
}

export type ConsentValue = 'GRANTED' | 'DENIED'
export interface Consent {
  readonly ad_user_data?: ConsentValue
  readonly ad_personalization?: ConsentValue
  readonly data_processing_options?: readonly string[]
  readonly data_processing_options_country?: number
  readonly data_processing_options_state?: number
}

export interface AppData {
  readonly app_id?: string
  readonly advertiser_tracking_enabled?: boolean
  readonly application_tracking_enabled?: boolean
  /** Exactly 16 entries, order as Meta's server events have it. */
  readonly extinfo?: readonly string[]
}

interface EventBody {
  /** The producer's id, else the content hash. */
  readonly event_id: string
  /** A canonical name (aliases are resolved), or a custom name as it came. */
  readonly event_name: string
  /** Unix seconds, an integer. */
  readonly event_time: number
  readonly action_source: ActionSource
  readonly event_source_url?: string
  readonly referrer_url?: string
  readonly custom_data: CustomData
  readonly consent: Consent
  readonly app_data?: AppData
  readonly test_event_code?: string
}

/** A parsed event as the producer sent it, raw identifiers included: lives in memory during acceptance and nowhere else. */
export interface ConversionEvent extends EventBody {
  readonly user_data: UserData
  readonly destinations?: readonly string[]
}

/** What a platform may know of a person, in that platform's own keys, hashed by that platform's rules. */
export type HashedUser = JsonObject

/** One event made ready for one connection: the only form that is ever written to Redis. */
export interface PreparedEvent extends EventBody {
  readonly user: HashedUser
}

/** The closed list of reasons for which a field is left out or doubted. Never carries the value. */
export const WARNING_REASONS = [
  'EMPTY',
  'INVALID_EMAIL',
  'INVALID_PHONE',
  'PHONE_WITHOUT_COUNTRY',
  'INVALID_NAME',
  'INVALID_DATE',
  'INVALID_GENDER',
  'INVALID_CITY',
  'INVALID_STATE',
  'INVALID_ZIP',
  'INVALID_COUNTRY',
  'INVALID_EXTERNAL_ID',
  'INVALID_IP_ADDRESS',
  'PRIVATE_IP_ADDRESS',
  'INVALID_CLICK_ID',
  'INVALID_MOBILE_AD_ID',
  'INVALID_EXTINFO',
  'INVALID_URL',
  'INVALID_VALUE',
  'HASH_WHERE_PLAIN_IS_DUE',
  'HASH_OF_NOTHING',
  'HASH_NOT_SHA256',
  'HASH_WITH_APPENDIX',
  'HASHED_UNVERIFIED',
  'TOO_MANY_VALUES',
  'UNKNOWN_FIELD',
  'UNSUPPORTED_HERE',
  'UNSUPPORTED_CURRENCY',
  'PERSONAL_DATA_IN_URL',
  'INCOMPLETE_ADDRESS',
] as const
export type WarningReason = (typeof WARNING_REASONS)[number]

export interface FieldWarning {
  /** The input path, such as `user_data.email[1]`. */
  readonly field: string
  readonly reason: WarningReason
}
