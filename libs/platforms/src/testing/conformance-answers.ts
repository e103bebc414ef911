import type { EventOutcome } from '@relay/core/outcome'
import { POLICY } from '@relay/core/errors'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpAnswer, Platform } from '../contract.ts'
import { accountOf, answerOf, bodiesOf, contextOf, type Fixtures } from './fixtures.ts'
import { NOW } from './events.ts'

const GARBAGE = [
  '',
  'null',
  '[]',
  '42',
  '"text"',
  '{',
  '{"data":[{"id":',
  '<html><body><h1>502 Bad Gateway</h1></body></html>',
  '\u0000\uFFFD',
  '{}{}',
]

const codeOf = (outcome: EventOutcome): string => (outcome.kind === 'delivered' ? 'delivered' : outcome.error.code)

/** Does the outcome do what the table of codes says that its code does? */
function agreesWithPolicy(outcome: EventOutcome): boolean {
  if (outcome.kind === 'delivered') return true
  const { outcome: due } = POLICY[outcome.error.code]
  // A plain 503 is a PLATFORM_ERROR that is held; BATCH_REFUSED waits for the repair.
  return due === outcome.kind || (outcome.kind === 'hold' && ['PLATFORM_ERROR', 'BATCH_REFUSED'].includes(outcome.error.code))
}

interface Bench<C> {
  readonly platform: Platform<C>
  readonly fixtures: Fixtures<C>
  readonly firstStepMs: number
  /** The outcomes of this answer to a request of so many events; 3 unless said otherwise. */
  readonly classify: (answer: HttpAnswer, count?: number) => EventOutcome[]
}

function describeReading<C>({ classify, fixtures }: Bench<C>): void {
  it.each([1, 3, 20])('delivers all of %i events that the platform took', (count) => {
    expect(classify(fixtures.accepted(count), count).map((outcome) => outcome.kind)).toEqual(
      Array.from({ length: count }, () => 'delivered'),
    )
  })

  it('has nothing to say of an empty batch', () => {
    for (const answer of [fixtures.accepted(0), answerOf(500, ''), fixtures.rateLimited()]) expect(classify(answer, 0)).toEqual([])
  })

  it.each([200, 400, 401, 403, 404, 500, 502])('takes a %i that cannot be read for a failed attempt, never for a verdict', (status) => {
    for (const body of GARBAGE) {
      const outcomes = classify(answerOf(status, body))
      expect(outcomes).toHaveLength(3)
      for (const outcome of outcomes) expect(outcome.kind).toBe('retry')
    }
  })

  it('counts an unreadable 200 for the breaker', () => {
    expect(classify(answerOf(200, '<html>'))[0]).toMatchObject({
      kind: 'retry',
      error: { code: 'UNEXPECTED_RESPONSE', unreadable: true },
    })
  })
}

function describeWaiting<C>({ classify, firstStepMs, fixtures }: Bench<C>): void {
  it('retries after a 5xx, and never buries for a 503', () => {
    expect(classify(answerOf(500, '')).map(codeOf)).toEqual(['PLATFORM_ERROR', 'PLATFORM_ERROR', 'PLATFORM_ERROR'])
    for (const outcome of classify(answerOf(503, ''))) {
      expect(outcome).toMatchObject({ kind: 'hold', error: { code: 'PLATFORM_ERROR' }, until: NOW + firstStepMs })
    }
  })

  it('waits out a maintenance until the time that the platform names', () => {
    for (const outcome of classify(answerOf(503, '', { 'retry-after': '120' }))) {
      expect(outcome).toMatchObject({ kind: 'hold', error: { code: 'PLATFORM_MAINTENANCE' }, until: NOW + 120_000 })
    }
  })

  it('holds a rate limit, by the time named or by the first retry step', () => {
    for (const outcome of classify(fixtures.rateLimited())) {
      expect(outcome).toMatchObject({ kind: 'hold', error: { code: 'RATE_LIMITED' }, until: NOW + firstStepMs })
    }
    const answer = fixtures.rateLimited()
    if (answer.kind !== 'answer') throw new Error('A rate limit is an answer')
    expect(classify({ ...answer, headers: { ...answer.headers, 'retry-after': '30' } })[0]).toMatchObject({
      kind: 'hold',
      until: NOW + 30_000,
    })
    expect(classify(answerOf(429, ''))[0]).toMatchObject({ kind: 'hold', error: { code: 'RATE_LIMITED' } })
  })

  it('halves a request that is too big, and gives up a single event that is', () => {
    expect(classify(answerOf(413, '')).map(codeOf)).toEqual(['BATCH_REFUSED', 'BATCH_REFUSED', 'BATCH_REFUSED'])
    expect(classify(answerOf(413, ''), 1)[0]).toMatchObject({ kind: 'reject', error: { code: 'PAYLOAD_TOO_LARGE' } })
  })
}

function describeFaults<C>({ classify, fixtures }: Bench<C>): void {
  it('stops the connection for dead credentials', () => {
    for (const outcome of classify(fixtures.deadCredentials('Token expired'))) {
      expect(outcome).toMatchObject({ kind: 'reject', error: { code: 'CREDENTIALS_EXPIRED' } })
    }
  })

  it('reads the faults of the transport', () => {
    const timeout: HttpAnswer = {
      kind: 'fault',
      maybeTaken: true,
      error: { code: 'TIMEOUT', message: 'Request timeout', phase: 'headers', limitMs: 30_000 },
    }
    const network: HttpAnswer = { kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR', message: 'Connection refused' } }
    const pool: HttpAnswer = { kind: 'fault', maybeTaken: false, error: { code: 'POOL_EXHAUSTED', message: 'No free connection' } }
    expect(classify(timeout).map((outcome) => [outcome.kind, codeOf(outcome)])).toEqual(
      Array.from({ length: 3 }, () => ['retry', 'TIMEOUT']),
    )
    expect(classify(network).map((outcome) => [outcome.kind, codeOf(outcome)])).toEqual(
      Array.from({ length: 3 }, () => ['retry', 'NETWORK_ERROR']),
    )
    for (const outcome of classify(pool))
      expect(outcome).toMatchObject({ kind: 'hold', error: { code: 'POOL_EXHAUSTED' }, until: NOW + 1000 })
  })
}

function describeOddities<C>({ classify, platform, fixtures }: Bench<C>): void {
  it('gives one outcome per event to any answer, and throws at none', () => {
    const body = fc.oneof(fc.string(), fc.json(), fc.constantFrom(...GARBAGE))
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), body, fc.integer({ min: 1, max: 20 }), (status, text, count) => {
        const outcomes = classify(answerOf(status, text), count)
        expect(outcomes).toHaveLength(count)
        expect(outcomes.every(agreesWithPolicy)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('leaves a connection unverified where the platform does not answer the check', async () => {
    const silent: HttpAnswer = { kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR', message: 'Connection refused' } }
    for (const answer of [silent, answerOf(500, ''), answerOf(503, 'x'), answerOf(429, ''), answerOf(200, '<html>')]) {
      const report = await platform.check(accountOf(fixtures), { send: () => Promise.resolve(answer) })
      expect(report.verdict).toBe('unverified')
    }
  })
}

export function describeAnswers<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  const bodies = bodiesOf(platform, fixtures, 20)
  const context = contextOf(platform, fixtures.settings)
  const bench: Bench<C> = {
    platform,
    fixtures,
    firstStepMs: context.retryDelaysMs[0] ?? 0,
    classify: (answer, count = 3) => platform.classify(answer, bodies.slice(0, count), context),
  }
  describe('answers', () => {
    describeReading(bench)
    describeWaiting(bench)
    describeFaults(bench)
    describeOddities(bench)
  })
}
