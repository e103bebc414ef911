import type { ConnectionSettings } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import { expect, test } from 'vitest'
import { PLATFORMS } from './registry.ts'
import { nearestSunset, sunsetSentence } from './sunset.ts'

const NOW = Date.UTC(2027, 9, 2, 12)
const { api } = PLATFORMS.google
const connection = (settings: ConnectionSettings, platform: PlatformId = 'google') => ({ platform, settings })

test('an API that no connection uses ends unnoticed', () => {
  expect(nearestSunset(api, [], 'google', NOW)).toBeUndefined()
  expect(nearestSunset(api, [connection({}), connection({ api: 'ads' }, 'meta')], 'google', NOW)).toBeUndefined()
})

test('one connection that uses it is enough', () => {
  const sunset = nearestSunset(api, [connection({ api: 'data_manager' }), connection({ api: 'ads' })], 'google', NOW)
  expect(sunset).toEqual({ what: 'Google Ads API v26', on: '2027-11-01', days: 29 })
  expect(sunsetSentence(sunset!)).toBe('Google Ads API v26 is switched off on 2027-11-01, in 29 days')
})

test('of two the nearer one counts, and the main API counts only where it is used', () => {
  const facts = { ...api, sunset: '2027-10-12' }
  const both = [connection({}), connection({ api: 'ads' })]
  expect(nearestSunset(facts, both, 'google', NOW)).toMatchObject({ what: 'google API v1', days: 9 })
  expect(nearestSunset(facts, [connection({ api: 'ads' })], 'google', NOW)).toMatchObject({ on: '2027-11-01' })
  expect(nearestSunset(facts, [], 'google', NOW)).toMatchObject({ on: '2027-10-12' })
})

test('what is over says so', () => {
  const sunset = nearestSunset(api, [connection({ api: 'ads' })], 'google', Date.UTC(2027, 11, 1))
  expect(sunset!.days).toBeLessThan(0)
  expect(sunsetSentence(sunset!)).toContain('was switched off on 2027-11-01')
})
