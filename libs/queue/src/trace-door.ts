import type { EpochMs } from '@relay/core/clock'
import type { TraceWriter } from '@relay/state/trace'
import { type Fate, fateFields } from '@relay/state/trace-entry'
import type { Admission, Admitted } from './enqueue.ts'

/** Keeps what ended at acceptance: repeats, skipped ones, dead ones. What was queued leaves nothing here, since its job tells of it. Deliveries of one tenant. */
export function traceDoor(trace: TraceWriter, admissions: readonly Admission[], admitted: readonly Admitted[], at: EpochMs): void {
  const rows = admissions.flatMap((admission, index) => {
    const { id, receivedAt } = admission.delivery
    const fate = fateOf(admission, admitted[index]!)
    return fate === undefined ? [] : [{ id, receivedAt, fate }]
  })
  if (rows.length === 0) return
  const { tenantId, batchId } = admissions[0]!.delivery
  trace.append({ at, kind: 'door', tenantId, ...(batchId === undefined ? {} : { batchId }), rows })
}

function fateOf(admission: Admission, admitted: Admitted): Fate | undefined {
  if (admitted !== 'new') return { outcome: 'duplicate' }
  if (admission.kind === 'queue') return undefined
  const outcome = admission.kind === 'dead' ? 'reject' : 'skip'
  return { outcome, ...(admission.error === undefined ? {} : fateFields(admission.error)) }
}
