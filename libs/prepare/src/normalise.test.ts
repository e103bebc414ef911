import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseCountry } from './normalise-country.ts'
import { normaliseEmail, normaliseEmailForGoogle } from './normalise-email.ts'
import { normaliseIpAddress } from './normalise-ip-address.ts'
import { normaliseName, normaliseNameForGoogle, normaliseNameLetters } from './normalise-name.ts'
import {
  normaliseDateOfBirth,
  normaliseExternalId,
  normaliseExternalIdCompact,
  normaliseGender,
  normaliseMobileAdId,
} from './normalise-person.ts'
import { normalisePhone, normalisePhoneDigits } from './normalise-phone.ts'
import {
  normaliseCity,
  normaliseCityAscii,
  normaliseCityCompact,
  normaliseState,
  normaliseStateAscii,
  normaliseStateCompact,
  normaliseZip,
  normaliseZipCompact,
  normaliseZipForGoogle,
  normaliseZipWhole,
} from './normalise-place.ts'
import type { Normalised } from './normalised.ts'

const said = (result: Normalised): string => (result.ok ? result.value : `!${result.reason}`)

describe('e-mail', () => {
  it.each([
    [' John_Smith@Gmail.com ', 'john_smith@gmail.com'],
    ['Person@Example.com', 'person@example.com'],
    ['user.name+NYC@Example.com', 'user.name+nyc@example.com'],
    ['user@müller.example', 'user@müller.example'],
    ['u\u0308ser@example.com', '\u00FCser@example.com'],
    ['a b@example.com', '!INVALID_EMAIL'],
    ['a@b', '!INVALID_EMAIL'],
    ['a@@b.example', '!INVALID_EMAIL'],
    ['John <john@example.com>', '!INVALID_EMAIL'],
    ['a..b@example.com', '!INVALID_EMAIL'],
    ['   ', '!EMPTY'],
  ])('%j → %j', (value, expected) => {
    expect(said(normaliseEmail(value))).toBe(expected)
  })

  // https://developers.google.com/data-manager/api/devguides/concepts/formatting, read 2026-11-24
  it.each([
    ['Cloudy.SanFrancisco+shopping@gmail.com', 'cloudysanfrancisco@gmail.com'],
    ['jefferson.Loves.hiking@googlemail.com', 'jeffersonloveshiking@googlemail.com'],
    ['user.name+NYC@Example.com', 'user.name+nyc@example.com'],
    ['a b@example.com', 'ab@example.com'],
    ['+tag@gmail.com', '!INVALID_EMAIL'],
  ])('at Google %j → %j', (value, expected) => {
    expect(said(normaliseEmailForGoogle(value))).toBe(expected)
  })
})

describe('phone', () => {
  it.each([
    ['(650)555-1212', 'US', '+16505551212'],
    ['+001 (616) 954-78 88', undefined, '+16169547888'],
    ['01(650)123-4567', 'US', '+16501234567'],
    ['12345678901', 'US', '+12345678901'],
    ['14251234567', 'US', '+14251234567'],
    ['1 800 555 0100', 'US', '+18005550100'],
    ['(+1)2133734253', undefined, '+12133734253'],
    ['+44 844 412 4653', undefined, '+448444124653'],
    ['+44-113-496-0987', undefined, '+441134960987'],
    ['+44 (0)20 7946 0958', undefined, '+442079460958'],
    ['0044-447-234-2344', undefined, '+444472342344'],
    ['0044 20 7946 0958', 'US', '+442079460958'],
    ['020 7946 0958', 'gb', '+442079460958'],
    ['030 123456', 'DE', '+4930123456'],
    ['8 495 123-45-67', 'RU', '+74951234567'],
    ['06 69812345', 'IT', '+390669812345'],
    ['+6281234567890', 'US', '+6281234567890'],
    ['６５０５５５１２１２', 'US', '+16505551212'],
    ['+1 650 555 1212 ext. 5', undefined, '+16505551212'],
    ['(650)555-1212', undefined, '!PHONE_WITHOUT_COUNTRY'],
    ['555-1212', 'US', '!INVALID_PHONE'],
    ['12345', undefined, '!INVALID_PHONE'],
    ['call me', 'US', '!INVALID_PHONE'],
    ['1-800-FLOWERS', 'US', '!INVALID_PHONE'],
    ['+', undefined, '!INVALID_PHONE'],
    [' ', 'US', '!EMPTY'],
  ])('%j in %s → %j', (value, country, expected) => {
    expect(said(normalisePhone(value, country))).toBe(expected)
  })

  it('drops the plus where Meta and Snapchat want digits', () => {
    expect(said(normalisePhoneDigits('+44 844 412 4653'))).toBe('448444124653')
    expect(said(normalisePhoneDigits('x'))).toBe('!INVALID_PHONE')
  })

  it('finds its own result again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?[0-9 ()-]{5,18}$/), fc.constantFrom('US', 'GB', 'DE', 'IT', 'BR', undefined), (value, country) => {
        const first = normalisePhone(value, country)
        if (first.ok) expect(normalisePhone(first.value)).toEqual(first)
      }),
    )
  })
})

describe('names', () => {
  it.each([
    ["Na'than-Boile", 'nathanboile', 'nathanboile', 'nathanboile'],
    ["O'Connor", 'oconnor', 'oconnor', 'oconnor'],
    ['Valéry', 'valéry', 'valéry', 'valéry'],
    ['Vale\u0301ry', 'valéry', 'valéry', 'valéry'],
    ['정', '정', '정', '정'],
    [' Mary  Ann ', 'maryann', 'maryann', 'mary ann'],
    ['Dr. Alex', 'dralex', 'dralex', 'alex'],
    ['Alex Dr.', 'alexdr', 'alexdr', 'alex'],
    ['King, Jr.', 'kingjr', 'kingjr', 'king'],
    ['Windsor III', 'windsoriii', 'windsoriii', 'windsor'],
    ['Ii', 'ii', 'ii', 'ii'],
    ['Anna 2', 'anna2', 'anna', 'anna 2'],
    ['—', '!INVALID_NAME', '!INVALID_NAME', '!INVALID_NAME'],
    ['', '!EMPTY', '!EMPTY', '!EMPTY'],
  ])('%j → %j, TikTok %j, Google %j', (value, plain, letters, google) => {
    expect([normaliseName(value), normaliseNameLetters(value), normaliseNameForGoogle(value)].map(said)).toEqual([plain, letters, google])
  })
})

describe('places', () => {
  it.each([
    ['Washington, D.C.', 'washingtondc', 'washingtondc', 'washington,d.c.'],
    ['Zürich', 'zürich', 'zurich', 'zürich'],
    ['Târgu Mureș', 'târgumureș', 'targumures', 'târgumureș'],
    ['Łódź', 'łódź', 'lodz', 'łódź'],
    ['東京', '東京', '!INVALID_CITY', '東京'],
    ['---', '!INVALID_CITY', '!INVALID_CITY', '---'],
  ])('city %j → Meta %j, TikTok %j, Snapchat %j', (value, meta, tiktok, snapchat) => {
    expect([normaliseCity(value), normaliseCityAscii(value), normaliseCityCompact(value)].map(said)).toEqual([meta, tiktok, snapchat])
  })

  it.each([
    ['California', 'US', 'ca'],
    ['California', undefined, 'ca'],
    ['CA', 'US', 'ca'],
    ['US-CA', 'US', 'ca'],
    ['New York', 'US', 'ny'],
    ['Nordrhein-Westfalen', 'DE', 'nordrheinwestfalen'],
    ['Georgia', 'GE', 'georgia'],
    ['Ontario', 'CA', 'ontario'],
    ['D.C.', 'US', 'dc'],
    ['AE', 'US', 'ae'],
    ['Californa', 'US', '!INVALID_STATE'],
    ['Californa', undefined, 'californa'],
    [' ', 'US', '!EMPTY'],
  ])('state %j in %s → %j', (value, country, expected) => {
    expect(said(normaliseState(value, country))).toBe(expected)
  })

  it('keeps what the rule of each platform keeps of a state', () => {
    expect(said(normaliseStateCompact('Baden-Württemberg ', 'DE'))).toBe('baden-württemberg')
    expect(said(normaliseStateCompact('N.Y.', 'US'))).toBe('ny')
    expect(said(normaliseStateAscii('Baden-Württemberg'))).toBe('badenwurttemberg')
  })

  it.each([
    ['M1 1AE', 'GB', 'm11ae', 'm11ae', 'm11ae', 'M1 1AE'],
    ['37221-3312', 'US', '37221', '372213312', '37221-3312', '37221-3312'],
    ['37221-3312', undefined, '37221', '372213312', '37221-3312', '37221-3312'],
    ['372213312', 'US', '37221', '372213312', '372213312', '37221-3312'],
    ['100-0001', 'JP', '1000001', '1000001', '100-0001', '100-0001'],
    ['1234', 'US', '!INVALID_ZIP', '1234', '1234', '!INVALID_ZIP'],
  ])('zip %j in %s → Meta %j, TikTok %j, Snapchat %j, Google %j', (value, country, meta, tiktok, snapchat, google) => {
    const results = [
      normaliseZip(value, country),
      normaliseZipWhole(value),
      normaliseZipCompact(value),
      normaliseZipForGoogle(value, country),
    ]
    expect(results.map(said)).toEqual([meta, tiktok, snapchat, google])
  })

  it.each([
    ['us', 'US'],
    ['USA', 'US'],
    ['U.S.A.', 'US'],
    ['840', 'US'],
    ['UK', 'GB'],
    ['United States', 'US'],
    ['Deutschland', 'DE'],
    ['日本', 'JP'],
    ['Россия', 'RU'],
    ['Côte d’Ivoire', 'CI'],
    ["Cote d'Ivoire", 'CI'],
    ['TÜRKİYE', 'TR'],
    ['Unknown', '!INVALID_COUNTRY'],
    ['xx', '!INVALID_COUNTRY'],
    ['', '!EMPTY'],
  ])('country %j → %j', (value, expected) => {
    expect(said(normaliseCountry(value))).toBe(expected)
  })
})

describe('person', () => {
  it.each([
    ['1997-02-16', '19970216'],
    ['19970216', '19970216'],
    ['2000-02-29', '20000229'],
    ['1900-02-29', '!INVALID_DATE'],
    ['1997-13-01', '!INVALID_DATE'],
    ['05-03-1995', '!INVALID_DATE'],
    ['2/16/1997', '!INVALID_DATE'],
    ['0001-01-01', '!INVALID_DATE'],
    ['', '!EMPTY'],
  ])('date of birth %j → %j', (value, expected) => {
    expect(said(normaliseDateOfBirth(value))).toBe(expected)
  })

  it('knows two genders in words and letters', () => {
    expect(['F', 'female', 'm', ' Male ', 'x', ''].map((value) => said(normaliseGender(value)))).toEqual([
      'f',
      'f',
      'm',
      'm',
      '!INVALID_GENDER',
      '!EMPTY',
    ])
  })

  it('leaves an external id as the pixel has it, except at Snapchat', () => {
    expect(said(normaliseExternalId(' User 123 id '))).toBe('User 123 id')
    expect(said(normaliseExternalIdCompact(' User 123 id '))).toBe('user123id')
  })

  it('takes mobile ids with their hyphens, and not the one of people who opted out', () => {
    expect(said(normaliseMobileAdId('38400000-8CF0-11BD-B23E-10B96E40000D'))).toBe('38400000-8cf0-11bd-b23e-10b96e40000d')
    expect(said(normaliseMobileAdId('00000000-0000-0000-0000-000000000000'))).toBe('!INVALID_MOBILE_AD_ID')
  })

  it.each([
    ['8.8.8.8', '8.8.8.8'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:8.8.8.8', '8.8.8.8'],
    ['::ffff:10.0.0.1', '!PRIVATE_IP_ADDRESS'],
    ['10.1.2.3', '!PRIVATE_IP_ADDRESS'],
    ['172.31.0.1', '!PRIVATE_IP_ADDRESS'],
    ['172.32.0.1', '172.32.0.1'],
    ['192.168.1.1', '!PRIVATE_IP_ADDRESS'],
    ['127.0.0.1', '!PRIVATE_IP_ADDRESS'],
    ['169.254.1.1', '!PRIVATE_IP_ADDRESS'],
    ['::1', '!PRIVATE_IP_ADDRESS'],
    ['fe80::1', '!PRIVATE_IP_ADDRESS'],
    ['fd12::1', '!PRIVATE_IP_ADDRESS'],
    ['1.2.3.4, 5.6.7.8', '!INVALID_IP_ADDRESS'],
    ['999.1.1.1', '!INVALID_IP_ADDRESS'],
  ])('address %j → %j', (value, expected) => {
    expect(said(normaliseIpAddress(value))).toBe(expected)
  })
})

describe('every rule', () => {
  const rules = {
    normaliseEmail,
    normaliseEmailForGoogle,
    normalisePhone: (value: string) => normalisePhone(value, 'DE'),
    normaliseName,
    normaliseNameLetters,
    normaliseNameForGoogle,
    normaliseCity,
    normaliseCityAscii,
    normaliseCityCompact,
    normaliseState,
    normaliseStateCompact,
    normaliseZip,
    normaliseZipWhole,
    normaliseZipForGoogle,
    normaliseCountry,
    normaliseDateOfBirth,
    normaliseGender,
    normaliseExternalId,
    normaliseExternalIdCompact,
    normaliseMobileAdId,
    normaliseIpAddress,
  }
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z0-9.@+ -]{0,30}$/))

  it.each(Object.entries(rules))(
    '%s never throws, never gives an empty text, and is the same for both forms of Unicode',
    (_, normalise) => {
      fc.assert(
        fc.property(text, (value) => {
          const result = normalise(value)
          if (result.ok) expect(result.value).not.toBe('')
          if (value.isWellFormed() && normalise !== normaliseExternalId)
            expect(normalise(value.normalize('NFD'))).toEqual(normalise(value.normalize('NFC')))
        }),
        { numRuns: 100 },
      )
    },
  )
})
