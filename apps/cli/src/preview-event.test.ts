import { createHash } from 'node:crypto'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import { WARNING_REASONS } from '@relay/core/event'
import { endpointsOf } from '@relay/delivery/endpoints'
import { PLATFORMS } from '@relay/platforms/registry'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventPreview, previewEvent } from './preview-event.ts'
import { readSettings } from './preview-settings.ts'
import { redactedAccount } from './redacted-request.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const EVENT = {
  event_name: 'Purchase',
  event_id: 'order-1001',
  user_data: { email: ' Anna@Example.com ', phone: '030 901820', country: 'DE' },
  custom_data: { value: 19.9, currency: 'EUR' },
}

interface Given {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly withRequest?: true
}

function previewText(platformId: PlatformId, text: string, { settings: given = {}, withRequest }: Given = {}): EventPreview {
  const platform = PLATFORMS[platformId]
  const read = readSettings(platform, given)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const connection = { id: 'con_preview' as ConnectionId, settings: read.settings, credentialsSavedAt: 0 }
  const account = withRequest === undefined ? undefined : redactedAccount(platform, connection, endpointsOf(platform, {}))
  return previewEvent({ kind: 'text', text }, { platform, settings: read.settings, account }, NOW)
}

const preview = (platform: PlatformId, event: unknown, given: Given = {}): EventPreview =>
  previewText(platform, JSON.stringify(event), given)

describe('what would be sent', () => {
  it.each(PLATFORM_IDS)('%s gets an event without any settings', (platform) => {
    const { event, ...rest } = preview(platform, EVENT)
    expect(event).not.toBeNull()
    expect(rest).toEqual({ platform, refused: null, warnings: [] })
  })

  it('is normalised and hashed by the rules of the platform', () => {
    expect(preview('meta', EVENT).event).toMatchObject({
      event_time: NOW / 1_000,
      user_data: { em: [sha256('anna@example.com')], ph: [sha256('4930901820')] },
    })
    expect(preview('tiktok', EVENT).event).toMatchObject({ user: { phone: [sha256('+4930901820')], country: 'de' } })
  })

  it('counts the instant as the time of receipt, for the content hash too', () => {
    const { event_id: _id, ...withoutId } = EVENT
    expect(preview('meta', withoutId)).toEqual(preview('meta', withoutId))
    expect(preview('meta', withoutId).event).toMatchObject({ event_id: expect.stringMatching(/^[\da-f]{32}$/) as string })
  })

  it('shows the whole request with secrets hidden, where asked for', () => {
    const { request, event } = preview('snapchat', { ...EVENT, test_event_code: 'T1' }, { withRequest: true, settings: { pixel_id: 'px' } })
    expect(request).toEqual({
      method: 'POST',
      url: 'https://tr.snapchat.com/v3/px/events?access_token=***',
      headers: { 'content-type': 'application/json' },
      body: { data: [event], test_event_code: 'T1' },
    })
    expect(preview('google', EVENT, { withRequest: true }).request?.headers).toMatchObject({ Authorization: 'Bearer ***' })
    expect(preview('google', EVENT)).not.toHaveProperty('request')
    expect(preview('google', 1, { withRequest: true }).request).toBeNull()
  })

  it("takes the connection's test code where the event has none", () => {
    const { request } = preview('google', EVENT, { withRequest: true, settings: { test_event_code: 'T' } })
    expect(request?.body).toMatchObject({ validateOnly: true })
  })

  it('cuts what may name a person out of URLs', () => {
    const { event, warnings } = preview('meta', { ...EVENT, event_source_url: 'https://shop.example/?a=1&mail=anna@example.com' })
    expect(event).toMatchObject({ event_source_url: 'https://shop.example/?a=1' })
    expect(warnings).toEqual([{ field: 'event_source_url', reason: 'PERSONAL_DATA_IN_URL' }])
  })

  it('warns once of what is left out, by path and reason', () => {
    const user = { ...EVENT.user_data, email: ['anna@example.com', 7.5, 'no address'], shoe_size: 39 }
    expect(preview('meta', { ...EVENT, user_data: user }).warnings).toEqual([
      { field: 'user_data.email[1]', reason: 'INVALID_VALUE' },
      { field: 'user_data.shoe_size', reason: 'UNKNOWN_FIELD' },
      { field: 'user_data.email[2]', reason: 'INVALID_EMAIL' },
    ])
  })

  it("never repeats a key that may be somebody's data", () => {
    for (const platform of PLATFORM_IDS) {
      const { warnings } = preview(platform, { ...EVENT, custom_data: { ...EVENT.custom_data, 'anna@example.com': { deep: 1 } } })
      expect(JSON.stringify(warnings)).not.toContain('anna')
    }
  })
})

describe('what would not be sent', () => {
  const cases: [name: string, platform: PlatformId, event: unknown, code: string, path: string | undefined, settings?: object][] = [
    ['no object', 'meta', [EVENT], 'INVALID_EVENT', ''],
    ['an unknown field', 'meta', { ...EVENT, event_tme: 1 }, 'INVALID_EVENT', 'event_tme'],
    ['a currency that is none', 'meta', { ...EVENT, custom_data: { currency: 'euro' } }, 'INVALID_EVENT', 'custom_data.currency'],
    ['an event over 64 KiB', 'meta', { ...EVENT, custom_data: { text: 'x'.repeat(65_536) } }, 'PAYLOAD_TOO_LARGE', ''],
    ['nobody to match', 'snapchat', { ...EVENT, user_data: { external_id: 'u1' } }, 'IDENTITY_MISSING', 'user_data'],
    ['denied consent', 'tiktok', { ...EVENT, consent: { ad_user_data: 'DENIED' } }, 'CONSENT_DENIED', undefined],
    ['consent that is demanded', 'google', EVENT, 'CONSENT_MISSING', undefined, { require_consent: true }],
    ['a canonical name without use', 'tiktok', { ...EVENT, event_name: 'page_view' }, 'EVENT_UNMAPPED', undefined],
    ['a custom name at Google', 'google', { ...EVENT, event_name: 'my_event' }, 'EVENT_UNMAPPED', undefined],
    ["a connection's filter", 'meta', EVENT, 'EVENT_FILTERED', undefined, { only_events: ['Lead'] }],
    ['other platforms alone', 'meta', { ...EVENT, destinations: ['google', 'tiktok'] }, 'NO_DESTINATION', 'destinations'],
  ]
  it.each(cases)('%s (%s)', (_name, platform, event, code, path, settings = {}) => {
    const { event: body, refused } = preview(platform, event, { settings: { ...settings } })
    expect(body).toBeNull()
    expect(refused).toMatchObject({ code, message: expect.any(String) as string })
    expect(refused?.path).toBe(path)
  })

  it('the same platform, or a connection that may be this one, is no other platform', () => {
    expect(preview('meta', { ...EVENT, destinations: ['google', 'meta'] }).refused).toBeNull()
    expect(preview('meta', { ...EVENT, destinations: ['con_x'] }).refused).toBeNull()
  })

  it.each([
    ['meta', 7, {}],
    ['tiktok', 7, {}],
    ['snapchat', 7, {}],
    ['google', 63, {}],
    ['tiktok', 28, { event_source: 'offline' }],
  ] as const)('at %s an event of %d days, with the margin of 5 minutes', (platform, days, settings) => {
    const last = NOW / 1_000 - days * 86_400 + 5 * 60
    expect(preview(platform, { ...EVENT, event_time: last + 1 }, { settings }).refused).toBeNull()
    expect(preview(platform, { ...EVENT, event_time: last }, { settings }).refused).toMatchObject({
      code: 'EVENT_TOO_OLD',
      path: 'event_time',
    })
  })

  it('is said of a line that is no JSON, no UTF-8 or too long, and never with its words', () => {
    expect(previewText('meta', '{"event_name":"anna@example.com"').refused).toEqual({
      code: 'INVALID_EVENT',
      message: 'The line is not JSON: send one event per line',
      path: '',
    })
    const context = { platform: PLATFORMS.meta, settings: {}, account: undefined }
    expect(previewEvent({ kind: 'not-utf8' }, context, NOW).refused).toMatchObject({ code: 'INVALID_EVENT', path: '' })
    expect(previewEvent({ kind: 'too-long', maxBytes: 10 }, context, NOW).refused).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', path: '' })
  })
})

describe('whatever comes', () => {
  const user = fc.dictionary(fc.constantFrom(...Object.keys(EVENT.user_data), 'zip', 'fbc', 'client_ip_address'), fc.json({ maxDepth: 1 }))
  const event = fc.record(
    {
      event_name: fc.constantFrom('Purchase', 'PageView', 'x'),
      user_data: user.map((fields) => Object.fromEntries(Object.entries(fields).map(([key, json]) => [key, JSON.parse(json) as unknown]))),
      custom_data: fc.object({ maxDepth: 2 }),
      event_source_url: fc.webUrl({ withQueryParameters: true }),
    },
    { requiredKeys: ['event_name'] },
  )

  it('one answer of the one shape, with a reason of the list, and never an exception', () => {
    const reasons: ReadonlySet<string> = new Set(WARNING_REASONS)
    fc.assert(
      fc.property(fc.constantFrom(...PLATFORM_IDS), fc.oneof(event, fc.anything()), (platform, given) => {
        const answer = previewText(platform, JSON.stringify(given) ?? '')
        expect(Object.keys(answer)).toEqual(['platform', 'event', 'refused', 'warnings'])
        expect(answer.event === null).toBe(answer.refused !== null)
        expect(answer.refused?.code).not.toBe('INTERNAL')
        expect(answer.warnings.filter(({ reason }) => !reasons.has(reason))).toEqual([])
      }),
    )
  })
})
