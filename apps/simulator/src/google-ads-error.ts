import { json } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Fields } from './fields.ts'
import { requestId } from './google-error.ts'

/** One error of a `GoogleAdsFailure`: `family` is the key of `errorCode`; `field` lies inside the row, or in the request where `row` is absent. */
export interface AdsProblem {
  readonly family: string
  readonly code: string
  readonly field?: string
  readonly row?: number
  readonly details?: Fields
}

const VERSION = 'v26'

function failure(problems: readonly AdsProblem[], no: number): Fields {
  return {
    '@type': `type.googleapis.com/google.ads.googleads.${VERSION}.errors.GoogleAdsFailure`,
    errors: problems.map(({ family, code, field = '', row, details }) => {
      const path = [
        ...(row === undefined ? [] : [{ fieldName: 'conversions', index: row }]),
        ...(field === '' ? [] : [{ fieldName: field }]),
      ]
      return {
        errorCode: { [family]: code },
        message: `${code.toLowerCase().replaceAll('_', ' ')}.`,
        ...(path.length === 0 ? {} : { location: { fieldPathElements: path } }),
        ...(details === undefined ? {} : { details }),
      }
    }),
    requestId: requestId(no),
  }
}

/** An ordinary error: nothing of the request was processed. */
export function adsError(http: number, status: string, problems: readonly AdsProblem[], no: number): Answer {
  const error = { code: http, message: messageOf(problems), status, details: [failure(problems, no)] }
  return json(http, { error }, { 'request-id': requestId(no) })
}

/** JSON that the front end cannot read, which comes without a GoogleAdsFailure. */
export function unreadableJson(field: string, description: string, no: number): Answer {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] }]
  return json(400, { error: { code: 400, message: description, status: 'INVALID_ARGUMENT', details } }, { 'request-id': requestId(no) })
}

/** `partialFailureError` of a 200: a google.rpc.Status whose code is INVALID_ARGUMENT. */
export function partialFailure(problems: readonly AdsProblem[], no: number): Fields {
  return { code: 3, message: messageOf(problems), details: [failure(problems, no)] }
}

function messageOf(problems: readonly AdsProblem[]): string {
  const [first] = problems
  const where = first?.row === undefined ? '' : `, at conversions[${first.row}]${first.field === undefined ? '' : `.${first.field}`}`
  return problems.length > 1 ? `Multiple errors in ‘details’. First error: ${first?.code ?? ''}${where}` : `${first?.code ?? ''}${where}`
}
