import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConversionEvent } from './event.ts'
import { DEFAULT_EVENT_LIMITS, type ParsedEvent, parseEvent } from './parse-event.ts'

const NOW = Date.UTC(2026, 10, 24, 10, 0, 0)
const parse = (input: unknown): ParsedEvent => parseEvent(input, { receivedAt: NOW })

function taken(input: unknown): {
  event: ConversionEvent
  warnings: readonly { field: string; reason: string }[]
  eventTimeGiven: boolean
} {
  const result = parse(input)
  if (!result.ok) throw new Error(`refused: ${result.error.message}`)
  return result
}

function fault(input: unknown): { code: string; path: string; message: string; event_id?: string } {
  const result = parse(input)
  if (result.ok) throw new Error('was taken')
  return result.error
}

const time = (value: unknown): number => taken({ event_name: 'Lead', event_time: value }).event.event_time
const id = (input: object): string => taken(input).event.event_id
const two = (n: number): string => String(n).padStart(2, '0')
const eventOf = (text: string): object => ({ event_id: 'big', event_name: 'Lead', custom_data: { note: text } })
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(eventOf(text)))

describe('the shape of an event', () => {
  it('takes a whole event and leaves every known field in its place', () => {
    const { event, warnings } = taken({
      event_id: 'order-1',
      event_name: 'Purchase',
      event_time: '2026-11-24T09:59:00Z',
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks?gclid=abc',
      user_data: { email: ['a@shop.example', 'b@shop.example'], phone: '+49 30 901820', client_ip_address: '203.0.113.7', lead_id: 123 },
      custom_data: {
        value: '19.90',
        currency: 'eur',
        order_id: 77,
        contents: [{ id: 1, quantity: '2', item_price: 9.95 }],
        coupon: 'SPRING',
      },
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED', data_processing_options: [] },
      destinations: ['meta', 'meta', 'c_1'],
    })
    expect(warnings).toEqual([])
    expect(event).toEqual({
      event_id: 'order-1',
      event_name: 'Purchase',
      event_time: Date.UTC(2026, 10, 24, 9, 59) / 1_000,
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks?gclid=abc',
      user_data: { email: ['a@shop.example', 'b@shop.example'], phone: '+49 30 901820', client_ip_address: '203.0.113.7', lead_id: '123' },
      custom_data: {
        value: 19.9,
        currency: 'EUR',
        order_id: '77',
        contents: [{ id: '1', quantity: 2, item_price: 9.95 }],
        extra: { coupon: 'SPRING' },
      },
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED', data_processing_options: [] },
      destinations: ['meta', 'c_1'],
    })
  })

  it('resolves aliases case-sensitively and keeps custom names', () => {
    expect(taken({ event_name: 'Order Completed' }).event.event_name).toBe('Purchase')
    expect(taken({ event_name: 'purchase' }).event.event_name).toBe('Purchase')
    expect(taken({ event_name: 'PURCHASE' }).event.event_name).toBe('PURCHASE')
    expect(taken({ event_name: 'constructor' }).event.event_name).toBe('constructor')
  })

  it.each([
    [{ event_name: 'Purchase', eventId: '1' }, 'eventId', 'event_id'],
    [{ evnt_name: 'Purchase' }, 'evnt_name', 'event_name'],
    [{ event_name: 'Purchase', email: 'canary@shop.example' }, 'email', 'user_data.email'],
    [{ event_name: 'Purchase', currency: 'EUR' }, 'currency', 'custom_data.currency'],
    [{ event_name: 'Purchase', userData: {} }, 'userData', 'user_data'],
  ])('refuses an unknown field and names the nearest known one: %j', (input, path, nearest) => {
    const error = fault(input)
    expect(error).toMatchObject({ code: 'INVALID_EVENT', path })
    expect(error.message).toContain(`did you mean ${nearest}?`)
    expect(error.message).not.toContain('canary')
  })

  it.each([
    [null, ''],
    [[], ''],
    ['Purchase', ''],
    [{}, 'event_name'],
    [{ event_name: '' }, 'event_name'],
    [{ event_name: 7 }, 'event_name'],
    [{ event_name: 'x'.repeat(129) }, 'event_name'],
    [{ event_name: 'Lead', event_id: '' }, 'event_id'],
    [{ event_name: 'Lead', event_id: 'x'.repeat(257) }, 'event_id'],
    [{ event_name: 'Lead', event_id: 12 }, 'event_id'],
    [{ event_name: 'Lead', action_source: 'web' }, 'action_source'],
    [{ event_name: 'Lead', event_source_url: 5 }, 'event_source_url'],
    [{ event_name: 'Lead', user_data: [] }, 'user_data'],
    [{ event_name: 'Lead', user_data: { email: Array.from({ length: 11 }, () => 'a@b.example') } }, 'user_data.email'],
    [{ event_name: 'Lead', custom_data: 'x' }, 'custom_data'],
    [{ event_name: 'Lead', custom_data: { value: 'ten' } }, 'custom_data.value'],
    [{ event_name: 'Lead', custom_data: { value: '1,000.00' } }, 'custom_data.value'],
    [{ event_name: 'Lead', custom_data: { value: true } }, 'custom_data.value'],
    [{ event_name: 'Lead', custom_data: { currency: 'EURO' } }, 'custom_data.currency'],
    [{ event_name: 'Lead', custom_data: { order_id: 2 ** 60 } }, 'custom_data.order_id'],
    [{ event_name: 'Lead', custom_data: { num_items: 1.5 } }, 'custom_data.num_items'],
    [{ event_name: 'Lead', custom_data: { contents: {} } }, 'custom_data.contents'],
    [{ event_name: 'Lead', custom_data: { contents: [{ id: 'a' }, { quantity: 1 }] } }, 'custom_data.contents[1].id'],
    [{ event_name: 'Lead', custom_data: { contents: Array.from({ length: 101 }, () => ({ id: 'a' })) } }, 'custom_data.contents'],
    [{ event_name: 'Lead', custom_data: { content_ids: ['a', {}] } }, 'custom_data.content_ids[1]'],
    [{ event_name: 'Lead', consent: { ad_user_data: 'denied' } }, 'consent.ad_user_data'],
    [{ event_name: 'Lead', consent: { data_processing_options: 'LDU' } }, 'consent.data_processing_options'],
    [{ event_name: 'Lead', app_data: { advertiser_tracking_enabled: 'yes' } }, 'app_data.advertiser_tracking_enabled'],
    [{ event_name: 'Lead', destinations: 'meta' }, 'destinations'],
    [{ event_name: 'Lead', destinations: [1] }, 'destinations'],
    [{ event_name: 'Lead', test_event_code: '' }, 'test_event_code'],
    [{ event_name: 'Lead', custom_data: { note: '\ud800' } }, 'custom_data.note'],
    [{ event_name: 'Lead', custom_data: { big: Infinity } }, 'custom_data.big'],
  ])('refuses %j with the path of the fault', (input, path) => {
    expect(fault(input)).toMatchObject({ code: 'INVALID_EVENT', path })
  })

  it('counts null as absent', () => {
    const { event, eventTimeGiven } = taken({
      event_name: 'Lead',
      event_time: null,
      user_data: { email: null },
      custom_data: { value: null, x: null },
    })
    expect(event).toMatchObject({ user_data: {}, custom_data: {}, event_time: NOW / 1_000 })
    expect(eventTimeGiven).toBe(false)
  })

  it('names the event of a fault by its id, where the id can be read', () => {
    expect(fault({ event_id: 'e1', event_name: 5 }).event_id).toBe('e1')
    expect(fault({ event_id: 5, event_name: 'Lead' })).not.toHaveProperty('event_id')
  })
})

describe('what is left out', () => {
  it('leaves unknown keys out of user_data, app_data, consent and contents, and says so', () => {
    const { event, warnings } = taken({
      event_name: 'Lead',
      user_data: { emial: 'a@b.example', email: 'a@b.example', 'canary@shop.example': 1 },
      app_data: { app_id: 5, bundle: 'x' },
      consent: { marketing: true },
      custom_data: { contents: [{ id: 'a', colour: 'red' }] },
    })
    expect(event).toMatchObject({
      user_data: { email: 'a@b.example' },
      app_data: { app_id: '5' },
      consent: {},
      custom_data: { contents: [{ id: 'a' }] },
    })
    expect(warnings).toEqual([
      { field: 'app_data.bundle', reason: 'UNKNOWN_FIELD' },
      { field: 'user_data.emial', reason: 'UNKNOWN_FIELD' },
      { field: 'user_data.*', reason: 'UNKNOWN_FIELD' },
      { field: 'custom_data.contents[0].colour', reason: 'UNKNOWN_FIELD' },
      { field: 'consent.marketing', reason: 'UNKNOWN_FIELD' },
    ])
  })

  it('goes on with the identifiers that are text, each at the index it came with', () => {
    const { event, warnings } = taken({ event_name: 'Lead', user_data: { email: [{}, 'a@b.example', null], phone: false, zip: 10115 } })
    expect(event.user_data).toEqual({ email: ['', 'a@b.example', ''], zip: '10115' })
    expect(warnings).toEqual([
      { field: 'user_data.email[0]', reason: 'INVALID_VALUE' },
      { field: 'user_data.phone', reason: 'INVALID_VALUE' },
    ])
  })

  it('takes extinfo only with its 16 entries', () => {
    const extinfo = ['i2', null, ...Array.from({ length: 14 }, () => 3)]
    expect(taken({ event_name: 'Lead', app_data: { extinfo } }).event.app_data?.extinfo).toHaveLength(16)
    expect(taken({ event_name: 'Lead', app_data: { extinfo: ['i2'] } }).warnings).toEqual([
      { field: 'app_data.extinfo', reason: 'INVALID_EXTINFO' },
    ])
  })

  it('lets no key named __proto__ travel on', () => {
    const { event } = taken(
      JSON.parse('{"event_name":"Lead","custom_data":{"__proto__":{"a":1},"deep":{"__proto__":{"polluted":1},"kept":1}}}'),
    )
    expect(JSON.stringify(event.custom_data)).toBe('{"extra":{"deep":{"kept":1}}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(fault(JSON.parse('{"event_name":"Lead","__proto__":{}}')).path).toBe('__proto__')
  })
})

describe('caps', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])

  it('takes depth 8, the event itself being 1, and refuses 9', () => {
    expect(taken({ event_name: 'Lead', custom_data: { x: deep(6) } }).event.custom_data.extra).toBeDefined()
    expect(fault({ event_name: 'Lead', custom_data: { x: deep(7) } })).toMatchObject({
      code: 'INVALID_EVENT',
      path: 'custom_data.x[0][0][0][0][0][0]',
    })
  })

  it('survives nesting of any depth, and cycles', () => {
    expect(fault({ event_name: 'Lead', custom_data: JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) }).code).toBe('INVALID_EVENT')
    const cycle: Record<string, unknown> = { event_name: 'Lead' }
    cycle['custom_data'] = cycle
    expect(fault(cycle).code).toBe('INVALID_EVENT')
  })

  it.each(['x', 'é', '\u0001'])('takes an event of exactly 64 KiB and refuses one byte more (%j)', (filler) => {
    const empty = bytesOf('')
    const perCharacter = bytesOf(filler) - empty
    const room = DEFAULT_EVENT_LIMITS.maxEventBytes - empty
    const fits = filler.repeat(Math.floor(room / perCharacter)) + 'x'.repeat(room % perCharacter)
    expect(taken(eventOf(fits)).event.event_id).toBe('big')
    expect(fault(eventOf(`${fits}x`))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', path: '', event_id: 'big' })
  })
})

describe('event_time', () => {
  it.each([
    [1_700_000_000, 1_700_000_000],
    [1_700_000_000.9, 1_700_000_000],
    ['1700000000', 1_700_000_000],
    ['2023-11-14T22:13:20Z', 1_700_000_000],
    ['2023-11-14T23:13:20+01:00', 1_700_000_000],
    ['2023-11-14T17:13:20.999-0500', 1_700_000_000],
    ['2023-11-14 22:13:20Z', 1_700_000_000],
    [0, 0],
  ])('reads %j', (value, seconds) => {
    expect(time(value)).toBe(seconds)
  })

  it.each([
    '2023-11-14T22:13:20',
    '2023-02-30T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-11-14',
    'yesterday',
    '',
    -1,
    true,
    {},
    NOW,
    '24:00',
  ])('refuses %j', (value) => {
    expect(fault({ event_name: 'Lead', event_time: value }).path).toBe('event_time')
  })

  it('takes ten minutes of a fast clock and no more', () => {
    const seconds = NOW / 1_000
    expect(time(seconds + 600)).toBe(seconds + 600)
    expect(fault({ event_name: 'Lead', event_time: seconds + 601 }).message).toContain('in the future')
    expect(fault({ event_name: 'Lead', event_time: NOW }).message).toContain('milliseconds')
  })

  it('reads back every instant that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: NOW }), fc.integer({ min: -14 * 60, max: 14 * 60 }), (ms, offset) => {
        const shifted = new Date(ms + offset * 60_000).toISOString().slice(0, -1)
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
        expect(time(`${shifted}${zone}`)).toBe(Math.floor(ms / 1_000))
      }),
    )
  })
})

describe('an event without an id', () => {
  it('gets 32 hex digits of the hash over its canonical JSON', () => {
    const json =
      '{"action_source":"website","consent":{},"custom_data":{"coupon":"A","value":10},"event_name":"Purchase","user_data":{"email":"a@b.example"}}'
    const input = { event_name: 'Order Completed', custom_data: { value: 10, coupon: 'A' }, user_data: { email: 'a@b.example' } }
    expect(id(input)).toBe(createHash('sha256').update(json).digest('hex').slice(0, 32))
  })

  it('has the same id whatever the order of keys, the alias, the destinations, the test code and the time of receipt', () => {
    const first = id({ event_name: 'purchase', custom_data: { value: 1, currency: 'EUR' }, destinations: ['meta'] })
    expect(
      id({ custom_data: { currency: 'EUR', value: '1.0' }, event_name: 'Purchase', test_event_code: 'T', action_source: 'website' }),
    ).toBe(first)
    const later = parseEvent({ event_name: 'Purchase', custom_data: { value: 1, currency: 'EUR' } }, { receivedAt: NOW + 5_000 })
    expect(later.ok && later.event.event_id).toBe(first)
  })

  it('has another id when the time was given or the content differs', () => {
    const ids = [
      id({ event_name: 'Purchase' }),
      id({ event_name: 'Purchase', event_time: NOW / 1_000 }),
      id({ event_name: 'Purchase', event_time: NOW / 1_000 - 1 }),
      id({ event_name: 'Purchase', custom_data: { value: 1 } }),
      id({ event_name: 'Purchase', custom_data: { coupon: 'a' } }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('whatever comes', () => {
  const fields = [
    'event_id',
    'event_name',
    'event_time',
    'action_source',
    'event_source_url',
    'user_data',
    'custom_data',
    'consent',
    'app_data',
    'destinations',
    'test_event_code',
  ]

  it('never throws and answers with an event or one fault', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()), fc.anything()), (input) => {
        const result = parse(input)
        if (result.ok) expect(() => JSON.stringify(result.event)).not.toThrow()
        else expect(result.error).toMatchObject({ code: expect.any(String), message: expect.any(String), path: expect.any(String) })
      }),
      { numRuns: 1_000 },
    )
  })

  it('never repeats a value in a fault or a warning', () => {
    const canary = 'canary4711@shop.example'
    const value = fc.oneof(
      fc.constant<unknown>(canary),
      fc.constant([canary, canary]),
      fc.constant({ [canary]: canary }),
      fc.constant([{ [canary]: [canary] }]),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields, canary), value), (input) => {
        const result = parse(input)
        const told = result.ok ? JSON.stringify(result.warnings) : JSON.stringify({ ...result.error, event_id: undefined })
        expect(told).not.toContain('canary')
      }),
    )
  })
})
