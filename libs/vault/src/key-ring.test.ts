import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyText, KeyRingError, parseKeyRing } from './key-ring.ts'

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64')

const faultsOf = (text: string): readonly string[] => {
  try {
    parseKeyRing(text)
  } catch (error) {
    if (error instanceof KeyRingError) return error.faults
    throw error
  }
  return []
}

describe('key ring', () => {
  test('the first key is the current one, and the others are found by id', () => {
    const ring = parseKeyRing(` new:${key(1)} ,\nold:${key(2)}\n`)
    expect(ring.current.id).toBe('new')
    expect(ring.current.key.export()).toEqual(Buffer.alloc(32, 1))
    expect(ring.find('old')?.key.export()).toEqual(Buffer.alloc(32, 2))
    expect(ring.find('other')).toBeUndefined()
  })

  test('base64 without its padding is taken', () => {
    expect(parseKeyRing(`a:${key(3).replace('=', '')}`).current.key.export()).toEqual(Buffer.alloc(32, 3))
  })

  test('all faults are listed at once', () => {
    expect(faultsOf(`${key(1)},b:short,c d:${key(2)},e:${key(3)},e:${key(4)},f:x:y,`)).toEqual([
      'key 1 is not of the form id:base64',
      'key 2 is not 32 bytes in base64',
      'key 3 has an id that is not 1 to 64 letters, digits, "_", "." or "-"',
      'key 5 has the id of an earlier one',
      'key 6 is not of the form id:base64',
      'key 7 is not of the form id:base64',
    ])
    expect(faultsOf(' \n')).toEqual(['there is none; the form is id:base64[,id:base64…]'])
  })

  test('a text that base64 reads only by skipping characters is refused', () => {
    const spaced = `${key(5).slice(0, 10)} ${key(5).slice(10)}`
    expect(faultsOf(`a:${spaced}`)).toEqual(['key 1 is not 32 bytes in base64'])
  })

  test('no error shows anything of the text', () => {
    const secret = key(7)
    for (const text of [secret, `${secret}:x`, `a:${secret}x`, `a:${secret}:b`, `a:${secret},${secret}`]) {
      expect(faultsOf(text).join(' ')).not.toContain(secret.slice(0, 8))
    }
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/:=, ]{16,80}$/), (text) => {
        const faults = faultsOf(text).join(' ')
        for (const word of text.split(/[:, ]/).filter((word) => word.length >= 16)) expect(faults).not.toContain(word)
      }),
    )
  })

  test('a fresh key is read back, and no two are the same', () => {
    expect(parseKeyRing(createKeyText()).current.key.symmetricKeySize).toBe(32)
    expect(createKeyText()).not.toBe(createKeyText())
  })

  test('a printed key ring shows no key', () => {
    const text = createKeyText()
    const ring = parseKeyRing(text)
    const [, encoded = ''] = text.split(':')
    for (const shown of [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)]) {
      expect(shown).not.toContain(encoded.slice(0, 12))
      expect(shown).not.toContain(Buffer.from(encoded, 'base64').toString('hex').slice(0, 12))
    }
  })
})
