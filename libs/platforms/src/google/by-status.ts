import type { EpochMs } from '@relay/core/clock'
import type { EventOutcome } from '@relay/core/outcome'
import {
  forAll,
  parseJsonBody,
  rateLimited,
  refusedRequest,
  reject,
  retryAfterMs,
  serverErrorOutcome,
  unknownCode,
  unreadable,
  type Answered,
  type Codes,
} from '../verdict.ts'
import type { GoogleClass } from './reasons.ts'
import { deadGrantOf } from './refresh.ts'

/** What a status alone means, where no reason is known (google.rpc.Code, https://google.aip.dev/193, read 2026-11-24). */
export const STATUS_CLASS: ReadonlyMap<string, GoogleClass> = new Map([
  ['UNAUTHENTICATED', 'token-expired'],
  ['PERMISSION_DENIED', 'permission'],
  ['NOT_FOUND', 'config'],
  ['RESOURCE_EXHAUSTED', 'quota'],
  ['INTERNAL', 'retry'],
  ['UNAVAILABLE', 'retry'],
  ['DEADLINE_EXCEEDED', 'retry'],
  ['ABORTED', 'retry'],
  ['UNKNOWN', 'retry'],
  ['INVALID_ARGUMENT', 'reject'],
  ['FAILED_PRECONDITION', 'reject'],
  ['OUT_OF_RANGE', 'reject'],
])
/** What is left where the status has a name that is not known. */
const HTTP_CLASS: ReadonlyMap<number, GoogleClass> = new Map([
  [400, 'reject'],
  [401, 'token-expired'],
  [403, 'permission'],
  [404, 'config'],
  [413, 'split'],
  [429, 'quota'],
])
/** These say it themselves, whatever the body calls it. */
const PLAIN_HTTP: ReadonlySet<number> = new Set([413, 429])

/** The class of an error of Google's own whose reason no table knows. */
export function classOfStatus(status: string, http: number): GoogleClass {
  const byHttp = HTTP_CLASS.get(http) ?? (http >= 500 ? 'retry' : 'unknown')
  return PLAIN_HTTP.has(http) ? byHttp : (STATUS_CLASS.get(status) ?? byHttp)
}

/** An error without Google's own body: it comes from something in between, so that a bare 401 or 403 says nothing about credentials. */
export function byStatusAlone(answer: Answered, count: number, now: EpochMs, stepMs: number): EventOutcome[] {
  const { status, headers } = answer
  // The token endpoint's own words mean the same wherever they are read.
  const deadGrant = deadGrantOf(parseJsonBody(answer.body))
  if (deadGrant !== undefined) return forAll(count, reject(deadGrant))
  if (status === 413) return tooLarge(count, now)
  if (status === 429) {
    return forAll(count, rateLimited(now, { scope: 'application', retryAfterMs: retryAfterMs(headers, now), firstStepMs: stepMs }))
  }
  const serverError = serverErrorOutcome(answer, now, stepMs)
  if (serverError !== undefined) return forAll(count, serverError)
  const message = `Google answered ${status} without an error of its own`
  return forAll(count, status >= 400 ? unknownCode(message) : unreadable(message))
}

/** Too many rows or bytes: halved, and a single event that is too large alone is refused for good. */
export const tooLarge = (count: number, now: EpochMs, codes: Codes = {}): EventOutcome[] =>
  refusedRequest(count, now, reject({ code: 'PAYLOAD_TOO_LARGE', message: 'Google calls this single event too large', ...codes }))
