import { type Incoming, readIncoming } from '@relay/accept/intake'
import { judgeEvent } from '@relay/accept/judge-event'
import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import { isPlatformId, type PlatformId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import { DEFAULT_EVENT_LIMITS } from '@relay/core/parse-event'
import type { Account, Platform } from '@relay/platforms/contract'
import type { NdjsonLine } from './ndjson-lines.ts'
import { type RequestView, viewRequest } from './redacted-request.ts'

interface RefusedEvent {
  readonly code: string
  readonly message: string
  /** The field at fault, empty where it is the line as a whole; absent where no field is. */
  readonly path?: string
}

/** What is printed of one event. */
export interface EventPreview {
  readonly platform: PlatformId
  /** The body that the platform would get; null where it gets nothing. */
  readonly event: JsonObject | null
  /** The whole request with this event alone in it; absent where nobody asked. */
  readonly request?: RequestView | null
  readonly refused: RefusedEvent | null
  readonly warnings: readonly FieldWarning[]
}

export interface PreviewContext {
  readonly platform: Platform
  readonly settings: ConnectionSettings
  /** With secrets hidden; given where the request is to be shown. */
  readonly account: Account | undefined
}

/** Pure. One line through all that acceptance and delivery would do with it at this instant, for one connection. */
export function previewEvent(line: NdjsonLine, context: PreviewContext, now: EpochMs): EventPreview {
  try {
    return preview(line, context, now)
  } catch {
    // The error's own words may hold what it choked on.
    return refusedAs(context, { code: 'INTERNAL', message: 'The event could not be processed, which is a fault of ours' }, [])
  }
}

function preview(line: NdjsonLine, context: PreviewContext, now: EpochMs): EventPreview {
  if (line.kind === 'too-long') {
    const message = `The line is larger than ${line.maxBytes} bytes: leave out what no platform needs`
    return refusedAs(context, { code: 'PAYLOAD_TOO_LARGE', message, path: '' }, [])
  }
  const read = readIncoming(asIncoming(line), { receivedAt: now, limits: DEFAULT_EVENT_LIMITS })
  if (!read.ok) return refusedAs(context, viewOf(read.error), [])
  const { platform, settings, account } = context
  if (leadsElsewhere(read.event, platform.id)) {
    const message = `destinations names other platforms than ${platform.id}`
    return refusedAs(context, { code: 'NO_DESTINATION', message, path: 'destinations' }, read.warnings)
  }
  const judged = judgeEvent(read.event, settings, { platform, receivedAt: now })
  const warnings = joined(read.warnings, judged.warnings)
  if (judged.body === undefined) return refusedAs(context, viewOf(judged.refusal!.error), warnings)
  const request =
    account === undefined ? {} : { request: viewRequest(platform.encodeRequest([judged.body], account, judged.prepared.test_event_code)) }
  return { platform: platform.id, event: judged.body, ...request, refused: null, warnings }
}

function asIncoming(line: Exclude<NdjsonLine, { kind: 'too-long' }>): Incoming {
  if (line.kind === 'not-utf8') return { ok: false, message: 'The line is not UTF-8: send UTF-8' }
  try {
    return { ok: true, value: JSON.parse(line.text) }
  } catch {
    // The parser's own words quote the text.
    return { ok: false, message: 'The line is not JSON: send one event per line' }
  }
}

const refusedAs = ({ platform, account }: PreviewContext, refused: RefusedEvent, warnings: readonly FieldWarning[]): EventPreview => ({
  platform: platform.id,
  event: null,
  ...(account === undefined ? {} : { request: null }),
  refused,
  warnings,
})

const viewOf = ({ code, message, path }: RefusedEvent): RefusedEvent => ({ code, message, ...(path === undefined ? {} : { path }) })

/** Ids of connections may be this one's, for all that is known here. */
const leadsElsewhere = ({ destinations }: ConversionEvent, platform: PlatformId): boolean =>
  destinations !== undefined && destinations.every((name) => isPlatformId(name) && name !== platform)

/** What the parser left out, a platform finds empty: it is told once. */
function joined(ofParser: readonly FieldWarning[], ofPlatform: readonly FieldWarning[]): readonly FieldWarning[] {
  if (ofParser.length === 0) return ofPlatform
  const told = new Set(ofParser.map(({ field }) => field))
  return [...ofParser, ...ofPlatform.filter(({ field }) => !told.has(field))]
}
