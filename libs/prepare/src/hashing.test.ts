import { describe, expect, it } from 'vitest'
import { recogniseHash, sha256Hex, SHA256_OF_NOTHING } from './hash.ts'
import { hashField } from './hashed-field.ts'
import { normaliseEmail } from './normalise-email.ts'
import { normaliseCityAscii } from './normalise-place.ts'
import { personCountry } from './person-country.ts'
import { plainField } from './plain-field.ts'

const HASH = '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345'
const rule = { normalise: normaliseEmail }

describe('hash', () => {
  it('is SHA-256 in lower-case hex', () => {
    expect(sha256Hex('person@example.com')).toBe(HASH)
    expect(sha256Hex('')).toBe(SHA256_OF_NOTHING)
  })

  it.each([
    [` ${HASH.toUpperCase()} `, 'sha256'],
    [`${HASH}.AbC_-123`, 'appendix'],
    [`${HASH}.Ab`, 'appendix'],
    [`${HASH}.AbCde`, 'none'],
    [`x${HASH}`, 'none'],
    [`${HASH}\n${HASH}`, 'none'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'md5'],
    ['person@example.com', 'none'],
  ])('tells the shape of %j', (value, shape) => {
    expect(recogniseHash(value)).toBe(shape)
  })
})

describe('hashed field', () => {
  it('keeps order, makes equal values one, and names what it leaves out by its path', () => {
    expect(hashField({ email: ['Person@Example.com', 'nonsense', HASH.toUpperCase(), ' '] }, 'email', rule)).toEqual({
      hashes: [HASH],
      warnings: [
        { field: 'user_data.email[1]', reason: 'INVALID_EMAIL' },
        { field: 'user_data.email[3]', reason: 'EMPTY' },
      ],
    })
  })

  it('sends neither an MD5 nor the hash of nothing', () => {
    expect(hashField({ email: 'd41d8cd98f00b204e9800998ecf8427e' }, 'email', rule)).toEqual({
      hashes: [],
      warnings: [{ field: 'user_data.email', reason: 'HASH_NOT_SHA256' }],
    })
    expect(hashField({ email: SHA256_OF_NOTHING.toUpperCase() }, 'email', rule)).toEqual({
      hashes: [],
      warnings: [{ field: 'user_data.email', reason: 'HASH_OF_NOTHING' }],
    })
  })

  it("passes Meta's appendix form where it is understood, and only there", () => {
    const value = `${HASH}.AbC_-123`
    expect(hashField({ email: value }, 'email', { ...rule, takesAppendix: true })).toEqual({ hashes: [value], warnings: [] })
    expect(hashField({ email: value }, 'email', rule)).toEqual({
      hashes: [],
      warnings: [{ field: 'user_data.email', reason: 'HASH_WITH_APPENDIX' }],
    })
  })

  it('doubts a hash of unknown form, and sends it', () => {
    expect(hashField({ phone: HASH }, 'phone', { ...rule, doubtsHashes: true })).toEqual({
      hashes: [HASH],
      warnings: [{ field: 'user_data.phone', reason: 'HASHED_UNVERIFIED' }],
    })
  })
})

describe('plain field', () => {
  it('takes no hash', () => {
    expect(plainField({ city: [HASH, 'Paris', 'PARIS', '東京'] }, 'city', normaliseCityAscii)).toEqual({
      values: ['paris'],
      warnings: [
        { field: 'user_data.city[0]', reason: 'HASH_WHERE_PLAIN_IS_DUE' },
        { field: 'user_data.city[3]', reason: 'INVALID_CITY' },
      ],
    })
  })
})

describe('country of a person', () => {
  it('is the first one given that is a country, else the default', () => {
    expect(personCountry({ country: ['nowhere', 'Frankreich'] }, 'us')).toBe('FR')
    expect(personCountry({ country: HASH }, 'us')).toBe('US')
    expect(personCountry({}, undefined)).toBeUndefined()
  })
})
