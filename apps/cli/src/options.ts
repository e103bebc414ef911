import { parseDurationMs } from '@relay/core/duration'
import type { EpochMs } from '@relay/core/clock'
import { isPlatformId, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { InvalidArgumentError } from 'commander'
import { oneLine } from './print.ts'

/* Readers of option values: the value, or commander's error with what would have been right. */

/** `meta, google, tiktok or snapchat`, for help texts. */
export const PLATFORM_CHOICE = `${PLATFORM_IDS.slice(0, -1).join(', ')} or ${PLATFORM_IDS.at(-1)}`

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

export function readDuration(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('It must be a duration such as 30s, 10m, 2h, 3d.')
}

/** A duration means so long from now; else an ISO 8601 instant with its zone. It may be over: who asks knows what that means. */
export function readComingInstant(now: EpochMs): (text: string) => EpochMs {
  return (text) => {
    const fromNowMs = parseDurationMs(text)
    if (fromNowMs !== undefined) return now + fromNowMs
    const instant = Date.parse(text)
    if (/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) && !Number.isNaN(instant)) return instant
    throw new InvalidArgumentError('It must be an instant such as 2026-11-24T14:00:00Z or a duration such as 30m, 2h (from now).')
  }
}

const PER_MINUTE = { s: 60, min: 1, h: 1 / 60 } as const
/** More than a platform would ever take, and than this program can send: a slip of the finger. */
const MOST_PER_MINUTE = 10_000_000

/** `500/min`, `10/s`, `30000/h` → events a minute. */
export function readRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(text.trim())
  if (match === null) throw new InvalidArgumentError('It must be a number of events in a time: 500/min, 10/s or 30000/h.')
  const eventsPerMinute = Number(match[1]) * PER_MINUTE[match[2] as keyof typeof PER_MINUTE]
  if (eventsPerMinute <= 0) throw new InvalidArgumentError('It must be above 0. To send nothing at all: relay queues pause PLATFORM.')
  if (eventsPerMinute > MOST_PER_MINUTE) throw new InvalidArgumentError(`It must be at most ${MOST_PER_MINUTE}/min.`)
  return eventsPerMinute
}

const MOST_TEXT = 200

/** A reason that is shown to others: one line, not empty, at most 200 characters. */
export function readReason(text: string): string {
  const line = oneLine(text).trim()
  if (line !== '' && line.length <= MOST_TEXT) return line
  throw new InvalidArgumentError(`It must be a text of 1 to ${MOST_TEXT} characters.`)
}
