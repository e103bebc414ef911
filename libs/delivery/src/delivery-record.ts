import type { Clock } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import type { DeliveryLog, DeliveryRecord } from '@relay/observe/delivery-log'
import type { Wait } from '@relay/queue/waits'
import type { RowAttempt } from './row.ts'

/** What became of a delivery, as far as it goes on record: never the event. */
export interface Recorded {
  readonly delivery: Delivery
  readonly outcome: DeliveryRecord['outcome']
  readonly error?: ErrorDetail
  /** Of an answer without an error. */
  readonly platformRequestId?: string | undefined
  /** The request that it came from. */
  readonly attempt?: RowAttempt | undefined
  readonly waits?: readonly Wait[]
}

export type Recorder = (recorded: Recorded) => void

/** Where no log is kept, nothing is done. */
export function createRecorder(log: DeliveryLog | undefined, clock: Clock): Recorder {
  if (log === undefined) return () => {}
  return (recorded) => log.write(recordOf(recorded, clock()))
}

function recordOf({ delivery, outcome, error, platformRequestId, attempt, waits = [] }: Recorded, now: number): DeliveryRecord {
  const { event } = delivery
  return {
    at: instant(now),
    event_id: event.event_id,
    event_name: event.event_name,
    delivery_id: delivery.id,
    tenant_id: delivery.tenantId,
    connection_id: delivery.connectionId,
    platform: delivery.platform,
    outcome,
    code: error?.code ?? null,
    platform_code: error?.platformCode ?? null,
    platform_request_id: error?.platformRequestId ?? platformRequestId ?? null,
    received_at: instant(delivery.receivedAt),
    batch_id: delivery.batchId ?? null,
    test_event_code: event.test_event_code ?? null,
    sent_at: attempt === undefined ? null : instant(attempt.startedAt),
    duration_ms: attempt?.durationMs ?? null,
    maybe_taken: attempt?.maybeTaken ?? false,
    waits: waits.map(({ code, from, until, times }) => [code, from, until, times]),
  }
}

const instant = (ms: number): string => new Date(ms).toISOString()
