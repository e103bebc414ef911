import type { EpochMs } from '@relay/core/clock'
import type { ErrorDetail, FaultScope } from '@relay/core/errors'
import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer } from './contract.ts'

/*
 * What all platforms treat alike when they read an answer: small makers of outcomes, the faults of the transport, the headers that name a
 * time. What a platform's own codes mean stands in its `classify.ts`.
 */

export type Answered = Extract<HttpAnswer, { kind: 'answer' }>
export type Fault = Extract<HttpAnswer, { kind: 'fault' }>

/** The platform's own names for what happened. */
export interface Codes {
  readonly platformCode?: string
  readonly platformRequestId?: string
}

/** A hold whose cause names no end: 5 minutes of maintenance, 1 second for a free connection, 1 hour for a young token. */
export const MAINTENANCE_MS = 5 * 60_000
const POOL_WAIT_MS = 1_000

export const delivered = (platformRequestId?: string, note?: 'duplicate'): EventOutcome => ({
  kind: 'delivered',
  ...(note === undefined ? {} : { note }),
  ...(platformRequestId === undefined ? {} : { platformRequestId }),
})
export const retry = (error: ErrorDetail): EventOutcome => ({ kind: 'retry', error })
export const reject = (error: ErrorDetail): EventOutcome => ({ kind: 'reject', error })
export const holdUntil = (until: EpochMs, error: ErrorDetail): EventOutcome => ({ kind: 'hold', until, error })

/** The same outcome for each of `count` events, in their order. */
export const forAll = (count: number, outcome: EventOutcome): EventOutcome[] => Array.from({ length: count }, () => outcome)

/** For rows of a refused request that nothing names: the worker repairs the request and they get another outcome. */
export const batchRefused = (now: EpochMs, message: string): EventOutcome => holdUntil(now, { code: 'BATCH_REFUSED', message })

/** A refused request: one event bears the verdict itself; of several, all wait for the repair. */
export const refusedRequest = (count: number, now: EpochMs, verdict: EventOutcome): EventOutcome[] =>
  count === 1 ? [verdict] : forAll(count, batchRefused(now, 'The platform refused the request because of some of its events'))

/** A request that is too big: halved, and a single event that is too big alone is refused for good. */
export const tooLarge = (count: number, now: EpochMs, codes: Codes = {}): EventOutcome[] =>
  refusedRequest(count, now, reject({ code: 'PAYLOAD_TOO_LARGE', message: 'The platform takes no request of this size', ...codes }))

/** The hold where the platform names no time, as configured. */
export const firstStepMs = (context: ClassifyContext): number => context.retryDelaysMs[0] ?? 1_000

/** A 429 or its like. Without a time from the platform the hold is one retry step; the rate limiter doubles it. */
export function rateLimited(
  now: EpochMs,
  limit: {
    readonly scope: FaultScope
    readonly retryAfterMs: number | undefined
    readonly firstStepMs: number
    readonly platformCode?: string
    readonly platformRequestId?: string
  },
): EventOutcome {
  const { scope, retryAfterMs, firstStepMs, ...codes } = limit
  return holdUntil(now + (retryAfterMs ?? firstStepMs), {
    code: 'RATE_LIMITED',
    message: 'Platform rate limit exceeded',
    scope,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...codes,
  })
}

/** What a transport fault means, everywhere: no answer in time and no connection are attempts, a full pool is a wait. */
export const faultOutcome = (fault: Fault, now: EpochMs): EventOutcome =>
  fault.error.code === 'POOL_EXHAUSTED' ? holdUntil(now + POOL_WAIT_MS, fault.error) : retry(fault.error)

/** An answer that can't be read: counts for the breaker, and is never taken for delivered. */
export const unreadable = (message: string, codes: Codes = {}): EventOutcome =>
  retry({ code: 'UNEXPECTED_RESPONSE', message, unreadable: true, ...codes })

/** A readable answer with a code that stands in no table. */
export const unknownCode = (message: string, codes: Codes = {}): EventOutcome =>
  retry({ code: 'UNEXPECTED_RESPONSE', message, unreadable: false, ...codes })

/** The shortest window of any platform: what is waited for longer than this could not be sent anyway, and a number without end must not stop a queue for ever. */
const LONGEST_WAIT_MS = 7 * 86_400_000

/** A wait that a platform names, in whole ms, at most 7 days. */
export const boundedWaitMs = (waitMs: number): number => Math.min(Math.round(waitMs), LONGEST_WAIT_MS)

/**
 * `Retry-After` in ms from now, of its seconds or its HTTP date, at most 7 days; undefined where it is absent or says nothing. A date in the past is 0.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: EpochMs): number | undefined {
  const given = headers['retry-after']?.trim()
  if (given === undefined || given === '') return undefined
  if (/^\d+(?:\.\d+)?$/.test(given)) return boundedWaitMs(Number(given) * 1000)
  const at = /[A-Za-z]{3},/.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(at) ? undefined : boundedWaitMs(Math.max(0, at - now))
}

/** The body as a JSON object; undefined for HTML, truncated text, lists and bare values. */
export function parseJsonBody(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A body that calls the fault maintenance in words, where no code is given. */
const SAYS_MAINTENANCE = /\bmaintenance\b/i

/**
 * A 5xx without a body that the platform's table knows: a 503 with `Retry-After` or that says so is maintenance, any
 * other 503 waits one retry step and is never buried, every other 5xx is an attempt. Undefined below 500.
 */
export function serverErrorOutcome(answer: Answered, now: EpochMs, firstStepMs: number, codes: Codes = {}): EventOutcome | undefined {
  if (answer.status < 500) return undefined
  const waitMs = retryAfterMs(answer.headers, now)
  if (answer.status === 503 && (waitMs !== undefined || SAYS_MAINTENANCE.test(answer.body))) {
    const estimatedEnd = now + (waitMs ?? MAINTENANCE_MS)
    return holdUntil(estimatedEnd, {
      code: 'PLATFORM_MAINTENANCE',
      message: 'Platform is under maintenance',
      ...(waitMs === undefined ? {} : { estimatedEnd }),
      ...codes,
    })
  }
  const error: ErrorDetail = { code: 'PLATFORM_ERROR', message: `Platform answered ${answer.status}`, ...codes }
  return answer.status === 503 ? holdUntil(now + firstStepMs, error) : retry(error)
}

/** Looked at before it is cut: long enough for every message, short enough for patterns that take the square of a text's length. */
const QUOTED_FROM_CHARS = 1_000

/** The platform's own words for a report: control characters and line ends out, capped, and what looks like a token or an identifier blanked. */
export function quote(text: string, maxChars = 300): string {
  // A word cut in half might no longer look like the identifier it is.
  const beginning = text.length > QUOTED_FROM_CHARS ? text.slice(0, QUOTED_FROM_CHARS).replace(/\S*$/u, '') : text
  const clean = beginning
    .replaceAll(/\p{C}+/gu, ' ')
    .replaceAll(/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+/gu, '***')
    .replaceAll(/\+?\d[\d\s().-]{6,}\d/g, '***')
    .replaceAll(/\b(?:EAA|ya29\.|1\/\/|GOCSPX-)[\w.-]{10,}|\b(?=[\w-]*\d)[\w-]{24,}/g, '***')
    .trim()
  return clean.length > maxChars ? `${clean.slice(0, maxChars - 1)}…` : clean
}
