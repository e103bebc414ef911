import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyText, parseKeyRing } from './key-ring.ts'
import { keyIdOf, open, seal } from './seal.ts'
import { VaultError } from './vault-error.ts'

const ring = parseKeyRing(createKeyText())
const owner = ['acme', 'c_1'] as const

function codeOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (error instanceof VaultError) return error.code
    throw error
  }
  return 'OPENED'
}

describe('seal and open', () => {
  test('whatever is sealed comes back byte for byte, for its owner', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.array(fc.string(), { maxLength: 4 }), (bytes, associated) => {
        const content = Buffer.from(bytes)
        expect(open(ring, seal(ring, content, associated), associated)).toEqual(content)
      }),
    )
    expect(open(ring, seal(ring, 'grüße 🗝', owner), owner).toString()).toBe('grüße 🗝')
  })

  test('it opens for no other tenant, no other connection, and not with the parts joined differently', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 3 }), fc.array(fc.string(), { maxLength: 3 }), (mine, other) => {
        fc.pre(JSON.stringify(mine) !== JSON.stringify(other))
        expect(codeOf(() => open(ring, seal(ring, 'x', mine), other))).toBe('NOT_OPENED')
      }),
    )
    const sealed = seal(ring, 'token', owner)
    expect(codeOf(() => open(ring, sealed, ['acme', 'c_2']))).toBe('NOT_OPENED')
    expect(codeOf(() => open(ring, sealed, ['acmec_1']))).toBe('NOT_OPENED')
  })

  test('any one changed character is noticed, in every part of the envelope', () => {
    const sealed = seal(ring, 'EAAB-secret-access-token', owner)
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 32, max: 126 }), (place, code) => {
        const character = String.fromCharCode(code)
        fc.pre(sealed[place] !== character)
        const changed = sealed.slice(0, place) + character + sealed.slice(place + 1)
        expect(codeOf(() => open(ring, changed, owner))).not.toBe('OPENED')
      }),
      { numRuns: 2_000 },
    )
  })

  test('any one changed bit of the bytes is noticed', () => {
    const sealed = seal(ring, 'EAAB-secret-access-token', owner)
    for (const layer of ['wrap', 'body'] as const) {
      for (const part of ['iv', 'tag', 'data'] as const) {
        const length = Buffer.from(JSON.parse(sealed)[layer][part], 'base64').length
        for (let bit = 0; bit < length * 8; bit++) {
          const envelope = JSON.parse(sealed) as Record<string, Record<string, string>>
          const bytes = Buffer.from(envelope[layer]![part]!, 'base64')
          bytes[bit >> 3]! ^= 1 << (bit & 7)
          envelope[layer]![part] = bytes.toString('base64')
          expect(codeOf(() => open(ring, JSON.stringify(envelope), owner))).toBe('NOT_OPENED')
        }
      }
    }
  })

  test('a layer of another envelope of the same owner does not fit', () => {
    const [one, two] = [JSON.parse(seal(ring, 'one', owner)), JSON.parse(seal(ring, 'two', owner))]
    expect(codeOf(() => open(ring, JSON.stringify({ ...one, wrap: two.wrap }), owner))).toBe('NOT_OPENED')
  })

  test('a shortened tag is refused, however short', () => {
    const envelope = JSON.parse(seal(ring, 'x', owner))
    for (const length of [0, 4, 8, 12, 15]) {
      const tag = Buffer.from(envelope.body.tag, 'base64').subarray(0, length).toString('base64')
      expect(codeOf(() => open(ring, JSON.stringify({ ...envelope, body: { ...envelope.body, tag } }), owner))).toBe('MALFORMED')
    }
  })

  test('a former key on the ring still opens, a key that is gone is named, a wrong key under the same id does not open', () => {
    const [former, current] = [createKeyText(), createKeyText()]
    const sealed = seal(parseKeyRing(former), 'x', owner)
    expect(keyIdOf(sealed)).toBe(former.split(':')[0])
    expect(open(parseKeyRing(`${current},${former}`), sealed, owner).toString()).toBe('x')
    expect(codeOf(() => open(parseKeyRing(current), sealed, owner))).toBe('KEY_UNKNOWN')
    const impostor = `${former.split(':')[0]}:${current.split(':')[1]}`
    expect(codeOf(() => open(parseKeyRing(impostor), sealed, owner))).toBe('NOT_OPENED')
  })

  test('what is no envelope is MALFORMED, whatever it is', () => {
    for (const text of ['', 'null', '[]', '{}', '"x"', '{"v":2}', '{"v":1,"key":"a","wrap":{},"body":{}}']) {
      expect(codeOf(() => open(ring, text, owner))).toBe('MALFORMED')
      expect(codeOf(() => keyIdOf(text))).toBe('MALFORMED')
    }
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(codeOf(() => keyIdOf(text))).toBe('MALFORMED')
      }),
    )
  })

  test('neither the envelope nor an error shows the content, and equal contents look different', () => {
    const content = 'EAAB-secret-access-token'
    const sealed = seal(ring, content, owner)
    expect(sealed).not.toContain(content)
    expect(sealed).not.toContain(Buffer.from(content).toString('base64').slice(0, 16))
    expect(seal(ring, content, owner)).not.toBe(sealed)
    try {
      open(ring, sealed, ['other'])
    } catch (error) {
      expect(String(error)).not.toContain(content)
      expect((error as Error).cause).toBeUndefined()
    }
  })
})
