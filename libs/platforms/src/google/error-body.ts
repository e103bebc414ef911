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

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)
const objectsOf = (value: JsonValue | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : [])

/** A reason or a status as Google writes them; anything else is words, which may say a person's data back. */
function nameOf(value: JsonValue | undefined): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^\w{1,63}$/.test(text) ? text : undefined
}

/** `events.events[0].event_source` was seen, with its doubled prefix: whatever stands around the index is not looked at. */
function indexIn(list: 'events' | 'destinations', field: string): number | undefined {
  const match = new RegExp(`\\b${list}\\[(\\d+)\\]`).exec(field)
  return match === null ? undefined : Number(match[1])
}

function violationOf(entry: JsonObject): FieldViolation {
  const field = textOf(entry['field']) ?? ''
  return {
    reason: nameOf(entry['reason']),
    field: /^[\w.[\]]{1,200}$/.test(field) ? field : '',
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
