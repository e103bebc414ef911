import { parseDurationMs } from '@relay/core/duration'
import type { EpochMs } from '@relay/core/clock'
import { isPlatformId, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { InvalidArgumentError } from 'commander'

/* Readers of option values: the value, or commander's error with what would have been right. */

export function readPlatform(text: string): PlatformId {
  if (isPlatformId(text)) return text
  throw new InvalidArgumentError(`Known platforms are ${PLATFORM_IDS.join(', ')}.`)
}

export function readCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

/** A duration means that long ago; else an ISO 8601 instant with its zone. */
export function readInstant(now: EpochMs): (text: string) => EpochMs {
  return (text) => {
    const agoMs = parseDurationMs(text)
    if (agoMs !== undefined) return now - agoMs
    const instant = Date.parse(text)
    if (/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) && !Number.isNaN(instant)) return instant
    throw new InvalidArgumentError(
      'It must be a duration such as 30s, 5m, 2h, 3d (that long ago) or an instant such as 2026-11-24T14:00:00Z.',
    )
  }
}
