import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { HttpAnswer } from '@relay/platforms/contract'
import { ADS_EXAMPLES, ADS_SETTINGS } from '@relay/platforms/google/ads/examples'
import { ADS_ERRORS_PAGE, documentedErrors, familyDefaults } from '@relay/platforms/google/ads/families'
import { WINDOW_DAYS } from '@relay/platforms/google/api'
import { STATUS_CLASS } from '@relay/platforms/google/by-status'
import { GOOGLE_EXAMPLES, SETTINGS } from '@relay/platforms/google/examples'
import { google } from '@relay/platforms/google/index'
import { laterVerdict } from '@relay/platforms/google/later-verdict'
import { PROCESSING_REASONS } from '@relay/platforms/google/processing-reasons'
import { GOOGLE_REASONS } from '@relay/platforms/google/reasons'
import { UNCONFIRMED } from '@relay/platforms/google/unconfirmed'
import { NOW } from '@relay/platforms/testing/events'
import { contextOf } from '@relay/platforms/testing/fixtures'
import { answerOf, outcomesOf, type CodeRow, type CodeTable, type PlatformDocument } from './document.ts'
import { sampleEvent } from './sample-event.ts'

const base = { operating_account: '123-456-7890', conversion_actions: { Purchase: '111222333', '*': '999888777' } }
const settings: ConnectionSettings = { ...base, api: 'data_manager' }
const ads: ConnectionSettings = { ...base, api: 'ads' }

const ofIngest = (answer: HttpAnswer) => (count: number) => outcomesOf(google, settings, sampleEvent({}), answer, count)
const ofUpload = (answer: HttpAnswer) => (count: number) => outcomesOf(google, ads, sampleEvent({}), answer, count)

const refusal = (http: number, status: string, details: readonly JsonObject[]): HttpAnswer =>
  answerOf(http, { error: { code: http, status, message: '', details } })
const info = (reason: string): JsonObject => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason })
const violation = (reason: string): JsonObject => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field: 'events.events[0]', reason }],
})

const reasons: CodeTable = {
  title: 'Data Manager API: reasons that come at once',
  about: 'Of `fieldViolations` (tried here at the first event), else of `ErrorInfo`. What is not in the list is `unknown`.',
  grouped: true,
  rows: [
    ...Object.entries(GOOGLE_REASONS).map(([name, { class: kind, scope, page, number }]): CodeRow => {
      const details = number === null ? [info(name)] : [violation(name)]
      return { name, class: kind, scope, page, outcomes: ofIngest(refusal(400, 'INVALID_ARGUMENT', details)) }
    }),
    {
      name: 'any other',
      class: 'unknown',
      scope: 'event',
      page: '',
      outcomes: ofIngest(refusal(400, 'INVALID_ARGUMENT', [violation('NEW_REASON')])),
    },
  ],
}

/** By https://google.aip.dev/193. */
const HTTP: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNKNOWN: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  ABORTED: 409,
}

const statuses: CodeTable = {
  title: 'Both APIs: `error.status`, where no reason is known',
  about: 'Only of an error of Google’s own; what a gateway says stands below.',
  grouped: false,
  rows: [...STATUS_CLASS].map(([name, kind]) => ({
    name,
    class: kind,
    scope: 'request',
    page: 'https://google.aip.dev/193',
    outcomes: ofIngest(refusal(HTTP[name] ?? 400, name, [])),
  })),
}

/** The verdict names the first event of the request. */
function verdictOn(reason: string, count: number): readonly EventOutcome[] {
  const sent = Array.from({ length: count }, (_, index): JsonObject => ({
    destinationReferences: ['111222333'],
    transactionId: `order-${index}`,
  }))
  const body = {
    requestStatusPerDestination: [
      {
        destination: { reference: '111222333' },
        requestStatus: 'PARTIAL_SUCCESS',
        errorInfo: { errorCounts: [{ recordCount: '1', reason: `PROCESSING_ERROR_REASON_${reason}`, recordIndices: [0] }] },
      },
    ],
  }
  const reading = laterVerdict.classify(answerOf(200, body), sent, contextOf(google, settings, NOW))
  if (reading.kind !== 'final') throw new Error(`${reason}: the verdict is ${reading.kind}`)
  return reading.outcomes
}

const verdicts: CodeTable = {
  title: 'Data Manager API: reasons of the later verdict',
  about:
    'Read from `requestStatus:retrieve`, first after 30 minutes; without the prefix `PROCESSING_ERROR_REASON_`. A letter here was counted as delivered before; the others of the request stay delivered.',
  grouped: true,
  rows: [
    ...Object.entries(PROCESSING_REASONS).map(([name, { class: kind, scope, page }]): CodeRow => ({
      name,
      class: kind,
      scope,
      page,
      outcomes: (count) => verdictOn(name, count),
    })),
    { name: 'any other', class: 'unknown', scope: 'event', page: '', outcomes: (count) => verdictOn('NEW_REASON', count) },
  ],
}

const failure = (family: string, value: string): HttpAnswer =>
  answerOf(200, {
    partialFailureError: {
      code: 3,
      message: '',
      details: [
        {
          '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure',
          errors: [{ errorCode: { [family]: value }, location: { fieldPathElements: [{ fieldName: 'conversions', index: 0 }] } }],
        },
      ],
    },
  })

/** In a 200 with partial failure; `results` are absent, so the rows not named count as taken. */
const uploads: CodeTable = {
  title: 'Google Ads API: errors of a row',
  about:
    'Inside a 200 with `partialFailureError`, tried here at the first conversion; `family.VALUE`. Values that stand in no table are `unknown`.',
  grouped: true,
  rows: [
    ...documentedErrors().map(({ family, value, error }): CodeRow => ({
      name: `${family}.${value}`,
      class: error.class,
      scope: error.scope,
      page: ADS_ERRORS_PAGE,
      outcomes: ofUpload(failure(family, value)),
    })),
    ...familyDefaults().map(({ family, error }): CodeRow => ({
      name: `${family}.(any other)`,
      class: error.class,
      scope: error.scope,
      page: ADS_ERRORS_PAGE,
      outcomes: ofUpload(failure(family, 'NEW_VALUE')),
    })),
    { name: 'any other', class: 'unknown', scope: 'row', page: '', outcomes: ofUpload(failure('newError', 'NEW_VALUE')) },
  ],
}

export const googleDocument: PlatformDocument = {
  platform: google,
  about:
    'The Data Manager API (`events:ingest`), which judges a request at once by shape and its events afterwards; for `api: ads` the click upload of the Google Ads API, which judges row by row at once and is closed to newcomers. A conversion action is named by its id, never by an event name.',
  settings,
  variants: [
    { title: '`api: data_manager`', settings, event: {} },
    { title: '`api: ads`', settings: ads, event: {} },
  ],
  windows: [
    { of: 'with `gclid`, `gbraid` or `wbraid`', days: WINDOW_DAYS.clickId },
    { of: 'with user data alone', days: WINDOW_DAYS.userDataOnly },
  ],
  codes: [reasons, statuses, verdicts, uploads],
  unconfirmed: UNCONFIRMED,
  examples: [
    { settings: SETTINGS, examples: GOOGLE_EXAMPLES },
    { settings: ADS_SETTINGS, examples: ADS_EXAMPLES },
  ],
}
