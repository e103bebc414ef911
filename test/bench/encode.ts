import { createHash } from 'node:crypto'
import type { ConversionEvent, PreparedEvent } from '@relay/core/event'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { PLATFORMS } from '@relay/platforms/registry'
import type { Contest } from './contest.ts'
import { benchConnection, parsedOrder, times } from './samples.ts'

const EVENTS = 20_000

/** Normalising, hashing and writing an event for a platform, held against hashing the same ten identifiers as they stand. */
export const encodeContests = (): Contest[] =>
  PLATFORM_IDS.map((platform) => ({
    name: `encode ${platform}`,
    work: 'identify (normalise and hash ten identifiers) and encode',
    baseline: 'SHA-256 of the ten identifiers as they stand',
    events: EVENTS,
    sides: { work: async () => ({ run: encodeAll(platform, sample()) }), baseline: async () => ({ run: hashAll(sample()) }) },
  }))

const sample = (): ConversionEvent[] => {
  const now = Date.now()
  return times(EVENTS, () => parsedOrder(now))
}

function encodeAll(platform: PlatformId, events: readonly ConversionEvent[]): () => void {
  const adapter = PLATFORMS[platform]
  const { settings } = benchConnection(platform)
  const receivedAt = Date.now()
  return () => {
    for (const event of events) {
      const { user_data: _raw, ...body } = event
      const prepared: PreparedEvent = { ...body, user: adapter.identify(event, { settings, receivedAt }).user }
      if (adapter.encodeEvent(prepared, settings).kind === 'refused') throw new Error(`${platform} refuses the sample`)
    }
  }
}

function hashAll(events: readonly ConversionEvent[]): () => void {
  const identifiers = events.map(({ user_data: user }) => Object.values(user).flat().map(String))
  return () => {
    for (const values of identifiers) for (const value of values) createHash('sha256').update(value).digest('hex')
  }
}
