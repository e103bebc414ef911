import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import { conversionKey } from './ads/encode.ts'
import { MAX_DESTINATIONS } from './api.ts'
import { referenceOf } from './destinations.ts'

/**
 * The requests that these bodies make. Google Ads API: a conversion stands in a request once, the second of its key goes with the second
 * request. Data Manager API: at most 10 conversion actions in one.
 */
export function separate(bodies: readonly JsonObject[], settings: ConnectionSettings): readonly (readonly number[])[] {
  const requestOf = settings.api === 'ads' ? byOccurrence(conversionKey) : byDistinct((body) => referenceOf(body) ?? '', MAX_DESTINATIONS)
  const requests: number[][] = []
  for (const [position, body] of bodies.entries()) (requests[requestOf(body)] ??= []).push(position)
  return requests
}

function byOccurrence(keyOf: (body: JsonObject) => string): (body: JsonObject) => number {
  const seen = new Map<string, number>()
  return (body) => {
    const key = keyOf(body)
    const before = seen.get(key) ?? 0
    seen.set(key, before + 1)
    return before
  }
}

function byDistinct(keyOf: (body: JsonObject) => string, most: number): (body: JsonObject) => number {
  const places = new Map<string, number>()
  return (body) => {
    const key = keyOf(body)
    if (!places.has(key)) places.set(key, places.size)
    return Math.floor(places.get(key)! / most)
  }
}
