import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpAnswer, VerdictReading } from '../contract.ts'
import { NOW } from '../testing/events.ts'
import { answerOf, contextOf } from '../testing/fixtures.ts'
import { ADS_SETTINGS } from './ads/examples.ts'
import { SETTINGS } from './examples.ts'
import { google } from './index.ts'
import { PROCESSING_REASONS } from './processing-reasons.ts'

const verdict = google.verdict!
const PREFIX = 'PROCESSING_ERROR_REASON_'

const body = (index: number, more: JsonObject = {}): JsonObject => ({
  destinationReferences: ['111'],
  transactionId: `order-${index}`,
  conversionValue: 5,
  currency: 'EUR',
  ...more,
})
const bodies = (count: number, more: JsonObject = {}): JsonObject[] => Array.from({ length: count }, (_value, index) => body(index, more))

const count = (reason: string, recordIndices?: readonly number[], recordCount = String(recordIndices?.length ?? 1)): JsonObject => ({
  recordCount,
  reason: `${PREFIX}${reason}`,
  ...(recordIndices === undefined ? {} : { recordIndices }),
})
const status = (requestStatus: string, errorCounts: readonly JsonObject[] = [], reference = '111'): JsonObject => ({
  destination: { reference, productDestinationId: reference, operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' } },
  requestStatus,
  ...(errorCounts.length === 0 ? {} : { errorInfo: { errorCounts } }),
})
const answer = (...requestStatusPerDestination: readonly JsonObject[]): HttpAnswer => answerOf(200, { requestStatusPerDestination })

const read = (given: HttpAnswer, sent: readonly JsonObject[]): VerdictReading => verdict.classify(given, sent, contextOf(google, SETTINGS))
const short = (outcome: EventOutcome): string =>
  outcome.kind === 'delivered' ? `delivered${outcome.note === undefined ? '' : ' again'}` : `${outcome.kind} ${outcome.error.code}`
const shorts = (given: HttpAnswer, sent: readonly JsonObject[]): string[] | string => {
  const reading = read(given, sent)
  return reading.kind === 'final' ? reading.outcomes.map(short) : reading.kind
}

test('a verdict is due to requests that were taken for good, by their id', () => {
  const taken = answerOf(200, { requestId: 'req 1' })
  const live = { settings: SETTINGS, testEventCode: undefined }
  expect(verdict.requestIdOf(taken, live)).toBe('req 1')
  expect(verdict.requestIdOf(taken, { ...live, testEventCode: 'T' })).toBeUndefined()
  expect(verdict.requestIdOf(taken, { ...live, settings: ADS_SETTINGS })).toBeUndefined()
  expect(verdict.requestIdOf(answerOf(400, { requestId: 'req 1' }), live)).toBeUndefined()
  expect(verdict.requestIdOf(answerOf(200, {}), live)).toBeUndefined()
  const on = { baseUrl: 'https://dm.example', accessToken: 'tok', settings: SETTINGS } as Parameters<typeof verdict.request>[1]
  expect(verdict.request('req 1', on)).toEqual({
    method: 'GET',
    url: 'https://dm.example/v1/requestStatus:retrieve?requestId=req%201',
    headers: { Authorization: 'Bearer tok' },
  })
  expect(verdict.firstLookMs).toBe(30 * 60_000)
})

test('all delivered, and what is named by its position is not', () => {
  expect(shorts(answer(status('SUCCESS')), bodies(2))).toEqual(['delivered', 'delivered'])
  const counts = [
    count('INVALID_GCLID', [0]),
    count('DUPLICATE_TRANSACTION_ID', [2]),
    count('TOO_RECENT_CLICK', [3]),
    count('NO_CONSENT', [4]),
  ]
  expect(shorts(answer(status('PARTIAL_SUCCESS', counts)), bodies(6))).toEqual([
    'reject EVENT_REJECTED',
    'delivered',
    'delivered again',
    'hold DEFERRED_BY_PLATFORM',
    'reject DESTINATION_INVALID',
    'delivered',
  ])
})

test('an event that goes again waits as long as its reason asks, and carries the reason', () => {
  const reading = read(answer(status('FAILED', [count('TOO_RECENT_CLICK', [0]), count('INTERNAL_ERROR', [1])])), bodies(2))
  expect(reading).toMatchObject({
    outcomes: [
      { until: NOW + 6 * 3_600_000, error: { platformCode: `${PREFIX}TOO_RECENT_CLICK` } },
      { until: NOW + 3_600_000, error: { platformCode: `${PREFIX}INTERNAL_ERROR` } },
    ],
    summary: {
      states: ['FAILED'],
      unnamed: 0,
      reasons: [{ reason: 'TOO_RECENT_CLICK', count: 1, destination: '111' }, { reason: 'INTERNAL_ERROR' }],
    },
  })
})

test.each(['PROCESSING', 'REQUEST_STATUS_UNKNOWN', 'A_STATE_OF_2027'])('%s at one destination leaves all pending', (state) => {
  const sent = [body(0), body(1, { destinationReferences: ['222'] })]
  expect(shorts(answer(status('SUCCESS'), status(state, [], '222')), sent)).toBe('pending')
})

test('a destination that is not spoken of yet leaves all pending', () => {
  expect(shorts(answer(status('SUCCESS')), [body(0), body(1, { destinationReferences: ['222'] })])).toBe('pending')
})

test('each destination judges its own events', () => {
  const sent = [body(0), body(1, { destinationReferences: ['222'] }), body(2)]
  const given = answer(status('SUCCESS'), status('FAILED', [count('CUSTOM_VARIABLE_NOT_ENABLED', [0, 1, 9])], '222'))
  expect(shorts(given, sent)).toEqual(['delivered', 'reject DESTINATION_INVALID', 'delivered'])
})

test('FAILED without positions: every event has the reason given, and without a reason the one that nobody knows', () => {
  expect(shorts(answer(status('FAILED', [count('INVALID_GCLID', undefined, '2')])), bodies(2))).toEqual([
    'reject EVENT_REJECTED',
    'reject EVENT_REJECTED',
  ])
  expect(shorts(answer(status('FAILED', [count('DUPLICATE_GCLID')])), bodies(1))).toEqual(['delivered again'])
  expect(shorts(answer(status('FAILED')), bodies(2))).toEqual(['retry UNEXPECTED_RESPONSE', 'retry UNEXPECTED_RESPONSE'])
  expect(shorts(answer(status('FAILURE')), bodies(1))).toEqual(['retry UNEXPECTED_RESPONSE'])
  const mixed = [count('INVALID_GCLID'), count('INTERNAL_ERROR')]
  expect(shorts(answer(status('FAILED', mixed)), bodies(2))).toEqual(['retry UNEXPECTED_RESPONSE', 'retry UNEXPECTED_RESPONSE'])
})

test('PARTIAL_SUCCESS without positions blames nobody: it is repeated if the reason passes and a repeat is harmless', () => {
  const passing = answer(status('PARTIAL_SUCCESS', [count('INTERNAL_ERROR')]))
  expect(shorts(passing, bodies(2))).toEqual(['hold DEFERRED_BY_PLATFORM', 'hold DEFERRED_BY_PLATFORM'])
  expect(shorts(passing, bodies(2, { transactionId: '' }))).toEqual(['delivered', 'delivered'])
  for (const counts of [[count('INVALID_GCLID', undefined, '1')], []]) {
    const reading = read(answer(status('PARTIAL_SUCCESS', counts)), bodies(3))
    expect(reading).toMatchObject({
      outcomes: [{ kind: 'delivered' }, { kind: 'delivered' }, { kind: 'delivered' }],
      summary: { unnamed: 1 },
    })
  }
  const named = answer(status('PARTIAL_SUCCESS', [count('INVALID_GCLID', [1]), count('DUPLICATE_GCLID')]))
  expect(read(named, bodies(3))).toMatchObject({ summary: { unnamed: 0 } })
  expect(shorts(named, bodies(3))).toEqual(['delivered', 'reject EVENT_REJECTED', 'delivered'])
})

test('a repeat with another value in the same request lost its change', () => {
  const sent = [body(0), body(0, { conversionValue: 7 }), body(0)]
  expect(shorts(answer(status('PARTIAL_SUCCESS', [count('DUPLICATE_TRANSACTION_ID', [1])])), sent)).toEqual([
    'delivered',
    'reject EVENT_REJECTED',
    'delivered',
  ])
  expect(shorts(answer(status('PARTIAL_SUCCESS', [count('DUPLICATE_TRANSACTION_ID', [1])])), [body(0), body(0)])).toEqual([
    'delivered',
    'delivered again',
  ])
})

test('int64 as text, the name without REASON_ and warnings are read', () => {
  const named = { recordCount: '1', reason: 'PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER', recordIndices: ['1'] }
  const warned = {
    ...status('PARTIAL_SUCCESS', [named]),
    warningInfo: { warningCounts: [{ recordCount: '2', reason: 'PROCESSING_WARNING_REASON_INTERNAL_ERROR' }] },
  }
  expect(read(answer(warned), bodies(2))).toMatchObject({
    kind: 'final',
    outcomes: [{ kind: 'delivered' }, { kind: 'reject', error: { message: expect.stringContaining('OPERATING_ACCOUNT_MISMATCH') } }],
    warnings: [{ reason: 'PROCESSING_WARNING_REASON_INTERNAL_ERROR', field: '' }],
  })
})

test('a reason that no table knows is retried and never delivered', () => {
  for (const reason of ['A_REASON_OF_2027', 'constructor', 'UNSPECIFIED']) {
    expect(shorts(answer(status('FAILED', [count(reason, [0])])), bodies(1))).toEqual(['retry UNEXPECTED_RESPONSE'])
  }
})

test.each([
  [answerOf(500, ''), 'unavailable', 'PLATFORM_ERROR'],
  [answerOf(200, '<html>'), 'unavailable', 'UNEXPECTED_RESPONSE'],
  [answerOf(200, { requestStatusPerDestination: [] }), 'unavailable', 'UNEXPECTED_RESPONSE'],
  [answerOf(404, '<html>'), 'unavailable', 'UNEXPECTED_RESPONSE'],
  [answerOf(429, ''), 'unavailable', 'RATE_LIMITED'],
  [answerOf(401, { error: { code: 401, status: 'UNAUTHENTICATED' } }), 'unavailable', 'ACCESS_TOKEN_EXPIRED'],
  [answerOf(403, { error: { code: 403, status: 'PERMISSION_DENIED' } }), 'unavailable', 'PERMISSION_DENIED'],
  [answerOf(404, { error: { code: 404, status: 'NOT_FOUND' } }), 'gone', 'DESTINATION_INVALID'],
  [
    answerOf(400, {
      error: {
        code: 400,
        status: 'INVALID_ARGUMENT',
        details: [{ fieldViolations: [{ field: 'request_id', reason: 'INVALID_REQUEST_ID' }] }],
      },
    }),
    'gone',
    'UNEXPECTED_RESPONSE',
  ],
])('a look that meets %# is %s', (given, kind, code) => {
  expect(read(given, bodies(1))).toMatchObject({ kind, error: { code } })
})

test('random verdicts: one outcome per event, in order, and an event is delivered if and only if nothing is held against it', () => {
  const reasons = fc.option(fc.constantFrom(...Object.keys(PROCESSING_REASONS)), { freq: 2 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('111', '222', '333'), reasons), { minLength: 1, maxLength: 60 }), (events) => {
      const sent = events.map(([reference], index) => body(index, { destinationReferences: [reference] }))
      const statuses = [...new Set(events.map(([reference]) => reference))].map((reference) => {
        const own = [...events.entries()].filter(([, [to, reason]]) => to === reference && reason !== null)
        const byReason = Map.groupBy(own, ([, [, reason]]) => reason ?? '')
        return status(
          own.length === 0 ? 'SUCCESS' : 'PARTIAL_SUCCESS',
          [...byReason].map(([reason, list]) =>
            count(
              reason,
              list.map(([index]) => index),
            ),
          ),
          reference,
        )
      })
      const reading = read(answer(...statuses.toReversed()), sent)
      const outcomes = reading.kind === 'final' ? reading.outcomes : []
      expect(outcomes).toHaveLength(sent.length)
      for (const [index, [, reason]] of events.entries()) {
        const isFine = reason === null || PROCESSING_REASONS[reason]?.class === 'duplicate'
        expect([reason, outcomes[index]?.kind === 'delivered']).toEqual([reason, isFine])
      }
    }),
    { numRuns: 300 },
  )
})

test('random shapes of an answer throw nothing, and a final one has an outcome for each event', () => {
  const counts = fc.array(
    fc.record({ reason: fc.jsonValue(), recordCount: fc.jsonValue(), recordIndices: fc.jsonValue() }, { requiredKeys: [] }),
  )
  const one = fc.record(
    {
      destination: fc.oneof(fc.jsonValue(), fc.constant({ reference: '111' })),
      requestStatus: fc.oneof(fc.jsonValue(), fc.constantFrom('SUCCESS', 'PARTIAL_SUCCESS', 'FAILED')),
      errorInfo: fc.oneof(fc.jsonValue(), fc.record({ errorCounts: counts })),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(one), fc.integer({ min: 0, max: 5 }), (statuses, size) => {
      const reading = read(answerOf(200, JSON.stringify({ requestStatusPerDestination: statuses })), bodies(size))
      if (reading.kind === 'final') expect(reading.outcomes).toHaveLength(size)
    }),
    { numRuns: 500 },
  )
})
