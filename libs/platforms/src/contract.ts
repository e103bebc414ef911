import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ErrorDetail } from '@relay/core/errors'
import type { ConversionEvent, FieldWarning, HashedUser, PreparedEvent } from '@relay/core/event'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome, PlatformWarning } from '@relay/core/outcome'
import type { z } from 'zod'

/** A fact of a platform's API with the page it was read from. */
export interface Sourced<T> {
  readonly value: T
  readonly page: string
  /** Day it was read, `2026-11-24`. */
  readonly read: string
}

export interface ApiFacts {
  readonly version: Sourced<string>
  /** Day on which this version ends, `2028-07-29`; null where none is announced. */
  readonly sunset: string | null
  readonly baseUrl: string
  /** Where OAuth tokens are refreshed; absent where tokens do not expire. */
  readonly tokenUrl?: string
  readonly maxEventsPerRequest: Sourced<number>
  /** Our own cap on a request body, in bytes, below whatever the platform takes. */
  readonly maxBodyBytes: number
  /** Requests that the platform takes of one application, whatever they carry; absent where it counts events or nothing. */
  readonly requestLimits?: {
    readonly perWindow: Sourced<{ readonly requests: number; readonly windowMs: number }>
    readonly perDay?: Sourced<number>
  }
  /** Further APIs of this platform that a connection may use instead, each with a version that ends on its own day. */
  readonly others?: readonly {
    /** The value of `settings.api` of a connection that uses it. */
    readonly api: NonNullable<ConnectionSettings['api']>
    readonly name: string
    readonly version: Sourced<string>
    readonly sunset: string | null
    readonly baseUrl: string
  }[]
  /** How long after a possibly accepted send the platform still recognises a repeat, in ms; null: for ever. */
  readonly deduplicationWindowMs: number | null
}

/** What a platform's functions know of a connection. */
export interface Account<C = unknown> {
  readonly connectionId: ConnectionId
  readonly settings: ConnectionSettings
  readonly credentials: C
  /** Short-lived OAuth access token, where the platform has `refresh`. */
  readonly accessToken?: string
  /** Without a trailing slash; a setting, so that the simulator can stand in. */
  readonly baseUrl: string
  readonly tokenUrl?: string
  readonly credentialsSavedAt: EpochMs
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** May hold a token (Snapchat): never logged. `redactedUrl` is what may be. */
  readonly url: string
  readonly redactedUrl?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Either what came back, or why nothing did. */
export type HttpAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>
      /** The raw text, at most the cap; `truncated` where there was more. */
      readonly body: string
      readonly truncated: boolean
    }
  | {
      readonly kind: 'fault'
      readonly error: ErrorDetail & { readonly code: 'TIMEOUT' | 'NETWORK_ERROR' | 'POOL_EXHAUSTED' }
      /** The request left, so the platform may have taken it. */
      readonly maybeTaken: boolean
    }

export interface Http {
  send(request: HttpRequest): Promise<HttpAnswer>
}

/** An event this platform will not get: by rule (`skip`) or for good (`reject`). */
export type Refusal = Extract<EventOutcome, { kind: 'skip' | 'reject' }>

export type EncodedEvent =
  | { readonly kind: 'body'; readonly body: JsonObject; readonly warnings: readonly FieldWarning[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly warnings: readonly FieldWarning[] }

export interface ClassifyContext {
  readonly now: EpochMs
  readonly settings: ConnectionSettings
  /** Snapchat: a new token may be unknown for 24 h. */
  readonly credentialsSavedAt: EpochMs
  /** The platform's waits before a retry, as configured: the first one is the hold where the platform names no time. */
  readonly retryDelaysMs: readonly number[]
  /** The request carried test events: some answers (Google Ads) then name no rows. */
  readonly testEventCode?: string
}

/** One of a platform's APIs, and whether this account can use it with these credentials. */
export interface ApiReach {
  readonly api: NonNullable<ConnectionSettings['api']>
  readonly usable: 'yes' | 'no' | 'unknown'
  readonly why?: string
}

/** `apis` where the platform has several: what was found out about each, the connection's own one first. */
export type CheckReport =
  | { readonly verdict: 'verified'; readonly remark?: string; readonly apis?: readonly ApiReach[] }
  | { readonly verdict: 'unverified'; readonly why: string; readonly apis?: readonly ApiReach[] }
  | {
      readonly verdict: 'refused'
      readonly apis?: readonly ApiReach[]
      readonly message: string
      readonly details: {
        readonly platform: PlatformId
        readonly error_code: string | number | null
        /** The platform's own words, capped and free of secrets. */
        readonly error_message: string
        /** The input at fault: `credentials.access_token`, `settings.pixel_id`. */
        readonly field: string
      }
    }

export type RefreshResult =
  | { readonly kind: 'refreshed'; readonly accessToken: string; readonly expiresInMs: number; readonly rotatedRefreshToken?: string }
  /** The grant is dead: the connection goes to `error`. */
  | { readonly kind: 'dead'; readonly error: ErrorDetail & { readonly code: 'CREDENTIALS_EXPIRED' } }
  /** The token server is ill: wait. */
  | { readonly kind: 'unavailable'; readonly error: ErrorDetail & { readonly code: 'ACCESS_TOKEN_EXPIRED' } }

/** What a look at a request's later verdict found. */
export type VerdictReading =
  /** The platform is still at work: look again later. */
  | { readonly kind: 'pending' }
  /** No verdict could be read this time: look again later, by the same policy as a request (`error`). */
  | { readonly kind: 'unavailable'; readonly error: ErrorDetail }
  /** There will be none: stop asking. The events stay as accepted. */
  | { readonly kind: 'gone'; readonly error: ErrorDetail }
  | {
      readonly kind: 'final'
      /**
       * Exactly one per sent body, in order. `delivered` stays (`duplicate`: it was there before), `reject` becomes a letter, `hold` and `retry`
       * are sent again, unchanged.
       */
      readonly outcomes: readonly EventOutcome[]
      /** Of the whole request; they change no outcome. */
      readonly warnings: readonly PlatformWarning[]
      readonly summary: VerdictSummary
    }

/** The verdict in numbers, for the trace; `reasons` are the platform's own, without its prefix. */
export interface VerdictSummary {
  /** One state a destination, as the platform calls it. */
  readonly states: readonly string[]
  readonly reasons: readonly { readonly reason: string; readonly count: number; readonly destination: string }[]
  /** Refused records that the platform did not name, so that their events stay as accepted: alert. */
  readonly unnamed: number
}

/** Where a platform takes a request now and judges its events afterwards. Pure throughout. */
export interface LaterVerdict<C = unknown> {
  /**
   * What to ask by; undefined where no verdict will come: refused, a test, an API that judges at once. Only rows whose outcome was `delivered`
   * are in doubt then, and `sent` below is all bodies of that request, in order.
   */
  requestIdOf(
    answer: HttpAnswer,
    request: { readonly settings: ConnectionSettings; readonly testEventCode: string | undefined },
  ): string | undefined
  /** From the answer to the first look, by default. */
  readonly firstLookMs: number
  request(requestId: string, on: Account<C>): HttpRequest
  classify(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): VerdictReading
}

/** A platform is a plain object made of functions. Sending is not in it: `http.ts` is one function for all. */
export interface Platform<C = unknown> {
  /** Also folder, queue name and metric label. */
  readonly id: PlatformId
  readonly api: ApiFacts
  /** Shape of the secrets before sealing and after opening; each field `.describe()`d for prompts. */
  readonly credentials: z.ZodType<C>
  /** Checks that the settings this platform needs are there; refines `connectionSettings`. */
  readonly settings: z.ZodType<ConnectionSettings>
  /** The pixel or account that this connection writes to: two connections of a tenant with the same one are refused. */
  accountKey(settings: ConnectionSettings): string
  /** The platform's name for this event, or why it has none. Pure. */
  mapEvent(
    eventName: string,
    settings: ConnectionSettings,
  ): { readonly kind: 'name'; readonly name: string; readonly unmapped: boolean } | { readonly kind: 'none'; readonly refusal: Refusal }

  /** Pure. Normalised, hashed identifiers by this platform's rules, and a warning (field, reason, never the value) for each one left out. */
  identify(
    event: ConversionEvent,
    on: { readonly settings: ConnectionSettings; readonly receivedAt: EpochMs },
  ): { readonly user: HashedUser; readonly warnings: readonly FieldWarning[] }

  /** Pure. The instant until which the platform takes this event, no margin taken off. */
  acceptsUntil(event: PreparedEvent, settings: ConnectionSettings): EpochMs

  /** Pure. One event's body, or why this platform will not get it: mapping, consent, test mode, minimum of identifiers, required fields. Windows are judged by the caller. */
  encodeEvent(event: PreparedEvent, settings: ConnectionSettings): EncodedEvent

  /** Pure. The request that carries these bodies, all of one connection and one test code. */
  encodeRequest(bodies: readonly JsonObject[], on: Account<C>, testEventCode: string | undefined): HttpRequest

  /**
   * Absent where any bodies of one connection and test code may travel together. Pure. The requests that these make: positions in `bodies`, each
   * exactly once and in their order; bodies that collide (Google Ads: the same order id and action) stand in different ones.
   */
  separate?(bodies: readonly JsonObject[], settings: ConnectionSettings): readonly (readonly number[])[]

  /** Pure. Exactly one outcome per entry of `sent`, in the same order. */
  classify(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): EventOutcome[]

  /** Absent where answers do not tell. Pure. How much of a quota is used by now, in percent, from the headers of an answer; it slows the connection from 80 on. */
  usedPercent?(headers: Readonly<Record<string, string>>): number | undefined

  /** Absent where answers speak for themselves. A call without side effects that settles what an answer leaves open; its answer goes into classify instead. */
  inquire?(answer: HttpAnswer, sent: readonly JsonObject[], on: Account<C>, http: Http): Promise<HttpAnswer>

  /** Beside `api.requestLimits`: what tells one application from another among credentials. Hashed before it goes anywhere. */
  applicationOf?(credentials: C): string

  /** Absent where answers are final. */
  readonly verdict?: LaterVerdict<C>

  /** A cheap call that proves the credentials may write to this account. Never a real conversion. */
  check(on: Account<C>, http: Http): Promise<CheckReport>

  /** Absent where tokens do not expire. Called under a lease. `needsRefresh` tells whether these credentials are of the kind that needs it. */
  readonly refresh?: {
    appliesTo(credentials: C): boolean
    run(on: Account<C>, http: Http): Promise<RefreshResult>
  }
}
