import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'

/** One `BadRequest.fieldViolations` entry. */
export interface FieldViolation {
  readonly reason: string | undefined
  /** Its path; empty where Google gives none. */
  readonly field: string
  /** Index in `events`, where the field lies in one. */
  readonly event: number | undefined
  /** Index in `destinations`, likewise. */
  readonly destination: number | undefined
}

/** What Google's error body says (https://developers.google.com/data-manager/api/devguides/concepts/understand-errors, read 2026-11-24). */
export interface GoogleError {
  /** `INVALID_ARGUMENT` and its like. */
  readonly status: string
  /** `ErrorInfo.reason`. */
  readonly reason: string | undefined
  /** `ErrorInfo.metadata`. */
  readonly metadata: JsonObject
  readonly violations: readonly FieldViolation[]
  readonly requestId: string | undefined
  readonly message: string
}

export const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)
export const objectsOf = (value: JsonValue | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : [])

/** A reason or a status as Google writes them; anything else is words, which may say a person's data back. */
export function nameOf(value: JsonValue | undefined): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^[A-Z][A-Z0-9_]{1,127}$/.test(text) ? text : undefined
}

const INDEX = {
  events: /\bevents\[(\d{1,9})\]/,
  destinations: /\bdestinations\[(\d{1,9})\]/,
  conversions: /\bconversions\[(\d{1,9})\]/,
} as const

/** `events.events[0].event_source` was seen, with its doubled prefix: whatever stands around the index is not looked at. */
export function indexIn(list: keyof typeof INDEX, field: string): number | undefined {
  const match = INDEX[list].exec(field)
  return match === null ? undefined : Number(match[1])
}

/** A path as Google writes it; empty where it is anything else. */
export function pathOf(value: JsonValue | undefined): string {
  const path = textOf(value)
  return path !== undefined && /^[\w.[\]]{1,200}$/.test(path) ? path : ''
}

function violationOf(entry: JsonObject): FieldViolation {
  const field = textOf(entry['field']) ?? ''
  return {
    reason: nameOf(entry['reason']),
    field: pathOf(field),
    event: indexIn('events', field),
    destination: indexIn('destinations', field),
  }
}

/** Undefined where the body is none of Google's: without `error.status` it comes from something in between, and says nothing about credentials. */
export function parseGoogleError(body: JsonObject | undefined): GoogleError | undefined {
  const error = body?.['error']
  if (!isJsonObject(error)) return undefined
  const status = nameOf(error['status'])
  if (status === undefined) return undefined
  const details = objectsOf(error['details'])
  const ofType = (type: string): JsonObject | undefined => details.find((detail) => textOf(detail['@type'])?.endsWith(`.${type}`) === true)
  const info = ofType('ErrorInfo')
  return {
    status,
    reason: nameOf(info?.['reason']),
    metadata: isJsonObject(info?.['metadata']) ? info['metadata'] : {},
    violations: details.flatMap((detail) => objectsOf(detail['fieldViolations'])).map(violationOf),
    requestId: textOf(ofType('RequestInfo')?.['requestId']),
    message: textOf(error['message']) ?? '',
  }
}
