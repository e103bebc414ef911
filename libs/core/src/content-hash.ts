import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ConversionEvent } from './event.ts'

const HASH_DIGITS = 32

/**
 * Stands in for an `event_id` that the producer did not give: the first 32 hex digits of the SHA-256 over the canonical JSON (RFC 8785) of the parsed
 * event. Keys of `custom_data.extra` stand beside the known ones, as the producer wrote them; where to and the test code are no content.
 */
export function contentHash(event: Omit<ConversionEvent, 'event_id' | 'event_time'>, givenEventTime: number | undefined): string {
  const { destinations: _where, test_event_code: _test, custom_data: custom, ...rest } = event
  const { extra, ...known } = custom
  const content = { ...rest, custom_data: { ...extra, ...known }, event_time: givenEventTime }
  return createHash('sha256')
    .update(canonicalize(content) ?? '')
    .digest('hex')
    .slice(0, HASH_DIGITS)
}
