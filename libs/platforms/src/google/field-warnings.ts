import type { JsonObject, JsonValue } from '@relay/core/json'
import type { PlatformWarning } from '@relay/core/outcome'
import { indexIn, nameOf, objectsOf, pathOf, textOf } from './error-body.ts'

/**
 * `fieldWarnings` of a 200, by the position of the event that each is about: the event is taken without the part named (Data Manager API,
 * `google/ads/datamanager/v1/processing_errors.proto`, read 2026-11-24). One that names no event of the request is kept with the first.
 */
export function warningsByEvent(list: JsonValue | undefined, count: number): ReadonlyMap<number, readonly PlatformWarning[]> {
  const byEvent = new Map<number, PlatformWarning[]>()
  for (const entry of objectsOf(list)) {
    const event = indexIn('events', textOf(entry['field']) ?? '')
    const at = event !== undefined && event < count ? event : 0
    const warnings = byEvent.get(at)
    if (warnings === undefined) byEvent.set(at, [warningOf(entry)])
    else warnings.push(warningOf(entry))
  }
  return byEvent
}

const warningOf = (entry: JsonObject): PlatformWarning => ({
  reason: nameOf(entry['reason']) ?? 'WARNING_REASON_UNSPECIFIED',
  field: pathOf(entry['field']),
})
