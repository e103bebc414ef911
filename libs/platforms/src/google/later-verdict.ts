import type { ErrorCode } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer, LaterVerdict, VerdictReading } from '../contract.ts'
import { faultOutcome, parseJsonBody } from '../verdict.ts'
import { STATUS_PATH } from './api.ts'
import { classifyIngest } from './classify.ts'
import type { GoogleCredentials } from './credentials.ts'
import { parseGoogleError } from './error-body.ts'
import { readStatuses } from './request-status.ts'
import { judgeRequest } from './request-verdict.ts'

/** https://developers.google.com/data-manager/api/devguides/diagnostics, read 2026-11-24: look first after half an hour, then ever more rarely. */
const FIRST_LOOK_MS = 30 * 60_000

/** Data Manager's judgement on a request that it took, by the request's id. The Google Ads API judges at once. */
export const laterVerdict: LaterVerdict<GoogleCredentials> = {
  firstLookMs: FIRST_LOOK_MS,

  /** Validations have an id too, of which nothing can be asked. */
  requestIdOf(answer, { settings, testEventCode }) {
    if (settings.api === 'ads' || testEventCode !== undefined) return undefined
    if (answer.kind === 'fault' || answer.truncated || answer.status < 200 || answer.status >= 300) return undefined
    const requestId = parseJsonBody(answer.body)?.['requestId']
    return typeof requestId === 'string' && requestId !== '' ? requestId : undefined
  },

  request: (requestId, on) => ({
    method: 'GET',
    url: `${on.baseUrl}${STATUS_PATH}?requestId=${encodeURIComponent(requestId)}`,
    headers: { Authorization: `Bearer ${on.accessToken ?? ''}` },
  }),

  classify(answer, sent, context) {
    if (answer.kind === 'answer' && answer.status >= 200 && answer.status < 300) {
      const statuses = answer.truncated ? undefined : readStatuses(parseJsonBody(answer.body))
      if (statuses !== undefined) return judgeRequest(statuses, sent, context.now)
      return unavailable('Google answered without a status for each destination')
    }
    return refusedLook(answer, context)
  },
}

const unavailable = (message: string): VerdictReading => ({
  kind: 'unavailable',
  error: { code: 'UNEXPECTED_RESPONSE', message, unreadable: true },
})

/** An unknown id stays unknown; everything else is read as an answer to one event would be. */
function refusedLook(answer: HttpAnswer, context: ClassifyContext): VerdictReading {
  if (answer.kind === 'fault') return fromOutcome(faultOutcome(answer, context.now))
  const error = answer.truncated ? undefined : parseGoogleError(parseJsonBody(answer.body))
  const reasons = [error?.reason, ...(error?.violations ?? []).map(({ reason }) => reason)]
  if (reasons.includes('INVALID_REQUEST_ID')) {
    const message = 'Google knows no status of this request: its events stay as accepted'
    return { kind: 'gone', error: { code: 'UNEXPECTED_RESPONSE', message, unreadable: false, platformCode: 'INVALID_REQUEST_ID' } }
  }
  const [outcome] = classifyIngest(answer, [{}], context)
  return outcome === undefined ? unavailable('Google said nothing') : fromOutcome(outcome)
}

/** Refusals of the question itself, which the same question would meet again. */
const FOR_GOOD: ReadonlySet<ErrorCode> = new Set(['EVENT_REJECTED', 'DESTINATION_INVALID', 'PAYLOAD_TOO_LARGE'])

function fromOutcome(outcome: EventOutcome): VerdictReading {
  if (outcome.kind === 'delivered') return unavailable('Google answered something else than a status')
  const { error } = outcome
  return FOR_GOOD.has(error.code) ? { kind: 'gone', error } : { kind: 'unavailable', error }
}
