import type { EpochMs } from '@relay/core/clock'
import type { Connection, ConnectionSettings } from '@relay/core/connection'
import { type Delivery, deliveryIdOf } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import type { ConversionEvent, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { BatchId } from '@relay/core/ids'
import { DEADLINE_MARGIN_MS } from '@relay/core/platform-defaults'
import type { Platform } from '@relay/platforms/contract'
import type { Admission } from '@relay/queue/enqueue'
import { isFiltered } from './fan-out.ts'

/** What becomes of one event at one connection, as far as it is known at acceptance. */
export interface Verdict {
  readonly admission: Admission
  readonly connection: Connection
  /** Why it is not queued; undefined where it is. */
  readonly reason: ErrorDetail | undefined
  readonly warnings: readonly FieldWarning[]
  /** The platform has no name of its own for this event. */
  readonly isUnmapped: boolean
}

interface On {
  readonly platform: Platform
  readonly receivedAt: EpochMs
  readonly batchId: BatchId
  /** Of the tenant, where the connection has none of its own. */
  readonly defaultCountry: string | undefined
}

/**
 * Pure. Normalises and hashes for the connection's platform, and asks the platform whether it would take the event. Rules and consent come first, since what
 * must not be sent must not be kept either; then age, so that nothing is parked in vain; then what the platform would refuse; then the state of the connection.
 */
export function admit(event: ConversionEvent, connection: Connection, on: On): Verdict {
  const { platform, receivedAt } = on
  const settings = withDefaultCountry(connection.settings, on.defaultCountry)
  const filtered = isFiltered(event, connection)
  const identified = filtered ? NOBODY : platform.identify(event, { settings, receivedAt })
  const prepared = prepare(event, identified.user, settings)
  const deadlineAt = platform.acceptsUntil(prepared, settings) - DEADLINE_MARGIN_MS
  const delivery: Delivery = {
    id: deliveryIdOf({
      tenantId: connection.tenantId,
      connectionId: connection.id,
      eventName: prepared.event_name,
      eventId: prepared.event_id,
      testEventCode: prepared.test_event_code,
    }),
    tenantId: connection.tenantId,
    connectionId: connection.id,
    platform: connection.platform,
    batchId: on.batchId,
    receivedAt,
    deadlineAt,
    event: prepared,
  }
  if (filtered) {
    const reason: ErrorDetail = { code: 'EVENT_FILTERED', message: "The connection's event filter leaves this event out" }
    return { admission: { kind: 'skip', delivery }, connection, reason, warnings: [], isUnmapped: false }
  }
  const encoded = platform.encodeEvent(prepared, settings)
  const warnings = [...identified.warnings, ...encoded.warnings]
  const mapped = platform.mapEvent(event.event_name, settings)
  const isUnmapped = mapped.kind === 'none' || mapped.unmapped
  const refusal = encoded.kind === 'refused' ? encoded.refusal : undefined
  if (refusal?.kind === 'skip') return { admission: { kind: 'skip', delivery }, connection, reason: refusal.error, warnings, isUnmapped }
  const error = tooOld(deadlineAt, receivedAt) ?? refusal?.error ?? parked(connection)
  const admission: Admission = error === undefined ? { kind: 'queue', delivery } : { kind: 'dead', delivery, error }
  return { admission, connection, reason: error, warnings, isUnmapped }
}

/** What is filtered out needs no identifiers. */
const NOBODY: ReturnType<Platform['identify']> = { user: {}, warnings: [] }

const withDefaultCountry = (settings: ConnectionSettings, country: string | undefined): ConnectionSettings =>
  settings.default_country === undefined && country !== undefined ? { ...settings, default_country: country } : settings

/** Without `user_data`, which goes no further than here, and with the connection's test code where the event has none. */
function prepare(event: ConversionEvent, user: PreparedEvent['user'], settings: ConnectionSettings): PreparedEvent {
  const { user_data: _raw, destinations: _where, test_event_code: given, ...body } = event
  const testCode = given ?? settings.test_event_code
  return { ...body, ...(testCode === undefined ? {} : { test_event_code: testCode }), user }
}

function tooOld(deadlineAt: EpochMs, receivedAt: EpochMs): ErrorDetail | undefined {
  if (deadlineAt > receivedAt) return undefined
  return { code: 'EVENT_TOO_OLD', message: 'The event is older than the platform takes', path: 'event_time' }
}

/** A connection in error gets no request: what is meant for it waits as a letter until it is reconnected. */
function parked({ status }: Connection): ErrorDetail | undefined {
  return status.state === 'error' ? ({ code: status.code, message: status.message } as ErrorDetail) : undefined
}
