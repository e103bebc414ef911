import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonBody, quote, retryAfterMs, serverErrorOutcome } from './verdict.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const answer = (status: number, body = '', headers: Readonly<Record<string, string>> = {}) =>
  ({ kind: 'answer', status, body, headers, truncated: false }) as const

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    // A number without end once held a queue for ever.
    ['9'.repeat(400), 7 * 86_400_000],
    ['Wed, 21 Oct 2099 07:28:00 GMT', 7 * 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
    ['', undefined],
  ])('%j is %s ms', (value, expected) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBe(expected)
  })

  it('may be absent', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined()
  })
})

describe('server errors', () => {
  it('tell maintenance by a time or in words, and give it 5 minutes without a time', () => {
    expect(serverErrorOutcome(answer(503, '', { 'retry-after': '60' }), NOW, 1000)).toMatchObject({
      kind: 'hold',
      until: NOW + 60_000,
      error: { code: 'PLATFORM_MAINTENANCE', estimatedEnd: NOW + 60_000 },
    })
    const inWords = serverErrorOutcome(answer(503, 'Scheduled maintenance'), NOW, 1000)
    expect(inWords).toMatchObject({ kind: 'hold', until: NOW + 300_000, error: { code: 'PLATFORM_MAINTENANCE' } })
    expect(inWords).not.toHaveProperty('error.estimatedEnd')
  })

  it('are attempts, but for a plain 503', () => {
    expect(serverErrorOutcome(answer(502), NOW, 1000)).toMatchObject({ kind: 'retry', error: { code: 'PLATFORM_ERROR' } })
    expect(serverErrorOutcome(answer(503), NOW, 1000)).toMatchObject({ kind: 'hold', until: NOW + 1000, error: { code: 'PLATFORM_ERROR' } })
    expect(serverErrorOutcome(answer(499), NOW, 1000)).toBeUndefined()
  })
})

describe('quoting a platform', () => {
  it.each([
    ['Invalid OAuth 2.0 Access Token', 'Invalid OAuth 2.0 Access Token'],
    ['Bad e-mail a.b+c@example.com here', 'Bad e-mail *** here'],
    ['Phone +44 (0)20 7946 0958 is bad', 'Phone *** is bad'],
    ['Token EAAabcdefghijklmnop rejected', 'Token *** rejected'],
    ['line\none', 'line one'],
  ])('%j becomes %j', (text, expected) => {
    expect(quote(text)).toBe(expected)
  })

  it('is short, and quick with long texts', () => {
    for (const text of ['a'.repeat(200_000), '1 '.repeat(100_000), 'a.'.repeat(100_000), 'a@'.repeat(100_000)])
      expect(quote(text).length).toBeLessThanOrEqual(300)
    const late = `${'1234567890 '.repeat(90)}${'x'.repeat(5)} secret.person@example.com and more`
    expect(quote(late)).not.toContain('secret')
  })
})

describe('reading a body', () => {
  it('takes objects alone, and throws at nothing', () => {
    expect(parseJsonBody('{"a":1}')).toEqual({ a: 1 })
    for (const text of ['[]', 'null', '1', '', '<html>', '{"a":']) expect(parseJsonBody(text)).toBeUndefined()
    fc.assert(fc.property(fc.string(), (text) => void parseJsonBody(text)))
  })
})
