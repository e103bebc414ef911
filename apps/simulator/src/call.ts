import type { Answer } from './answer.ts'
import type { FaultParams } from './fault-form.ts'
import type { Fault } from './faults.ts'
import type { AccountState, TokenState } from './tokens.ts'
import type { Settings } from './settings.ts'

/** Milliseconds since 1970, by the simulator's clock. */
export type EpochMs = number

export const PLATFORMS = ['meta', 'google', 'tiktok', 'snapchat'] as const
export type PlatformId = (typeof PLATFORMS)[number]

/**
 * Where a request knocks: `events` takes conversions, `validate` looks at them without taking any, `check` proves credentials, `token` is
 * OAuth, `status` is Google's later verdict.
 */
export const DOORS = ['events', 'validate', 'check', 'token', 'status'] as const
export type Door = (typeof DOORS)[number]

/** One HTTP request, its body read. `path` begins after the platform's prefix, for example `/v26.0/123/events`. */
export interface Incoming {
  readonly no: number
  readonly at: EpochMs
  readonly method: string
  readonly path: string
  readonly query: (name: string) => string | undefined
  readonly header: (name: string) => string | undefined
  readonly text: string
}

/** One event of a request that was taken, as the ledger keeps it. */
export interface Booking {
  readonly account: string
  readonly name: string
  /** The empty text where the client gave none. */
  readonly id: string
  readonly timeS: number
  /** What the platform deduplicates by inside account and name; the empty text means it has nothing to deduplicate by. */
  readonly key: string
  /** `test` is kept apart from live; `rejected` was taken now and is refused by a later verdict. */
  readonly as: 'live' | 'test' | 'rejected'
}

export interface Result {
  readonly answer: Answer
  /** Present where the request was taken; absent where it was refused. */
  readonly bookings?: readonly Booking[]
}

/** A request as one platform understands it, before anything is judged. */
export interface Call {
  readonly door: Door
  /** Access token, or the refresh token at the door `token`; the empty text where there is none. */
  readonly token: string
  /** Account → events of this request for it. Empty where the body names none. */
  readonly arrivals: ReadonlyMap<string, number>
  answer(): Result
}

/** One platform: reads requests, judges them, and says busy, broken and closed in its own words. */
export interface PlatformApi {
  readonly id: PlatformId
  /** How long the platform remembers what it deduplicates by; Infinity for ever. */
  readonly dedupWindowMs: number
  /** Whom it counts a request for when limits are set: an account, a token, or everybody together (the empty text). */
  limitedBy(call: Call): string
  /** Undefined where the API has no such address. */
  read(incoming: Incoming): Call | undefined
  notFound(incoming: Incoming): Answer
  rateLimited(params: FaultParams, call: Call): Answer
  serverError(params: FaultParams, call: Call): Answer
  maintenance(params: FaultParams, call: Call): Answer
  tooLarge(): Answer
  /** Headers that tell how much of a limit is used; only Meta has them. */
  usageHeaders?(params: FaultParams, call: Call): Readonly<Record<string, string>>
  /** Forgets what it keeps between requests. */
  clear?(): void
}

/** What a platform may ask of the simulator while it judges. */
export interface Desk {
  now(): EpochMs
  settings(platform: PlatformId): Settings
  judgeToken(platform: PlatformId, token: string): TokenState
  judgeAccount(platform: PlatformId, account: string, token: string): AccountState
  grantsOf(platform: PlatformId, token: string): readonly string[]
  issueToken(platform: PlatformId, refreshToken: string): { readonly accessToken: string; readonly lifetimeS: number }
  rotateRefreshToken(platform: PlatformId, refreshToken: string): string
  /** Event id → the fault that makes this event bad, for the events of one account; empty most of the time. */
  markedEvents(kind: 'bad_event' | 'late_reject', platform: PlatformId, account: string, token: string): ReadonlyMap<string, Fault>
  /** Counts one use of a fault that a platform has applied. */
  useFault(fault: Fault): void
}

/** The account a request is about, where it is about one. */
export function firstAccount(call: Call): string {
  for (const account of call.arrivals.keys()) return account
  return ''
}

/** Whether an account is the one named, or lies under it: a Google destination `1234567890/777` lies under `1234567890`. */
export function isWithin(account: string, named: string): boolean {
  return account === named || account.startsWith(`${named}/`)
}
