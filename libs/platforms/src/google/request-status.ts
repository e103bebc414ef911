import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { PlatformWarning } from '@relay/core/outcome'
import { nameOf, objectsOf, textOf } from './error-body.ts'

/** How many records of one destination have one reason, and which, where Google names them. */
export interface ReasonCount {
  /** As Google writes it, with its prefix. */
  readonly reason: string
  /** At least the number of `indices`. */
  readonly count: number
  /** Positions in the request, from 0. */
  readonly indices: readonly number[]
}

/** One entry of `requestStatusPerDestination` (https://developers.google.com/data-manager/api/devguides/diagnostics, read 2026-11-24). */
export interface DestinationStatus {
  /** Its `reference`, which is the conversion action's id; undefined where Google repeats neither. */
  readonly reference: string | undefined
  readonly state: string
  readonly errors: readonly ReasonCount[]
  readonly warnings: readonly PlatformWarning[]
}

/** Undefined where the answer has no list of statuses, or an empty one. */
export function readStatuses(body: JsonObject | undefined): readonly DestinationStatus[] | undefined {
  const list = objectsOf(body?.['requestStatusPerDestination'])
  return list.length === 0 ? undefined : list.map(readStatus)
}

function readStatus(entry: JsonObject): DestinationStatus {
  const destination = objectIn(entry, 'destination')
  const reference = textOf(destination['reference']) ?? textOf(destination['productDestinationId'])
  return {
    reference: reference === '' ? undefined : reference,
    state: stateOf(entry['requestStatus']),
    errors: objectsOf(objectIn(entry, 'errorInfo')['errorCounts']).map(readCount),
    warnings: objectsOf(objectIn(entry, 'warningInfo')['warningCounts']).map((warning) => ({
      reason: readCount(warning).reason,
      field: '',
    })),
  }
}

/** The enum says FAILED, the page's prose FAILURE. */
function stateOf(value: JsonValue | undefined): string {
  const state = nameOf(value) ?? 'REQUEST_STATUS_UNKNOWN'
  return state === 'FAILURE' ? 'FAILED' : state
}

const objectIn = (parent: JsonObject, name: string): JsonObject => {
  const child = parent[name]
  return isJsonObject(child) ? child : {}
}

function readCount(entry: JsonObject): ReasonCount {
  const list: readonly JsonValue[] = Array.isArray(entry['recordIndices']) ? entry['recordIndices'] : []
  const indices = list.map(wholeNumber).filter((index) => index !== undefined)
  return {
    reason: nameOf(entry['reason']) ?? 'PROCESSING_ERROR_REASON_UNSPECIFIED',
    count: Math.max(wholeNumber(entry['recordCount']) ?? 0, indices.length),
    indices,
  }
}

/** int64 travels as a text. */
function wholeNumber(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
