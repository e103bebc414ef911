import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { EpochMs } from '@relay/core/clock'
import type { ClassifyContext, HttpAnswer } from '../contract.ts'
import {
  batchRefused,
  delivered,
  faultOutcome,
  firstStepMs,
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
} from '../verdict.ts'
import { referenceOf, referencesOf } from './destinations.ts'
import { parseGoogleError, type FieldViolation } from './error-body.ts'
import { GOOGLE_REASONS, type GoogleClass } from './reasons.ts'
import { codesOf, outcomeOf, type Around, type Codes } from './verdict-of.ts'

/** What a status alone means, where no reason is known (google.rpc.Code). */
const STATUS_CLASS: Readonly<Record<string, GoogleClass>> = {
  UNAUTHENTICATED: 'token-expired',
  PERMISSION_DENIED: 'permission',
  NOT_FOUND: 'config',
  RESOURCE_EXHAUSTED: 'quota',
  INTERNAL: 'retry',
  UNAVAILABLE: 'retry',
  DEADLINE_EXCEEDED: 'retry',
  ABORTED: 'retry',
  UNKNOWN: 'retry',
  INVALID_ARGUMENT: 'reject',
  FAILED_PRECONDITION: 'reject',
  OUT_OF_RANGE: 'reject',
}
/** What is left where the status has a name that is not known. */
const HTTP_CLASS: Readonly<Record<number, GoogleClass>> = { 400: 'reject', 401: 'token-expired', 403: 'permission', 404: 'config' }

/**
 * One outcome per event. A 200 is accepted for processing: delivered, with Google's request id. An error refuses the whole request, and is
 * read in the order: reasons of the fields that it names, its own reason, its status, the HTTP status. What the fields name bears the
 * verdict, what nothing names waits for the repair.
 */
export function classify(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): EventOutcome[] {
  const { now } = context
  const count = sent.length
  if (answer.kind === 'fault') return forAll(count, faultOutcome(answer, now))
  const body = answer.truncated ? undefined : parseJsonBody(answer.body)
  if (answer.status >= 200 && answer.status < 300) {
    const requestId = body?.['requestId']
    return forAll(count, typeof requestId === 'string' ? delivered(requestId) : unreadable('Google answered 200 without a request id'))
  }
  const error = parseGoogleError(body)
  if (error === undefined) return byStatus(answer, count, now, firstStepMs(context))
  const around: Around = { answer, error, now, stepMs: firstStepMs(context) }
  const named = error.violations.filter(({ reason, event, destination }) => (reason ?? event ?? destination) !== undefined)
  return named.length > 0 ? byViolations(named, sent, around) : byReason(count, around)
}

/** Not Google's own body: something in between, so that a bare 401 or 403 says nothing about credentials. */
function byStatus(answer: Answered, count: number, now: EpochMs, stepMs: number): EventOutcome[] {
  const { status, headers } = answer
  if (status === 413) return tooLarge(count, now, {})
  if (status === 429) {
    return forAll(count, rateLimited(now, { scope: 'application', retryAfterMs: retryAfterMs(headers, now), firstStepMs: stepMs }))
  }
  const serverError = serverErrorOutcome(answer, now, stepMs)
  if (serverError !== undefined) return forAll(count, serverError)
  const message = `Google answered ${status} without an error of its own`
  return forAll(count, status >= 400 ? unknownCode(message) : unreadable(message))
}

const tooLarge = (count: number, now: EpochMs, codes: Partial<Codes>): EventOutcome[] =>
  refusedRequest(count, now, reject({ code: 'PAYLOAD_TOO_LARGE', message: 'Google calls this single event too large', ...codes }))

/** Its own reason if that is in the table, else its status. A new reason in a 400 is unknown, since that status says nothing more. */
function classOf({ answer, error }: Around): { readonly class: GoogleClass; readonly name: string } {
  const { reason, status } = error
  const known = reason === undefined ? undefined : GOOGLE_REASONS[reason]
  if (reason !== undefined && known !== undefined) return { class: known.class, name: reason }
  if (answer.status === 413) return { class: 'split', name: status }
  const byStatusName =
    answer.status === 429 ? 'quota' : (STATUS_CLASS[status] ?? HTTP_CLASS[answer.status] ?? (answer.status >= 500 ? 'retry' : 'unknown'))
  if (reason !== undefined && byStatusName === 'reject') return { class: 'unknown', name: reason }
  return { class: byStatusName, name: reason ?? status }
}

function byReason(count: number, around: Around): EventOutcome[] {
  const { class: kind, name } = classOf(around)
  if (kind === 'split') return tooLarge(count, around.now, codesOf(around.error))
  const outcome = outcomeOf({ class: kind, name }, around)
  return kind === 'reject' ? refusedRequest(count, around.now, outcome) : forAll(count, outcome)
}

/** What one violation means and whom it hits: rows by index, or `all`; none where it names nobody and the request has to be bisected. */
function hit(
  violation: FieldViolation,
  sent: readonly JsonObject[],
  error: Around['error'],
): { class: GoogleClass; name: string; rows: readonly number[] | 'all' } {
  const name = violation.reason ?? error.reason ?? error.status
  const { event, destination } = violation
  const known = GOOGLE_REASONS[name]?.class ?? (violation.reason === undefined ? 'reject' : 'unknown')
  const ofEvent = event !== undefined && event < sent.length ? [event] : []
  if (known === 'reject') {
    if (event === undefined && destination !== undefined) return { class: 'config', name, rows: rowsOfDestination(destination, sent) }
    // The list itself is too long, not one of an event's.
    if (name === 'TOO_MANY_ELEMENTS' && event === undefined) return { class: 'split', name, rows: 'all' }
    return { class: 'reject', name, rows: ofEvent }
  }
  if (known === 'config' || known === 'permission') {
    if (destination !== undefined) return { class: known, name, rows: rowsOfDestination(destination, sent) }
    return { class: known, name, rows: ofEvent.length === 0 ? 'all' : rowsLike(event!, sent) }
  }
  const isAboutOneEvent = (known === 'unknown' || known === 'retry') && ofEvent.length > 0
  return { class: known, name, rows: isAboutOneEvent ? ofEvent : 'all' }
}

function rowsOfDestination(destination: number, sent: readonly JsonObject[]): readonly number[] | 'all' {
  const reference = referencesOf(sent)[destination]
  if (reference === undefined) return 'all'
  return sent.flatMap((body, index) => (referenceOf(body) === reference ? [index] : []))
}

/** The event and those that go to the same destination: they would fail for the same reason. */
function rowsLike(event: number, sent: readonly JsonObject[]): readonly number[] {
  const reference = referenceOf(sent[event] ?? {})
  return reference === undefined ? [event] : sent.flatMap((body, index) => (referenceOf(body) === reference ? [index] : []))
}

function byViolations(violations: readonly FieldViolation[], sent: readonly JsonObject[], around: Around): EventOutcome[] {
  const { now, error } = around
  const count = sent.length
  const rows = new Map<number, EventOutcome>()
  let whole: EventOutcome | undefined
  let first: EventOutcome | undefined
  for (const violation of violations) {
    const { class: kind, name, rows: hitRows } = hit(violation, sent, error)
    if (kind === 'split') return tooLarge(count, now, codesOf(error))
    const outcome = outcomeOf({ class: kind, name, field: violation.field }, around)
    first ??= outcome
    if (hitRows === 'all') whole ??= outcome
    else for (const row of hitRows) if (!rows.has(row)) rows.set(row, outcome)
  }
  const unnamed =
    whole ?? (count === 1 && first !== undefined ? first : batchRefused(now, 'Google refused the request because of others of its events'))
  return Array.from({ length: count }, (_row, index) => rows.get(index) ?? unnamed)
}
