import { describe, expect, it } from 'vitest'
import type { Platform } from '../contract.ts'
import { describeAnswers } from './conformance-answers.ts'
import { describePrivacy } from './conformance-privacy.ts'
import { preparedFor } from './events.ts'
import { accountOf, bodiesOf, type Fixtures } from './fixtures.ts'

function describeFacts<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  it('names a page and a day for each fact of the API', () => {
    for (const fact of [platform.api.version, platform.api.maxEventsPerRequest]) {
      expect(URL.canParse(fact.page)).toBe(true)
      expect(fact.read).toMatch(/^20\d\d-\d\d-\d\d$/)
    }
    expect(platform.api.maxEventsPerRequest.value).toBeGreaterThan(0)
    expect(platform.api.maxBodyBytes).toBeGreaterThan(64 * 1024)
    expect(platform.api.baseUrl).toMatch(/^https:\/\/.*[^/]$/)
    expect(platform.api.sunset ?? '2026-01-01').toMatch(/^20\d\d-\d\d-\d\d$/)
  })

  it('takes its own credentials and settings, and refuses empty ones with the field at fault', () => {
    expect(platform.credentials.safeParse(fixtures.credentials).success).toBe(true)
    expect(platform.settings.safeParse(fixtures.settings).success).toBe(true)
    for (const faults of [platform.credentials.safeParse({}), platform.settings.safeParse({})]) {
      expect(faults.success).toBe(false)
      expect(faults.error?.issues.every((issue) => issue.path.length > 0)).toBe(true)
    }
    expect(platform.accountKey(fixtures.settings)).not.toBe('')
  })
}

function describeExamples<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  it.each(fixtures.examples.map((example) => [example.name, example] as const))('example: %s', (_, example) => {
    expect(URL.canParse(example.page)).toBe(true)
    const settings = example.settings ?? fixtures.settings
    const { event, warnings } = preparedFor(platform, example.event, settings)
    const encoded = platform.encodeEvent(event, settings)
    if (encoded.kind === 'refused') expect({ refused: encoded.refusal.error.code }).toEqual({ refused: example.refused })
    else expect(encoded.body).toEqual(example.body)
    expect(example.body === null).toBe(encoded.kind === 'refused')
    if (example.warnings !== undefined) expect([...warnings, ...encoded.warnings]).toEqual(example.warnings)
  })
}

function describeRequests<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  const account = accountOf(fixtures)

  it('refuses one event and takes its neighbours', () => {
    const events = [fixtures.sendable, fixtures.unsendable.event, fixtures.sendable]
    const encoded = events.map((event) => platform.encodeEvent(preparedFor(platform, event, fixtures.settings).event, fixtures.settings))
    expect(encoded.map((one) => one.kind)).toEqual(['body', 'refused', 'body'])
    expect(encoded[1]).toMatchObject({ refusal: { error: { code: fixtures.unsendable.code } } })
  })

  it('keeps each event and its order, in an empty, a full and an oversized batch', () => {
    const limit = platform.api.maxEventsPerRequest.value
    for (const count of [0, 1, limit, limit + 1]) {
      const request = platform.encodeRequest(bodiesOf(platform, fixtures, count), account, undefined)
      expect(request.url.startsWith(account.baseUrl)).toBe(true)
      const ids = [...(request.body ?? '').matchAll(/event-(\d+)"/g)].map((match) => Number(match[1]))
      expect([...new Set(ids)]).toEqual(Array.from({ length: count }, (_, index) => index))
    }
  })

  it('encodes the same event the same way each time, so that a repeat is recognised', () => {
    expect(bodiesOf(platform, fixtures, 2)).toEqual(bodiesOf(platform, fixtures, 2))
  })

  it('names an instant until which it takes an event', () => {
    const { event } = preparedFor(platform, fixtures.sendable, fixtures.settings)
    expect(platform.acceptsUntil(event, fixtures.settings)).toBeGreaterThan(event.event_time * 1000)
  })
}

/**
 * What every platform has to do alike, whatever its API looks like: sourced facts, golden examples, one outcome per event in order, no
 * delivery by mistake, no secret and no raw identifier where none belongs.
 */
export function conformance<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  describe(`${platform.id}: conformance`, () => {
    describeFacts(platform, fixtures)
    describeExamples(platform, fixtures)
    describeRequests(platform, fixtures)
    describeAnswers(platform, fixtures)
    describePrivacy(platform, fixtures)
  })
}
