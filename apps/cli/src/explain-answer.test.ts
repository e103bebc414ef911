import type { PlatformId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import { PLATFORMS } from '@relay/platforms/registry'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainAnswer } from './explain-answer.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')

const explainText = (platform: PlatformId, text: string, settings = {}): ReturnType<typeof explainAnswer> =>
  explainAnswer({ kind: 'text', text }, { platform: PLATFORMS[platform], settings }, NOW)

const explain = (platform: PlatformId, answer: unknown, settings = {}): ReturnType<typeof explainAnswer> =>
  explainText(platform, JSON.stringify(answer), settings)

/** The outcomes without their words. */
function outcomes(platform: PlatformId, answer: unknown, settings = {}): unknown[] {
  const explained = explain(platform, answer, settings)
  if (!('outcomes' in explained)) throw new Error(explained.error.message)
  return explained.outcomes.map(({ message: _message, ...outcome }) => outcome)
}

describe('what an answer means', () => {
  it('a delivered event has no code and no message', () => {
    const expected = { kind: 'delivered', code: null, message: null }
    expect(explain('meta', { status: 200, body: { events_received: 2 }, events: 2 })).toEqual({ outcomes: [expected, expected] })
    expect(explain('google', { status: 200, body: '{"requestId":"r1"}' })).toEqual({ outcomes: [expected] })
  })

  it.each<[string, PlatformId, object, object[]]>([
    [
      'code and subcode',
      'meta',
      { status: 401, body: { error: { code: 190, error_subcode: 463 } } },
      [{ kind: 'reject', code: 'CREDENTIALS_EXPIRED', platform_code: '190/463' }],
    ],
    ['code', 'meta', { status: 400, body: { error: { code: 2 } } }, [{ kind: 'retry', code: 'PLATFORM_ERROR', platform_code: '2' }]],
    [
      'the reason before the status',
      'google',
      {
        status: 403,
        body: {
          error: {
            status: 'PERMISSION_DENIED',
            details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'NOT_ALLOWLISTED' }],
          },
        },
      },
      [{ kind: 'reject', code: 'PERMISSION_DENIED', platform_code: 'NOT_ALLOWLISTED' }],
    ],
    [
      'the status',
      'google',
      { status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } },
      [{ kind: 'hold', code: 'ACCESS_TOKEN_EXPIRED', platform_code: 'UNAUTHENTICATED' }],
    ],
    [
      'the code',
      'tiktok',
      { status: 200, body: { code: 40_105 } },
      [{ kind: 'reject', code: 'CREDENTIALS_EXPIRED', platform_code: '40105' }],
    ],
    [
      'the first of the codes',
      'snapchat',
      { status: 400, body: { status: 'INVALID', errors: { codes: ['E12', 'E3'] } } },
      [{ kind: 'reject', code: 'EVENT_REJECTED', platform_code: 'E12' }],
    ],
  ])("has the platform's own code: %s", (_name, platform, answer, expected) => {
    expect(outcomes(platform, answer)).toEqual(expected)
  })

  it('rows of a refused request that nothing names wait for its repair', () => {
    const waiting = { kind: 'hold', code: 'BATCH_REFUSED' }
    const named = { kind: 'reject', code: 'EVENT_REJECTED', platform_code: '40002' }
    const answer = { status: 200, body: { code: 40_002, message: 'Invalid value at data.1.event_id' }, events: 3 }
    expect(outcomes('tiktok', answer)).toEqual([waiting, named, waiting])
    expect(outcomes('meta', { status: 400, body: { error: { code: 100, error_subcode: 2_804_003 } }, events: 2 })).toEqual([
      waiting,
      waiting,
    ])
    expect(outcomes('snapchat', { status: 413, body: '', events: 2 })).toEqual([waiting, waiting])
    expect(outcomes('snapchat', { status: 413, body: '', events: 1 })).toEqual([{ kind: 'reject', code: 'PAYLOAD_TOO_LARGE' }])
  })

  it('says how long a hold waits, from the header in any case or the first retry step', () => {
    const limited = { kind: 'hold', code: 'RATE_LIMITED' }
    expect(outcomes('meta', { status: 429, headers: { 'RETRY-After': '120' } })).toEqual([{ ...limited, retry_after_ms: 120_000 }])
    expect(outcomes('meta', { status: 429, headers: { 'retry-after': 0 } })).toEqual([{ ...limited, retry_after_ms: 0 }])
    expect(outcomes('tiktok', { status: 429, headers: { 'Retry-After': 'Tue, 24 Nov 2026 12:00:30 GMT' } })).toEqual([
      { ...limited, retry_after_ms: 30_000 },
    ])
    expect(outcomes('tiktok', { status: 429 })).toEqual([{ ...limited, retry_after_ms: 5_000 }])
  })

  it.each(PLATFORM_IDS)('%s: no answer in time, and none at all', (platform) => {
    expect(outcomes(platform, { status: null, error: 'timeout', events: 2 })).toEqual([
      { kind: 'retry', code: 'TIMEOUT' },
      { kind: 'retry', code: 'TIMEOUT' },
    ])
    expect(outcomes(platform, { status: null, error: 'network' })).toEqual([{ kind: 'retry', code: 'NETWORK_ERROR' }])
  })

  it('a token of unknown age counts as one that the platform knows', () => {
    expect(outcomes('snapchat', { status: 401, body: { status: 'ERROR', reason: 'x' } })).toEqual([
      { kind: 'reject', code: 'CREDENTIALS_EXPIRED' },
    ])
  })

  it('settings say what is sent to: app events of TikTok are never sent twice', () => {
    expect(outcomes('tiktok', { status: null, error: 'timeout' }, { event_source: 'app' })).toEqual([{ kind: 'reject', code: 'AMBIGUOUS' }])
  })

  it('JSON and its text are the same body', () => {
    const body = { code: 40_100, message: 'slow down' }
    expect(outcomes('tiktok', { status: 200, body })).toEqual(outcomes('tiktok', { status: 200, body: JSON.stringify(body) }))
  })

  it('a body over 4 MiB counts as cut off', () => {
    expect(outcomes('tiktok', { status: 200, body: { code: 0, message: 'x'.repeat(4 * 1024 * 1024) } })).toEqual([
      { kind: 'retry', code: 'UNEXPECTED_RESPONSE' },
    ])
  })
})

describe('a line that cannot be read', () => {
  it.each([
    'not json',
    '[]',
    '{}',
    '{"status":"200"}',
    '{"status":99}',
    '{"status":200.5}',
    '{"status":null}',
    '{"status":null,"error":"dns"}',
    '{"status":200,"events":-1}',
    '{"status":200,"events":1.5}',
    '{"status":200,"events":10001}',
    '{"status":200,"events":"2"}',
    '{"status":200,"api":"graph"}',
    '{"status":200,"headers":[]}',
  ])('%s', (text) => {
    expect(explainText('google', text)).toEqual({ error: { code: 'MALFORMED_BODY', message: expect.any(String) as string } })
  })

  it('is told apart by what is wrong with it', () => {
    const context = { platform: PLATFORMS.meta, settings: {} }
    expect(explainAnswer({ kind: 'too-long', maxBytes: 1 }, context, NOW)).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE' } })
    expect(explainAnswer({ kind: 'not-utf8' }, context, NOW)).toMatchObject({ error: { code: 'MALFORMED_BODY' } })
  })
})

describe('whatever a platform answers', () => {
  it('one outcome per event, and never an exception', () => {
    const body = fc.oneof(fc.string(), fc.object(), fc.record({ error: fc.anything(), code: fc.anything(), status: fc.anything() }))
    const status = fc.constantFrom(200, 204, 301, 400, 401, 403, 404, 408, 413, 429, 500, 503)
    fc.assert(
      fc.property(fc.constantFrom(...PLATFORM_IDS), status, fc.nat(4), body, (platform, status, events, body) => {
        expect(outcomes(platform, { status, events, body })).toHaveLength(events)
      }),
    )
  })
})
