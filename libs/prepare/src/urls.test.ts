import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildFbc, findClickIds } from './click-ids.ts'
import { asksLimitedDataUse, isConsentAbsent, isConsentDenied } from './consent.ts'
import { mapEventName } from './map-event.ts'
import { present } from './present.ts'
import { sanitiseUrl } from './sanitise-url.ts'

describe('click ids', () => {
  it('are found in the page, else in the referrer, in their own case', () => {
    expect(
      findClickIds({
        event_source_url: 'https://shop.example/?fbclid=AbC-_9&ScCid=&GCLID=Tes.Ter',
        referrer_url: 'https://x.example/?fbclid=Other&ScCid=Sc-1&ttclid=E.C.P.x&gbraid=1&wbraid=2',
      }),
    ).toEqual({ fbclid: 'AbC-_9', gclid: 'Tes.Ter', ScCid: 'Sc-1', ttclid: 'E.C.P.x', gbraid: '1', wbraid: '2' })
    expect(findClickIds({ event_source_url: 'no url' })).toEqual({})
  })

  it('build an fbc once, with the time in ms', () => {
    expect(buildFbc({ fbclid: 'Ab', cookie: undefined, seenAtMs: 1_700_000_000_123.7 })).toEqual({ fbc: 'fb.1.1700000000123.Ab' })
    expect(buildFbc({ fbclid: 'Ab', cookie: 'junk', seenAtMs: 5 })).toEqual({ fbc: 'fb.1.5.Ab', reason: 'INVALID_CLICK_ID' })
    expect(buildFbc({ fbclid: undefined, cookie: undefined, seenAtMs: 5 })).toEqual({})
  })
})

describe('sanitising a URL', () => {
  it.each([
    ['https://s.example/p?fbclid=AbC&email=a%40b.example&x=1', 'https://s.example/p?fbclid=AbC&x=1'],
    ['https://s.example/?u=a%2540b.example#top', 'https://s.example/#top'],
    ['https://s.example/?utm_content=a@b.example', 'https://s.example/'],
    ['https://s.example/?phone=5551234567&utm_id=16505551212', 'https://s.example/?utm_id=16505551212'],
    ['https://s.example/?tel=%2B49%20151%2012345678&y', 'https://s.example/?y'],
    ['https://s.example/?q=+4915112345678', 'https://s.example/'],
    ['https://s.example/?p=(650)%20555-1212', 'https://s.example/'],
    ['https://s.example/?x=16505551212', 'https://s.example/'],
    ['https://joe@b.example:pw@s.example/u/a@b.example/x', 'https://s.example/u/-/x'],
    ['https://s.example/#a@b.example', 'https://s.example/'],
    ['https://s.example/?u=a%40b.example%&v=%FF%40', 'https://s.example/?v=%FF%40'],
    ['https://s.example/?x= &u=a@b.example', 'https://s.example/?x='],
  ])('cuts %j to %j', (url, expected) => {
    expect(sanitiseUrl(url)).toEqual({ ok: true, url: expected, cut: true })
  })

  it.each([
    'https://s.example/?t=1700000000&ts=1700000000000&ean=4006381333931&o=1000012345&v=1.2.3.4&d=2024-01-15',
    'https://s.example/?',
    'https://s.example/a%20b?q=%E4%BD%A0&&x=#frag',
    'https://s.example',
  ])('leaves %j as it is, byte for byte', (url) => {
    expect(sanitiseUrl(url)).toEqual({ ok: true, url, cut: false })
  })

  it('refuses what is no URL', () => {
    expect(sanitiseUrl('shop.example/x')).toEqual({ ok: false, reason: 'INVALID_URL' })
  })

  it('leaves no address in any query, and is done after one round', () => {
    const part = fc.oneof(
      fc.constantFrom('a@b.example', 'a%40b.example', '%2B4915112345678', 'x', ''),
      fc.webQueryParameters(),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = sanitiseUrl(`https://s.example/p?${parts.map((value, index) => `k${index}=${value}`).join('&')}`)
        expect(once.ok).toBe(true)
        if (!once.ok) return
        expect(once.url).not.toMatch(/a(?:@|%40)b\.example/)
        expect(sanitiseUrl(once.url)).toEqual({ ok: true, url: once.url, cut: false })
      }),
    )
  })
})

describe('consent', () => {
  it('is denied by either value, and absent when neither is given', () => {
    expect(isConsentDenied({ ad_user_data: 'GRANTED', ad_personalization: 'DENIED' })).toBe(true)
    expect(isConsentDenied({ ad_user_data: 'GRANTED' })).toBe(false)
    expect(isConsentAbsent({ data_processing_options: ['LDU'] })).toBe(true)
    expect([asksLimitedDataUse({ data_processing_options: [] }), asksLimitedDataUse({ data_processing_options: ['LDU'] })]).toEqual([
      false,
      true,
    ])
  })
})

describe('event names', () => {
  it('follow the connection before the platform', () => {
    const names = { Purchase: 'BUY', PageView: null }
    expect(mapEventName('Purchase', names, undefined)).toEqual({ kind: 'name', name: 'BUY' })
    expect(mapEventName('Purchase', names, { 'Order Completed': 'MINE' })).toEqual({ kind: 'name', name: 'MINE' })
    expect(mapEventName('PageView', names, undefined)).toEqual({ kind: 'unused' })
    expect(mapEventName('Donate', names, undefined)).toEqual({ kind: 'unused' })
    expect(mapEventName('toString', names, undefined)).toEqual({ kind: 'custom' })
  })
})

describe('present', () => {
  it('leaves out what is undefined or empty, and keeps zero, false, null and empty lists', () => {
    expect(present({ a: undefined, b: { c: undefined }, d: 0, e: false, f: '', g: [], h: null, i: [{ j: undefined, k: 1 }] })).toEqual({
      d: 0,
      e: false,
      f: '',
      g: [],
      h: null,
      i: [{ k: 1 }],
    })
  })
})
