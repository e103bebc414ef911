import type { AppData, Consent, ConversionEvent, IdentifierField, PlainUserField } from '@relay/core/event'
import type { CanonicalEventName } from '@relay/core/event-name'

/** One event as a producer writes it. What is absent may be absent; what is null counts as absent. */
export interface EventInput {
  /** The id that the browser pixel sends too. Without one, two events of equal content are one. */
  readonly event_id?: string | null
  /** A canonical name, an alias of GA4's or Segment's, or a name of your own. */
  readonly event_name: CanonicalEventName | (string & {})
  /** ISO 8601 with a zone, unix seconds, or a Date; absent: the time of receipt. */
  readonly event_time?: string | number | Date | null
  readonly action_source?: ConversionEvent['action_source'] | null
  readonly event_source_url?: string | null
  readonly referrer_url?: string | null
  readonly user_data?: UserDataInput | null
  readonly custom_data?: CustomDataInput | null
  readonly consent?: Consent | null
  readonly app_data?: AppData | null
  /** Platforms or connection ids; absent: all enabled connections. */
  readonly destinations?: readonly string[] | null
  readonly test_event_code?: string | null
}

type UserDataInput = { readonly [F in IdentifierField]?: string | number | readonly (string | number)[] | null } & {
  readonly [F in PlainUserField]?: string | number | null
}

export interface CustomDataInput {
  readonly currency?: string | null
  readonly value?: number | string | null
  readonly order_id?: string | number | null
  readonly content_ids?: readonly (string | number)[] | null
  readonly contents?: readonly ContentInput[] | null
  readonly content_type?: string | null
  readonly content_name?: string | null
  readonly content_category?: string | null
  readonly num_items?: number | null
  readonly search_string?: string | null
  readonly status?: string | null
  readonly predicted_ltv?: number | string | null
  readonly delivery_category?: string | null
  /** Further keys pass through where a platform takes them. */
  readonly [key: string]: unknown
}

interface ContentInput {
  readonly id: string | number
  readonly quantity?: number | string
  readonly item_price?: number | string
  readonly title?: string
  readonly brand?: string
  readonly category?: string
  readonly delivery_category?: string
}
