import type { EpochMs } from '@relay/core/clock'
import type { ErrorDetail, FaultScope } from '@relay/core/errors'
import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer, Platform } from '../contract.ts'
import {
  boundedWaitMs,
  delivered,
  faultOutcome,
  firstStepMs,
  forAll,
  holdUntil,
  parseJsonBody,
  quote,
  rateLimited,
  refusedRequest,
  reject,
  retry,
  retryAfterMs,
  serverErrorOutcome,
  tooLarge,
  unknownCode,
  unreadable,
  type Answered,
  type Codes,
} from '../verdict.ts'
import type { Page } from './api.ts'

export type MetaErrorClass =
  | 'credentials'
  | 'permission'
  | 'destination'
  | 'rate'
  | 'transient'
  | 'policy-block'
  | 'bad-event'
  | 'bad-request'
  | 'unknown'

export interface MetaErrorRow {
  /** `error.code`, or the first and last of a range. */
  readonly code: number | readonly [number, number]
  /** `error.error_subcode`; absent: any and none. */
  readonly subcode?: number | readonly [number, number]
  readonly class: MetaErrorClass
  readonly scope: FaultScope
  readonly page: Page
  readonly meaning: string
}

/** One row per documented code, most special first; the first that fits decides. All read 2026-11-24. */
export const ERROR_ROWS: readonly MetaErrorRow[] = [
  { code: 190, class: 'credentials', scope: 'connection', page: 'ERR', meaning: 'access token expired, revoked or invalid' },
  { code: 102, class: 'credentials', scope: 'connection', page: 'ERR', meaning: 'session expired' },
  { code: 104, class: 'credentials', scope: 'connection', page: 'MERR', meaning: 'wrong signature or proof' },
  { code: 3, class: 'permission', scope: 'connection', page: 'ERR', meaning: 'the app may not make this call' },
  { code: 10, class: 'permission', scope: 'connection', page: 'ERR', meaning: 'permission not granted or removed' },
  { code: [200, 299], class: 'permission', scope: 'connection', page: 'ERR', meaning: 'permission missing' },
  { code: 100, subcode: 33, class: 'destination', scope: 'connection', page: 'MERR', meaning: 'object missing, or no permission for it' },
  { code: 803, class: 'destination', scope: 'connection', page: 'ERR', meaning: 'object does not exist' },
  { code: 4, class: 'rate', scope: 'application', page: 'RATE', meaning: 'too many calls of the app' },
  { code: 17, class: 'rate', scope: 'connection', page: 'RATE', meaning: 'too many calls of the user or account' },
  { code: 32, class: 'rate', scope: 'connection', page: 'RATE', meaning: 'too many calls for the page' },
  { code: 341, class: 'rate', scope: 'application', page: 'ERR', meaning: 'limit of the app' },
  { code: 613, class: 'rate', scope: 'connection', page: 'RATE', meaning: 'too many calls' },
  { code: [80000, 80014], class: 'rate', scope: 'connection', page: 'RATE', meaning: 'limit of a business use case' },
  { code: 1, class: 'transient', scope: 'platform', page: 'ERR', meaning: 'unknown error' },
  { code: 2, class: 'transient', scope: 'platform', page: 'ERR', meaning: 'service temporarily unavailable' },
  { code: 5000, class: 'transient', scope: 'platform', page: 'RUD', meaning: 'unknown error' },
  { code: 21009, class: 'transient', scope: 'platform', page: 'RUD', meaning: 'upload to the dataset temporarily not ready' },
  { code: 368, class: 'policy-block', scope: 'connection', page: 'ERR', meaning: 'blocked for a policy for a time' },
  { code: 100, subcode: [2804000, 2804999], class: 'bad-event', scope: 'event', page: 'USE', meaning: 'an event is invalid' },
  { code: 100, class: 'bad-request', scope: 'event', page: 'ERR', meaning: 'invalid parameter' },
  { code: 105, class: 'bad-request', scope: 'event', page: 'MERR', meaning: 'too many parameters' },
]

/** ERR says of a block: wait and try again. It names no time. */
const POLICY_BLOCK_MS = 3_600_000

export interface MetaError {
  readonly code: number | undefined
  readonly subcode: number | undefined
  readonly type: string | undefined
  readonly isTransient: boolean
  readonly message: string
  readonly traceId: string | undefined
}

const integer = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined
}
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** `error` of a body, if it has one. */
export function errorOf(body: JsonObject | undefined): MetaError | undefined {
  const error = body?.['error']
  if (!isJsonObject(error)) return undefined
  return {
    code: integer(error['code']),
    subcode: integer(error['error_subcode']),
    type: text(error['type']),
    isTransient: error['is_transient'] === true,
    message: quote(text(error['message']) ?? ''),
    traceId: text(error['fbtrace_id']),
  }
}

const within = (range: number | readonly [number, number], value: number | undefined): boolean =>
  value !== undefined && (typeof range === 'number' ? value === range : value >= range[0] && value <= range[1])

/** A code's class, by the table, then by `is_transient`; never by text, which is localised. */
export function classOf(error: MetaError): { readonly class: MetaErrorClass; readonly scope: FaultScope } {
  if (error.code === undefined) {
    return error.type === 'OAuthException'
      ? { class: 'credentials', scope: 'connection' }
      : { class: error.isTransient ? 'transient' : 'unknown', scope: 'platform' }
  }
  // Meta's negative codes are internal: the subcode says more, if anything does (ERR).
  const code = error.code < 0 && within([2804000, 2804999], error.subcode) ? 100 : error.code
  const row = ERROR_ROWS.find((row) => within(row.code, code) && (row.subcode === undefined || within(row.subcode, error.subcode)))
  const isInvalidParameter = row?.class === 'bad-request' || row?.class === 'bad-event'
  if (row !== undefined && !(isInvalidParameter && error.isTransient)) return row
  return { class: error.isTransient || code < 0 ? 'transient' : 'unknown', scope: 'platform' }
}

/** How long Meta asks to wait: `Retry-After`, else the longest time that the usage headers name (RATE: minutes per use case, seconds per account). */
function usageWaitMs(headers: Readonly<Record<string, string>>): number | undefined {
  const useCases = Object.values(parseJsonBody(headers['x-business-use-case-usage'] ?? '') ?? {}).flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  const minutes = useCases.map((usage) => (isJsonObject(usage) ? usage['estimated_time_to_regain_access'] : undefined))
  const seconds = parseJsonBody(headers['x-ad-account-usage'] ?? '')?.['reset_time_duration']
  const waitsMs = [...minutes.map((value) => Number(value ?? 0) * 60_000), Number(seconds ?? 0) * 1000].filter((waitMs) => waitMs > 0)
  return waitsMs.length === 0 ? undefined : boundedWaitMs(Math.max(...waitsMs))
}

export const platformCodeOf = (error: MetaError): string | undefined => {
  if (error.code === undefined) return error.type
  return error.subcode === undefined ? String(error.code) : `${error.code}/${error.subcode}`
}

function outcomesOfError(error: MetaError, answer: Answered, codes: Codes, count: number, context: ClassifyContext): EventOutcome[] {
  const { now } = context
  const stepMs = firstStepMs(context)
  const found = classOf(error)
  const said = error.message === '' ? '' : `: ${error.message}`
  const detail = (
    code: Extract<ErrorDetail['code'], 'CREDENTIALS_EXPIRED' | 'PERMISSION_DENIED' | 'DESTINATION_INVALID' | 'EVENT_REJECTED'>,
    message: string,
  ): EventOutcome => reject({ code, message: `${message}${said}`, ...codes })
  switch (found.class) {
    case 'credentials':
      return forAll(count, detail('CREDENTIALS_EXPIRED', 'Platform credentials have expired or been revoked'))
    case 'permission':
      return forAll(count, detail('PERMISSION_DENIED', 'Meta refused the call for want of a permission'))
    case 'destination':
      return forAll(count, detail('DESTINATION_INVALID', 'Meta does not know this pixel, or the token may not use it'))
    case 'rate':
      return forAll(count, rateLimited(now, { scope: found.scope, retryAfterMs: waitMsOf(answer, now), firstStepMs: stepMs, ...codes }))
    case 'policy-block':
      return forAll(
        count,
        holdUntil(now + POLICY_BLOCK_MS, { code: 'DEFERRED_BY_PLATFORM', message: `Meta blocks this account for a time${said}`, ...codes }),
      )
    case 'bad-event':
    case 'bad-request':
      return refusedRequest(count, now, detail('EVENT_REJECTED', 'Meta refused the event'))
    case 'transient':
      return forAll(
        count,
        (answer.status === 503 ? serverErrorOutcome(answer, now, stepMs, codes) : undefined) ??
          retry({ code: 'PLATFORM_ERROR', message: `Meta reports a fault of its own${said}`, ...codes }),
      )
    case 'unknown':
      return forAll(
        count,
        (answer.status === 503 ? serverErrorOutcome(answer, now, stepMs, codes) : undefined) ??
          unknownCode(`Meta answered with an unknown code${said}`, codes),
      )
  }
}

const waitMsOf = (answer: Answered, now: EpochMs): number | undefined => retryAfterMs(answer.headers, now) ?? usageWaitMs(answer.headers)

/** An answer without an `error` object: only here the HTTP status says anything. */
function outcomesOfStatus(
  answer: Answered,
  body: JsonObject | undefined,
  codes: Codes,
  count: number,
  context: ClassifyContext,
): EventOutcome[] {
  const { now } = context
  const stepMs = firstStepMs(context)
  if (answer.status === 429)
    return forAll(count, rateLimited(now, { scope: 'connection', retryAfterMs: waitMsOf(answer, now), firstStepMs: stepMs, ...codes }))
  if (answer.status === 413) return tooLarge(count, now, codes)
  const serverError = serverErrorOutcome(answer, now, stepMs, codes)
  if (serverError !== undefined) return forAll(count, serverError)
  if (body === undefined) return forAll(count, unreadable(`Meta answered ${answer.status} with a body that cannot be read`, codes))
  const received = body['events_received']
  if (answer.status < 300 && received === count) return forAll(count, delivered(codes.platformRequestId))
  const found = typeof received === 'number' ? `counted ${received} of ${count} events` : 'did not say how many events it took'
  return forAll(count, unknownCode(`Meta answered ${answer.status} and ${found}`, codes))
}

/**
 * All or nothing: Meta takes a whole request or refuses it whole (USE, SE). The body decides before the status, since rate limits come as
 * 400 and 403 and transient faults as 400. `events_received` has to be the number sent.
 */
export const classify: Platform['classify'] = (answer: HttpAnswer, sent, context) => {
  if (sent.length === 0) return []
  if (answer.kind === 'fault') return forAll(sent.length, faultOutcome(answer, context.now))
  const body = parseJsonBody(answer.body)
  const error = errorOf(body)
  const traceId = error?.traceId ?? text(body?.['fbtrace_id']) ?? text(answer.headers['x-fb-trace-id'])
  const platformCode = error === undefined ? undefined : platformCodeOf(error)
  const codes: Codes = {
    ...(platformCode === undefined ? {} : { platformCode }),
    ...(traceId === undefined ? {} : { platformRequestId: traceId }),
  }
  return error === undefined
    ? outcomesOfStatus(answer, body, codes, sent.length, context)
    : outcomesOfError(error, answer, codes, sent.length, context)
}
