import type { ConversionEvent } from '@relay/core/event'
import { describe, expect, it } from 'vitest'
import { fanOut, isFiltered } from './fan-out.ts'
import { buildConnection, inError } from './testing/fake-platform.ts'

const event = (changes: Partial<ConversionEvent> = {}): ConversionEvent => ({
  event_id: 'e',
  event_name: 'Purchase',
  event_time: 0,
  action_source: 'website',
  user_data: {},
  custom_data: {},
  consent: {},
  ...changes,
})

const meta = buildConnection('meta')
const second = buildConnection('meta', { id: 'c_second' })
const google = buildConnection('google', { status: inError })
const tiktok = buildConnection('tiktok', { status: { state: 'disabled', since: 0 } })
const all = [meta, second, google, tiktok]

const ids = (names?: readonly string[]): readonly string[] | string => {
  const result = fanOut(event(names === undefined ? {} : { destinations: names }), all)
  return result.kind === 'to' ? result.connections.map(({ id }) => id) : result.path
}

describe('where an event goes', () => {
  it('goes to all enabled connections, those in error among them, where it names none', () => {
    expect(ids()).toEqual(['c_meta', 'c_second', 'c_google'])
  })

  it('goes to all of a platform, to single connections, and to each but once', () => {
    expect(ids(['meta'])).toEqual(['c_meta', 'c_second'])
    expect(ids(['c_second', 'meta', 'google'])).toEqual(['c_meta', 'c_second', 'c_google'])
  })

  it('is refused as a whole for one bad name', () => {
    expect(ids(['meta', 'c_of_another_tenant'])).toBe('destinations[1]')
    expect(ids(['Meta'])).toBe('destinations[0]')
  })

  it('is refused where nothing that it names is enabled', () => {
    expect(ids(['tiktok'])).toBe('destinations')
    expect(ids(['snapchat', 'c_tiktok'])).toBe('destinations')
    expect(ids([])).toBe('destinations')
    expect(fanOut(event(), [tiktok])).toMatchObject({ kind: 'nowhere', path: '' })
  })

  it('goes on without what is named and switched off, and says so', () => {
    expect(fanOut(event({ destinations: ['meta', 'tiktok'] }), all)).toMatchObject({ kind: 'to', unreached: ['tiktok'] })
  })
})

const filtered = (settings: Parameters<typeof buildConnection>[1] & object): boolean =>
  isFiltered(event(), buildConnection('meta', settings))

describe('the event filter', () => {
  it('compares canonical names and action sources', () => {
    expect(filtered({})).toBe(false)
    expect(filtered({ settings: { only_events: ['purchase'] } })).toBe(false)
    expect(filtered({ settings: { only_events: ['Lead'] } })).toBe(true)
    expect(filtered({ settings: { only_action_sources: ['app'] } })).toBe(true)
    expect(filtered({ settings: { only_events: ['Purchase'], only_action_sources: ['website'] } })).toBe(false)
  })
})
