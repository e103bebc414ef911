import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { Codes } from '../../verdict.ts'
import { classOfStatus } from '../by-status.ts'
import { indexIn, nameOf, objectsOf, pathOf, textOf } from '../error-body.ts'
import { googleReason, type GoogleClass } from '../reasons.ts'
import { durationMs, failureIdOf } from './failure-body.ts'
import { blameOf, type Blame } from './row-verdicts.ts'

export interface AdsRefusal {
  readonly codes: Codes
  /** At least one. */
  readonly blames: readonly Blame[]
  readonly message: string
}

/**
 * An error of Google's own, of which nothing was processed, read in the order: the errors of its `GoogleAdsFailure`, the fields that the JSON
 * front end names, its reason, its status. Undefined where it has neither a failure nor a status: then it comes from something in between.
 */
export function readRefusal(http: number, body: JsonObject | undefined): AdsRefusal | undefined {
  const error = body?.['error']
  if (!isJsonObject(error)) return undefined
  const status = nameOf(error['status'])
  const blames = blameOf(error['details'])
  if (status === undefined && blames.length === 0) return undefined
  const details = objectsOf(error['details'])
  const reason = details.map((detail) => nameOf(detail['reason'])).find((name) => name !== undefined)
  const code = reason ?? (blames.length > 0 ? undefined : status)
  const id = failureIdOf(error['details'])
  const all = blames.length > 0 ? blames : [...fieldBlames(details), ...statusBlames(http, status ?? '', reason, details)]
  return {
    codes: { ...(code === undefined ? {} : { platformCode: code }), ...(id === undefined ? {} : { platformRequestId: id }) },
    // `ErrorInfo.reason` comes before the code of an error.
    blames: reason === undefined ? all : all.map(({ platformCode: _code, ...blame }) => blame),
    message: textOf(error['message']) ?? '',
  }
}

/** JSON that the front end could not read: it names the place, and no reason. */
const fieldBlames = (details: readonly JsonObject[]): readonly Blame[] =>
  details
    .flatMap((detail) => objectsOf(detail['fieldViolations']))
    .map((violation) => textOf(violation['field']) ?? '')
    .filter((field) => indexIn('conversions', field) !== undefined)
    .map((field) => ({ class: 'reject', name: 'INVALID_ARGUMENT', reach: 'row', row: indexIn('conversions', field), field: pathOf(field) }))

function statusBlames(http: number, status: string, reason: string | undefined, details: readonly JsonObject[]): readonly Blame[] {
  const known = reason === undefined ? undefined : googleReason(reason)
  // Reasons with a number are of the Data Manager API.
  const ofFrontEnd = known?.number === null ? known.class : undefined
  const byStatus = classOfStatus(status, http)
  const kind: GoogleClass = ofFrontEnd ?? (reason !== undefined && byStatus === 'reject' ? 'unknown' : byStatus)
  const waitMs = details.map((detail) => durationMs(detail['retryDelay'])).find((ms) => ms !== undefined)
  return [
    {
      class: kind,
      name: reason ?? status,
      reach: kind === 'reject' ? 'row' : 'whole',
      row: undefined,
      ...(kind === 'quota' ? { quota: { daily: false, scope: 'application', ...(waitMs === undefined ? {} : { waitMs }) } } : {}),
    },
  ]
}
