import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REDACTED_KEYS, redactLine } from './redact.ts'

const redact = (value: unknown): string => redactLine(`${JSON.stringify(value)}\n`)

/** `accessToken` as it may be spelled elsewhere. */
const spellings = (key: string): string[] => [
  key,
  key.toUpperCase(),
  key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  key.replaceAll(/[A-Z]/g, (letter) => `-${letter}`),
]

describe('redaction', () => {
  test('a listed key loses its value at any depth, however it is spelled', () => {
    const nest = (value: unknown, depth: number): unknown => (depth === 0 ? value : { inner: [nest(value, depth - 1)] })
    fc.assert(
      fc.property(
        fc.constantFrom(...REDACTED_KEYS.flatMap(spellings)),
        fc.nat(5),
        fc.constantFrom('text', 'list', 'object'),
        (key, depth, shape) => {
          const value = shape === 'text' ? 'canary-1' : shape === 'list' ? ['canary-1'] : { deep: { x: 'canary-1' } }
          const line = redact({ msg: 'kept', ...(nest({ [key]: value }, depth) as object) })
          expect(line).not.toContain('canary-1')
          expect(JSON.parse(line)).toMatchObject({ msg: 'kept' })
        },
      ),
    )
  })

  test('a line without anything of that kind stays as it is, byte for byte', () => {
    const line =
      '{"level":"info","platform":"meta","event_id":"order-1","codes":["TIMEOUT"],"events":150,"tookMs":12.5,"msg":"batch settled"}\n'
    expect(redactLine(line)).toBe(line)
    fc.assert(
      fc.property(fc.array(fc.record({ platform: fc.string(), n: fc.double(), list: fc.array(fc.integer()) })), (value) => {
        fc.pre(!JSON.stringify(value).includes('@') && !/bearer|basic/i.test(JSON.stringify(value)))
        expect(redact(value)).toBe(`${JSON.stringify(value)}\n`)
      }),
    )
  })

  test('counts and flags under a listed name stay', () => {
    expect(JSON.parse(redact({ events: 150, credentials: true, user: null }))).toEqual({ events: 150, credentials: true, user: null })
  })

  test.each([
    ['an e-mail address', 'no account for jane.doe+x@mail.example.org', 'jane.doe'],
    ['a token in a URL', 'GET https://graph.example/v1/1?access_token=EAABcanary&x=1', 'EAABcanary'],
    ['a client secret in a form', 'grant_type=refresh_token&client_secret=canary&refresh_token=canary2', 'canary'],
    ['a bearer token', 'header was Authorization: Bearer ya29.canary-token', 'canary'],
    ['the password of a Redis URL', 'connect redis://user:canary@10.0.0.1:6379', 'canary'],
  ])('%s inside of a text is cut out', (_name, text, secret) => {
    for (const line of [
      redact({ msg: text }),
      redact({ msg: `x\n${text}\t${text}` }),
      redact({ err: { stack: `Error: ${text}\n    at x` } }),
      redact({ list: [text] }),
    ]) {
      expect(line).not.toContain(secret)
      expect(() => JSON.parse(line) as unknown).not.toThrow()
    }
  })

  test('whatever is logged, the line stays one line of JSON', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('msg', 'token', 'email', 'x'),
          fc.oneof(fc.string({ unit: 'grapheme' }), fc.emailAddress(), fc.webUrl()),
        ),
        (value) => {
          const line = redact(value)
          expect(line.trimEnd()).not.toContain('\n')
          expect(() => JSON.parse(line) as unknown).not.toThrow()
        },
      ),
    )
  })

  test('an address or a token is found behind whatever character, and the line stays JSON', () => {
    const secrets = ['jane.canary@mail.example.org', 'Bearer canary.canary', 'access_token=canary']
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '\n', '\t', '\\', '"', '\u0001', 'é'),
        fc.constantFrom(...secrets),
        (before, between, secret) => {
          const line = redact({ msg: `${before}${between}${secret}` })
          expect(line).not.toContain('canary')
          expect(() => JSON.parse(line) as unknown).not.toThrow()
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a line that is not JSON is left out instead of let through', () => {
    expect(redactLine('{"token":"canary","x":}\n')).not.toContain('canary')
  })

  test('a very long text costs no more than its length', () => {
    const startedAt = performance.now()
    redact({ msg: 'a'.repeat(200_000) })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })
})
