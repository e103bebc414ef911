import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'
import { DEADLINE_MARGIN_MS } from '@relay/core/platform-defaults'
import type { Platform, Refusal } from '@relay/platforms/contract'
import { isFiltered } from './fan-out.ts'

/** What a platform makes of one event under a connection's settings. */
export interface Judgement {
  readonly prepared: PreparedEvent
  /** Until when the platform takes it, the margin taken off. */
  readonly deadlineAt: EpochMs
  /** What the platform would get; undefined where it gets nothing. */
  readonly body: JsonObject | undefined
  /** Why it gets nothing, by rule (`skip`) or for good (`reject`). */
  readonly refusal: Refusal | undefined
  readonly warnings: readonly FieldWarning[]
  /** The platform has no name of its own for this event. */
  readonly isUnmapped: boolean
}

interface On {
  readonly platform: Platform
  /** Time of receipt, and the instant by which the window is judged. */
  readonly receivedAt: EpochMs
}

/** What is filtered out needs no identifiers. */
const NOBODY: ReturnType<Platform['identify']> = { user: {}, warnings: [] }

/**
 * Pure. Normalises and hashes for the platform, and asks it whether it would take the event: the same for acceptance and for `relay preview`. Rules and
 * consent come first, since what must not be sent must not be kept either; then age, so that nothing is parked in vain; then what the platform would refuse.
 */
export function judgeEvent(event: ConversionEvent, settings: ConnectionSettings, on: On): Judgement {
  const { platform, receivedAt } = on
  const filtered = isFiltered(event, { settings })
  const identified = filtered ? NOBODY : platform.identify(event, { settings, receivedAt })
  const prepared = prepare(event, identified.user, settings)
  const deadlineAt = platform.acceptsUntil(prepared, settings) - DEADLINE_MARGIN_MS
  if (filtered) {
    const error = { code: 'EVENT_FILTERED', message: "The connection's event filter leaves this event out" } as const
    return { prepared, deadlineAt, body: undefined, refusal: { kind: 'skip', error }, warnings: [], isUnmapped: false }
  }
  const encoded = platform.encodeEvent(prepared, settings)
  const mapped = platform.mapEvent(event.event_name, settings)
  const given = encoded.kind === 'refused' ? encoded.refusal : undefined
  const refusal = given?.kind === 'skip' ? given : (tooOld(deadlineAt, receivedAt) ?? given)
  return {
    prepared,
    deadlineAt,
    body: refusal === undefined && encoded.kind === 'body' ? encoded.body : undefined,
    refusal,
    warnings: [...identified.warnings, ...encoded.warnings],
    isUnmapped: mapped.kind === 'none' || mapped.unmapped,
  }
}

/** Without `user_data`, which goes no further than here, and with the connection's test code where the event has none. */
function prepare(event: ConversionEvent, user: PreparedEvent['user'], settings: ConnectionSettings): PreparedEvent {
  const { user_data: _raw, destinations: _where, test_event_code: given, ...body } = event
  const testCode = given ?? settings.test_event_code
  return { ...body, ...(testCode === undefined ? {} : { test_event_code: testCode }), user }
}

function tooOld(deadlineAt: EpochMs, receivedAt: EpochMs): Refusal | undefined {
  if (deadlineAt > receivedAt) return undefined
  return { kind: 'reject', error: { code: 'EVENT_TOO_OLD', message: 'The event is older than the platform takes', path: 'event_time' } }
}
