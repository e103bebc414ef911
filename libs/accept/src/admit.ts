import type { Connection, ConnectionSettings } from '@relay/core/connection'
import { type Delivery, deliveryIdOf } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import type { EpochMs } from '@relay/core/clock'
import type { BatchId } from '@relay/core/ids'
import type { Platform } from '@relay/platforms/contract'
import type { Admission } from '@relay/queue/enqueue'
import { judgeEvent } from './judge-event.ts'

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
  /** The event's position in its request, where the batch is tracked. */
  readonly batchIndex?: number | undefined
  /** Of the tenant, where the connection has none of its own. */
  readonly defaultCountry: string | undefined
}

/** Pure. The platform's judgement of an event as a delivery to be queued, skipped or buried; last comes the state of the connection. */
export function admit(event: ConversionEvent, connection: Connection, on: On): Verdict {
  const { platform, receivedAt } = on
  const settings = withDefaultCountry(connection.settings, on.defaultCountry)
  const { prepared, deadlineAt, refusal, warnings, isUnmapped } = judgeEvent(event, settings, { platform, receivedAt })
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
    ...(on.batchIndex === undefined ? {} : { batchIndex: on.batchIndex }),
    receivedAt,
    deadlineAt,
    event: prepared,
  }
  if (refusal?.kind === 'skip') {
    const { error } = refusal
    return { admission: { kind: 'skip', delivery, error }, connection, reason: error, warnings, isUnmapped }
  }
  const error = refusal?.error ?? parked(connection)
  const admission: Admission = error === undefined ? { kind: 'queue', delivery } : { kind: 'dead', delivery, error }
  return { admission, connection, reason: error, warnings, isUnmapped }
}

const withDefaultCountry = (settings: ConnectionSettings, country: string | undefined): ConnectionSettings =>
  settings.default_country === undefined && country !== undefined ? { ...settings, default_country: country } : settings

/** A connection in error gets no request: what is meant for it waits as a letter until it is reconnected. */
function parked({ status }: Connection): ErrorDetail | undefined {
  return status.state === 'error' ? { code: status.code, message: status.message } : undefined
}
