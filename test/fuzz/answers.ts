import type { JsonObject, JsonValue } from '@relay/core/json'
import type { PlatformId } from '@relay/core/ids'
import type { HttpAnswer } from '@relay/platforms/contract'
import type { Dice } from './dice.ts'
import { deepValue, mutatedTimes, randomText, randomValue } from './values.ts'

const googleError = (status: string, ...details: readonly JsonObject[]): JsonObject => ({
  error: { code: 400, status, message: 'There was a problem with the request.', details },
})
const violation = (field: string, reason: string): JsonObject => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field, reason, description: 'bad' }],
})
const uploadFailure = (...errors: readonly JsonObject[]): JsonObject => ({
  partialFailureError: {
    code: 3,
    message: 'Multiple errors',
    details: [{ '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure', requestId: 'r-1', errors }],
  },
  results: [{ gclid: 'x' }, {}, { gclid: 'y' }],
})
const rowError = (family: string, value: string, index: JsonValue): JsonObject => ({
  errorCode: { [family]: value },
  location: { fieldPathElements: [{ fieldName: 'conversions', index }] },
})

/** Answers as the platforms give them, to be spoiled. */
const SEEDS: { readonly [P in PlatformId]: readonly JsonObject[] } = {
  meta: [
    { events_received: 3, messages: [], fbtrace_id: 'A1' },
    {
      error: {
        message: 'Invalid parameter',
        type: 'OAuthException',
        code: 100,
        error_subcode: 2_804_001,
        is_transient: false,
        fbtrace_id: 'A1',
      },
    },
    { error: { message: 'Too many calls', type: 'OAuthException', code: 80_004, error_subcode: 2_446_079, is_transient: true } },
    { error: { message: 'Expired', code: 190 } },
  ],
  google: [
    { requestId: 'req-1', fieldWarnings: [{ field: 'events.events[1].cart_data', reason: 'CART_DATA_IGNORED', description: 'x' }] },
    googleError('INVALID_ARGUMENT', violation('events.events[1].event_source', 'REQUIRED_FIELD_MISSING')),
    googleError('INVALID_ARGUMENT', violation('destinations[0]', 'INVALID_CONVERSION_ACTION_ID')),
    googleError('RESOURCE_EXHAUSTED', {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'RATE_LIMIT_EXCEEDED',
      metadata: { quota_limit: 'PerDay' },
    }),
    uploadFailure(rowError('conversionUploadError', 'CLICK_NOT_FOUND', 1), rowError('conversionUploadError', 'TOO_RECENT_EVENT', '2')),
    uploadFailure({
      errorCode: { quotaError: 'RESOURCE_EXHAUSTED' },
      details: { quotaErrorDetails: { rateScope: 'DEVELOPER', retryDelay: '30s' } },
    }),
    { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
  ],
  tiktok: [
    { code: 0, message: 'OK', request_id: '2026', data: {} },
    { code: 40_002, message: 'data.1.event_id: Invalid', request_id: '2026', data: {} },
    { code: 40_002, message: 'Batch.0.context is missing', data: {} },
    { code: 40_100, message: 'Too many requests' },
    { code: 20_001, message: 'Partial success' },
  ],
  snapchat: [
    { status: 'VALID', reason: 'Events have been processed successfully.' },
    { status: 'INVALID', reason: 'Event 2 has no pixel', event: 2, errors: { codes: ['E1003'] }, request_id: 'x' },
    { status: 'INVALID', invalid_positions: [0, 2] },
    { status: 'FAILURE', reason: 'Unauthorized' },
  ],
}

/** Answers of `requestStatus:retrieve`. */
const VERDICT_SEEDS: readonly JsonObject[] = [
  {
    requestStatusPerDestination: [
      {
        destination: { reference: '1' },
        requestStatus: 'PARTIAL_SUCCESS',
        errorInfo: {
          errorCounts: [
            { recordCount: '1', reason: 'PROCESSING_ERROR_REASON_INVALID_GCLID', recordIndices: ['0'] },
            { recordCount: '2', reason: 'PROCESSING_ERROR_REASON_INTERNAL_ERROR' },
          ],
        },
        warningInfo: { warningCounts: [{ recordCount: '1', reason: 'PROCESSING_WARNING_REASON_X' }] },
      },
    ],
  },
  { requestStatusPerDestination: [{ destination: { reference: '1' }, requestStatus: 'FAILED', errorInfo: { errorCounts: [] } }] },
  { requestStatusPerDestination: [{ destination: { reference: '1' }, requestStatus: 'PROCESSING' }] },
  googleError('INVALID_ARGUMENT', violation('request_id', 'INVALID_REQUEST_ID')),
]

const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['retry-after', ['0', '30', '-1', '1e9', '9'.repeat(400), 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', '']],
  ['x-app-usage', ['{"call_count":99}', '{"call_count":"x"}', '[', 'null']],
  [
    'x-business-use-case-usage',
    ['{"1":[{"estimated_time_to_regain_access":5}]}', '{"1":[null,{"estimated_time_to_regain_access":"1e309"}]}', '{"1":7}'],
  ],
  ['x-ad-account-usage', ['{"reset_time_duration":1e308}', '{"acc_id_util_pct":9.67}']],
  ['www-authenticate', ['Bearer error="invalid_token"', 'Basic']],
  ['request-id', ['abc', '\u0000', '']],
  ['x-request-id', ['abc']],
]

const headersOf = (dice: Dice): Record<string, string> =>
  Object.fromEntries(HEADERS.filter(() => dice.once(6)).map(([name, values]) => [name, dice.once(5) ? randomText(dice) : dice.of(values)]))

const STATUSES = [200, 200, 200, 201, 204, 302, 400, 400, 401, 403, 404, 408, 409, 413, 418, 429, 500, 502, 503, 504, 599]

const bodyOf = (dice: Dice, seeds: readonly JsonObject[]): string => {
  if (dice.once(5_000)) return `${'['.repeat(50_000)}${dice.once(2) ? ']'.repeat(50_000) : ''}`
  if (dice.once(3_000)) return safeText(deepValue(dice))
  if (dice.once(12)) return randomText(dice)
  const text = JSON.stringify(dice.once(10) ? randomValue(dice) : dice.once(6) ? dice.of(seeds) : mutatedTimes(dice, dice.of(seeds)))
  if (dice.once(12)) return text.slice(0, dice.number(text.length + 1))
  return dice.once(30) ? `${text.slice(0, dice.number(text.length))}${randomText(dice)}${text}` : text
}

/** JSON.stringify gives up on what is too deep. */
const safeText = (value: JsonValue): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return '{'
  }
}

function randomAnswer(dice: Dice, seeds: readonly JsonObject[]): HttpAnswer {
  if (dice.once(20)) {
    const maybeTaken = dice.once(2)
    return dice.once(2)
      ? { kind: 'fault', maybeTaken, error: { code: 'TIMEOUT', message: 'late', phase: 'body', limitMs: 30_000 } }
      : { kind: 'fault', maybeTaken, error: { code: dice.of(['NETWORK_ERROR', 'POOL_EXHAUSTED']), message: 'refused' } }
  }
  return { kind: 'answer', status: dice.of(STATUSES), headers: headersOf(dice), body: bodyOf(dice, seeds), truncated: dice.once(20) }
}

export const platformAnswer = (dice: Dice, platform: PlatformId): HttpAnswer => randomAnswer(dice, SEEDS[platform])
export const verdictAnswer = (dice: Dice): HttpAnswer => randomAnswer(dice, VERDICT_SEEDS)
