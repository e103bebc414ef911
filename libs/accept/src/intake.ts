import type { Connection } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import type { BatchId, PlatformId } from '@relay/core/ids'
import { type EventLimits, parseEvent } from '@relay/core/parse-event'
import type { EpochMs } from '@relay/core/clock'
import type { Platform } from '@relay/platforms/contract'
import type { EventError } from './accept-result.ts'
import { admit, type Verdict } from './admit.ts'
import { cleanUrls } from './clean-urls.ts'
import { fanOut } from './fan-out.ts'

/** One event as it came in: a value of unknown shape, or a piece of text that was no JSON. */
export type Incoming = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

/** A good event with what each of its connections makes of it, not yet stored. */
export interface Candidate {
  readonly kind: 'candidate'
  readonly index: number
  readonly eventId: string
  readonly eventName: string
  readonly verdicts: readonly Verdict[]
  /** Of the event itself; those of the platforms stand in the verdicts. */
  readonly warnings: readonly FieldWarning[]
  /** Names of `destinations` behind which nothing is enabled. */
  readonly unreached: readonly string[]
}

export type Intake = Candidate | { readonly kind: 'refused'; readonly error: EventError }

export type ReadEvent =
  | { readonly ok: true; readonly event: ConversionEvent; readonly warnings: readonly FieldWarning[] }
  | { readonly ok: false; readonly error: Omit<EventError, 'index'> }

export interface IntakeContext {
  readonly receivedAt: EpochMs
  readonly batchId: BatchId
  readonly limits: EventLimits
  readonly connections: readonly Connection[]
  readonly platforms: Readonly<Record<PlatformId, Platform>>
  readonly defaultCountry: string | undefined
  /** Deliveries then carry their event's position, so that whoever ends them can tell. */
  readonly isTracked: boolean
}

/** Pure. One event as text or as a value, parsed and with clean URLs. */
export function readIncoming(incoming: Incoming, on: Pick<IntakeContext, 'receivedAt' | 'limits'>): ReadEvent {
  if (!incoming.ok) return { ok: false, error: { event_id: null, code: 'INVALID_EVENT', message: incoming.message, path: '' } }
  const parsed = parseEvent(incoming.value, on)
  if (!parsed.ok) {
    const { code, message, path, event_id: eventId } = parsed.error
    return { ok: false, error: { event_id: eventId ?? null, code, message, path } }
  }
  const { event, warnings } = cleanUrls(parsed.event)
  return { ok: true, event, warnings: [...parsed.warnings, ...warnings] }
}

/** Pure. One event through parsing, fan-out and admission. Too old for every destination is a fault of the event: nothing of it is stored. */
export function takeIn(incoming: Incoming, index: number, context: IntakeContext): Intake {
  const read = readIncoming(incoming, context)
  if (!read.ok) return refuse({ index, ...read.error })
  const { event, warnings } = read
  const destinations = fanOut(event, context.connections)
  if (destinations.kind === 'nowhere') {
    const { message, path } = destinations
    return refuse({ index, event_id: event.event_id, code: 'NO_DESTINATION', message, path })
  }
  const verdicts = destinations.connections.map((connection) => judge(event, connection, index, context))
  if (verdicts.every(({ reason }) => reason?.code === 'EVENT_TOO_OLD')) {
    const message = 'event_time is further back than any of its destinations takes: send events within days, or check the time'
    return refuse({ index, event_id: event.event_id, code: 'EVENT_TOO_OLD', message, path: 'event_time' })
  }
  return {
    kind: 'candidate',
    index,
    eventId: event.event_id,
    eventName: event.event_name,
    verdicts,
    warnings,
    unreached: destinations.unreached,
  }
}

const refuse = (error: EventError): Intake => ({ kind: 'refused', error })

function judge(event: ConversionEvent, connection: Connection, index: number, context: IntakeContext): Verdict {
  const { platforms, receivedAt, batchId, defaultCountry, isTracked } = context
  const batchIndex = isTracked ? index : undefined
  return admit(event, connection, { platform: platforms[connection.platform], receivedAt, batchId, batchIndex, defaultCountry })
}
