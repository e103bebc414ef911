import type { JsonObject, JsonValue } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer } from '../contract.ts'
import { batchRefused, faultOutcome, firstStepMs, forAll, parseJsonBody, refusedRequest, unreadable, type Codes } from '../verdict.ts'
import { byStatusAlone, classOfStatus, tooLarge } from './by-status.ts'
import { referenceOf, referencesOf } from './destinations.ts'
import { parseGoogleError, type FieldViolation, type GoogleError } from './error-body.ts'
import { warningsByEvent } from './field-warnings.ts'
import { googleReason, type GoogleClass } from './reasons.ts'
import { outcomeOf, type Around, type Quota } from './verdict-of.ts'

/**
 * One outcome per event. A 200 is accepted for processing: delivered, with Google's request id. An error refuses the whole request, and is
 * read in the order: reasons of the fields that it names, its own reason, its status, the HTTP status. What the fields name bears the
 * verdict, what nothing names waits for the repair.
 */
export function classifyIngest(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): EventOutcome[] {
  const { now } = context
  const count = sent.length
  if (answer.kind === 'fault') return forAll(count, faultOutcome(answer, now))
  const body = answer.truncated ? undefined : parseJsonBody(answer.body)
  if (answer.status >= 200 && answer.status < 300) {
    const requestId = body?.['requestId']
    if (typeof requestId !== 'string' || requestId === '') return forAll(count, unreadable('Google answered 200 without a request id'))
    return accepted(count, requestId, body?.['fieldWarnings'])
  }
  const error = parseGoogleError(body)
  if (error === undefined) return byStatusAlone(answer, count, now, firstStepMs(context))
  const around: Reading = { answer, error, codes: codesOf(error), now, stepMs: firstStepMs(context) }
  const named = error.violations.filter(({ reason, event, destination }) => (reason ?? event ?? destination) !== undefined)
  return named.length > 0 ? byViolations(named, sent, around) : byReason(count, around)
}

interface Reading extends Around {
  readonly error: GoogleError
}

function accepted(count: number, requestId: string, fieldWarnings: JsonValue | undefined): EventOutcome[] {
  const warned = warningsByEvent(fieldWarnings, count)
  const taken: EventOutcome = { kind: 'delivered', platformRequestId: requestId }
  return Array.from({ length: count }, (_row, index) => {
    const warnings = warned.get(index)
    return warnings === undefined ? taken : { ...taken, warnings }
  })
}

/** `ErrorInfo.reason`, else the status. */
export const codesOf = (error: GoogleError): Codes => ({
  platformCode: error.reason ?? error.status,
  ...(error.requestId === undefined ? {} : { platformRequestId: error.requestId }),
})

/** Counted per Cloud project, for a minute or a day, as the limit's name says. */
export const quotaOf = ({ metadata }: GoogleError): Quota => ({
  daily: typeof metadata['quota_limit'] === 'string' && /PerDay/i.test(metadata['quota_limit']),
  scope: 'application',
})

/** Its own reason if that is in the table, else its status. A new reason in a 400 is unknown, since that status says nothing more. */
function classOf({ answer, error }: Reading): { readonly class: GoogleClass; readonly name: string } {
  const { reason, status } = error
  const known = reason === undefined ? undefined : googleReason(reason)
  if (reason !== undefined && known !== undefined) return { class: known.class, name: reason }
  const byStatus = classOfStatus(status, answer.status)
  if (reason !== undefined && byStatus === 'reject') return { class: 'unknown', name: reason }
  return { class: byStatus, name: reason ?? status }
}

function byReason(count: number, around: Reading): EventOutcome[] {
  const { class: kind, name } = classOf(around)
  if (kind === 'split') return tooLarge(count, around.now, around.codes)
  const outcome = outcomeOf({ class: kind, name, quota: quotaOf(around.error) }, around)
  return kind === 'reject' ? refusedRequest(count, around.now, outcome) : forAll(count, outcome)
}

/** What one violation means and whom it hits: rows by index, or `all`; none where it names nobody and the request has to be bisected. */
function hit(
  violation: FieldViolation,
  sent: readonly JsonObject[],
  error: GoogleError,
): { class: GoogleClass; name: string; rows: readonly number[] | 'all' } {
  const name = violation.reason ?? error.reason ?? error.status
  const { event, destination } = violation
  const known = googleReason(name)?.class ?? (violation.reason === undefined ? 'reject' : 'unknown')
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

function byViolations(violations: readonly FieldViolation[], sent: readonly JsonObject[], around: Reading): EventOutcome[] {
  const { now, error } = around
  const count = sent.length
  const rows = new Map<number, EventOutcome>()
  let whole: EventOutcome | undefined
  let first: EventOutcome | undefined
  for (const violation of violations) {
    const { class: kind, name, rows: hitRows } = hit(violation, sent, error)
    if (kind === 'split') return tooLarge(count, now, around.codes)
    const outcome = outcomeOf({ class: kind, name, field: violation.field, quota: quotaOf(error) }, around)
    first ??= outcome
    if (hitRows === 'all') whole ??= outcome
    else for (const row of hitRows) if (!rows.has(row)) rows.set(row, outcome)
  }
  const unnamed =
    whole ?? (count === 1 && first !== undefined ? first : batchRefused(now, 'Google refused the request because of others of its events'))
  return Array.from({ length: count }, (_row, index) => rows.get(index) ?? unnamed)
}
