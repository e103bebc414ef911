import type { Metrics } from '@relay/observe/metrics'
import type { Conclusion } from './conclude.ts'

export type AcceptMetrics = Pick<
  Metrics,
  | 'eventsReceived'
  | 'eventsRejected'
  | 'eventsDuplicate'
  | 'deliveriesEnqueued'
  | 'deliveriesSkipped'
  | 'deliveriesDeadLettered'
  | 'unmappedEvents'
>

/** Counts one request that was answered for; one that ended in 503 is counted when it is repeated. */
export function count(metrics: AcceptMetrics, { data, fresh }: Conclusion): void {
  metrics.eventsReceived.inc(data.events_received)
  metrics.eventsDuplicate.inc(data.duplicates)
  for (const { code } of data.errors) metrics.eventsRejected.inc({ code })
  for (const { admission, reason, isUnmapped, connection } of fresh) {
    const { platform } = connection
    if (admission.kind === 'queue') metrics.deliveriesEnqueued.inc({ platform })
    if (admission.kind === 'skip') metrics.deliveriesSkipped.inc({ platform, code: reason?.code ?? 'EVENT_FILTERED' })
    if (admission.kind === 'dead') metrics.deliveriesDeadLettered.inc({ platform, code: admission.error.code })
    if (isUnmapped) metrics.unmappedEvents.inc({ platform })
  }
}
