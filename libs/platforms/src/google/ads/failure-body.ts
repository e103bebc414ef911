import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import { boundedWaitMs } from '../../verdict.ts'
import { nameOf, objectsOf, textOf } from '../error-body.ts'

/** One error of a `GoogleAdsFailure`. */
export interface RowError {
  /** The key of `errorCode`: `conversionUploadError`. */
  readonly family: string
  readonly value: string
  /** Position in `conversions`; undefined where the error names no row of it. */
  readonly row: number | undefined
  /** The list was named without an index: 0 as a rule, since JSON may leave a zero out. */
  readonly isGuess: boolean
  /** `conversions[1].conversion_action`, for people. */
  readonly field: string
  readonly quota: { readonly retryDelayMs: number | undefined; readonly ofAccount: boolean } | undefined
}

const LISTS: ReadonlySet<string> = new Set(['conversions', 'conversion_adjustments', 'conversionAdjustments'])

/** Every error of every `GoogleAdsFailure` among the details of a status. Several may be about one row. */
export const errorsOf = (details: JsonValue | undefined): readonly RowError[] =>
  objectsOf(details).flatMap((detail) => objectsOf(detail['errors']).map(rowErrorOf))

/** The id that Google's support asks for. */
export function failureIdOf(details: JsonValue | undefined): string | undefined {
  const ids = objectsOf(details).map((detail) => textOf(detail['requestId']))
  return ids.find((id) => id !== undefined && /^[\w-]{1,128}$/.test(id))
}

function rowErrorOf(error: JsonObject): RowError {
  const [family, value] = Object.entries(isJsonObject(error['errorCode']) ? error['errorCode'] : {})[0] ?? ['', undefined]
  const location = isJsonObject(error['location']) ? error['location'] : {}
  const path = objectsOf(location['fieldPathElements'])
  const details = isJsonObject(error['details']) ? error['details'] : {}
  return {
    family: /^[A-Za-z]{1,64}$/.test(family) ? family : '',
    value: nameOf(value) ?? 'UNKNOWN',
    ...rowOf(path),
    field: fieldOf(path),
    quota: quotaOf(details['quotaErrorDetails']),
  }
}

/** Of the element that is the list itself; the elements behind it have indexes of their own. A missing index must not hide a failure (segmentio/action-destinations PR #4016, read 2026-11-24). */
function rowOf(path: readonly JsonObject[]): Pick<RowError, 'row' | 'isGuess'> {
  const list = path.find((element) => LISTS.has(textOf(element['fieldName']) ?? ''))
  if (list === undefined) return { row: undefined, isGuess: false }
  const { index } = list
  if (index === undefined || index === null) return { row: 0, isGuess: true }
  const number = typeof index === 'string' && /^\d{1,9}$/.test(index) ? Number(index) : index
  const isPosition = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
  return { row: isPosition ? number : undefined, isGuess: false }
}

function fieldOf(path: readonly JsonObject[]): string {
  const steps = path.map(({ fieldName, index }) => {
    const name = textOf(fieldName) ?? ''
    return /^\w{1,64}$/.test(name) ? `${name}${typeof index === 'number' ? `[${index}]` : ''}` : ''
  })
  return steps.includes('') ? '' : steps.join('.')
}

function quotaOf(details: JsonValue | undefined): RowError['quota'] {
  if (!isJsonObject(details)) return undefined
  return { retryDelayMs: durationMs(details['retryDelay']), ofAccount: details['rateScope'] === 'ACCOUNT' }
}

/** JSON's form of a duration, `"30s"` or `"1.5s"`. */
export function durationMs(value: JsonValue | undefined): number | undefined {
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(value) ?? '')?.[1]
  return seconds === undefined ? undefined : boundedWaitMs(Math.ceil(Number(seconds) * 1_000))
}
