import type { EpochMs } from './clock.ts'

/** What a code does to a delivery. `error` codes exist only at ingest; `repair` marks rows that wait inside a worker while their request is repaired. */
export type CodeOutcome = 'error' | 'reject' | 'skip' | 'hold' | 'retry' | 'repair' | 'not-saved'
export type ToldTo = 'producer' | 'tenant' | 'tenant-at-once' | 'operator' | 'asker' | 'nobody'

export interface Policy {
  readonly outcome: CodeOutcome
  /** Does the platform's breaker count it as a failure of the platform? */
  readonly breaker: boolean
  /** Does the connection go to status `error`? */
  readonly suspendsConnection: boolean
  readonly told: ToldTo
}

const row = (outcome: CodeOutcome, told: ToldTo, flags: { breaker?: true } = {}): Policy & { readonly suspendsConnection: false } => ({
  outcome,
  told,
  breaker: flags.breaker ?? false,
  suspendsConnection: false,
})

const suspending = { outcome: 'reject', told: 'tenant-at-once', breaker: false, suspendsConnection: true } as const satisfies Policy

/** The closed table of delivery codes: what each does is data, and this is all of it. Code that asks "shall I retry" reads the table. */
export const POLICY = {
  INVALID_EVENT: row('reject', 'producer'),
  NO_DESTINATION: row('error', 'producer'),
  IDENTITY_MISSING: row('reject', 'tenant'),
  EVENT_TOO_OLD: row('reject', 'tenant'),
  EVENT_REJECTED: row('reject', 'tenant'),
  EVENT_FILTERED: row('skip', 'nobody'),
  EVENT_UNMAPPED: row('skip', 'nobody'),
  CONSENT_DENIED: row('skip', 'nobody'),
  CONSENT_MISSING: row('skip', 'nobody'),
  TEST_UNSUPPORTED: row('skip', 'nobody'),
  BATCH_REFUSED: row('repair', 'nobody'),
  PAYLOAD_TOO_LARGE: row('reject', 'tenant'),
  INVALID_CREDENTIALS: row('not-saved', 'asker'),
  ACCESS_TOKEN_EXPIRED: row('hold', 'nobody'),
  CREDENTIALS_EXPIRED: suspending,
  PERMISSION_DENIED: suspending,
  DESTINATION_INVALID: suspending,
  CONNECTION_DISABLED: row('reject', 'nobody'),
  CREDENTIALS_PENDING: row('hold', 'tenant'),
  PLATFORM_MISCONFIGURED: row('hold', 'operator'),
  DEFERRED_BY_PLATFORM: row('hold', 'nobody'),
  CREDENTIALS_UNREADABLE: row('hold', 'operator'),
  RATE_LIMITED: row('hold', 'tenant'),
  QUOTA_EXHAUSTED: row('hold', 'tenant'),
  POOL_EXHAUSTED: row('hold', 'tenant'),
  CIRCUIT_OPEN: row('hold', 'tenant'),
  PLATFORM_MAINTENANCE: row('hold', 'tenant'),
  TIMEOUT: row('retry', 'nobody', { breaker: true }),
  NETWORK_ERROR: row('retry', 'nobody', { breaker: true }),
  PLATFORM_ERROR: row('retry', 'nobody', { breaker: true }),
  UNEXPECTED_RESPONSE: row('retry', 'operator'),
  AMBIGUOUS: row('reject', 'tenant'),
  POISONOUS: row('reject', 'operator'),
  INTERNAL: row('retry', 'operator'),
} as const satisfies Record<string, Policy>

export type ErrorCode = keyof typeof POLICY

/** The codes that put a connection in `error`, by the table. */
export type SuspendingCode = { [C in ErrorCode]: (typeof POLICY)[C]['suspendsConnection'] extends true ? C : never }[ErrorCode]

/** How far a fault reaches: one event, one connection, everything that shares our application there, or the whole platform. */
export type FaultScope = 'event' | 'connection' | 'application' | 'platform'

interface DetailBase {
  /** Fit for a tenant to read; no secret and no raw identifier ever. */
  readonly message: string
  /** The platform's own code: Meta `code/subcode`, Google the reason, TikTok and Snapchat the code. */
  readonly platformCode?: string
  /** The id that the platform's support asks for. */
  readonly platformRequestId?: string
  /** Path of the offending field, where one is known. */
  readonly path?: string
}

export type ErrorDetail =
  | (DetailBase & { readonly code: 'RATE_LIMITED' | 'QUOTA_EXHAUSTED'; readonly scope: FaultScope; readonly retryAfterMs?: number })
  | (DetailBase & { readonly code: 'PLATFORM_MAINTENANCE'; readonly estimatedEnd?: EpochMs })
  | (DetailBase & { readonly code: 'CIRCUIT_OPEN'; readonly recoveryAt: EpochMs; readonly failureCount: number })
  | (DetailBase & { readonly code: 'TIMEOUT'; readonly phase: 'connect' | 'headers' | 'body' | 'total'; readonly limitMs: number })
  | (DetailBase & {
      readonly code: 'UNEXPECTED_RESPONSE'
      /** An answer that cannot be read counts for the breaker; a readable one with a code that nobody knows does not. */
      readonly unreadable: boolean
    })
  | (DetailBase & {
      readonly code: Exclude<
        ErrorCode,
        'RATE_LIMITED' | 'QUOTA_EXHAUSTED' | 'PLATFORM_MAINTENANCE' | 'CIRCUIT_OPEN' | 'TIMEOUT' | 'UNEXPECTED_RESPONSE'
      >
    })

export type SuspendingError = DetailBase & { readonly code: SuspendingCode }

export const suspendsConnection = (error: ErrorDetail): error is SuspendingError => POLICY[error.code].suspendsConnection

/** Does the platform's breaker count this as a failure of the platform itself? */
export const countsForBreaker = (error: ErrorDetail): boolean =>
  error.code === 'UNEXPECTED_RESPONSE' ? error.unreadable : POLICY[error.code].breaker

/** Carries a detail through a throw. Match `detail.code`, not the class: two copies of a module may be loaded. */
export class DeliveryError extends Error {
  readonly detail: ErrorDetail

  constructor(detail: ErrorDetail, options?: ErrorOptions) {
    super(`${detail.code}: ${detail.message}`, options)
    this.name = 'DeliveryError'
    this.detail = detail
  }
}
