import type { EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { EventOutcome } from '@relay/core/outcome'
import type { VerdictReading } from '@relay/platforms/contract'
import type { VerdictRecord } from '@relay/queue/verdicts'
import type { TraceWriter } from '@relay/state/trace'
import { type Fate, fateFields } from '@relay/state/trace-entry'
import type { Recorder } from './delivery-record.ts'
import type { Row, RowResult } from './row.ts'
import type { Sent } from './send-request.ts'

/** What a batch leaves behind for `relay trace`: one entry, whatever the number of its rows. Waits for nothing. */
export function traceBatch(
  trace: TraceWriter,
  connection: Connection,
  batch: { readonly rows: readonly Row[]; readonly results: readonly RowResult[]; readonly requests: readonly Sent[] },
  at: EpochMs,
): void {
  const { rows, results, requests } = batch
  const verdictIds = requests.flatMap(({ verdictId }) => (verdictId === undefined ? [] : [verdictId]))
  trace.append({
    at,
    kind: 'request',
    tenantId: connection.tenantId,
    connectionId: connection.id,
    statuses: requests.map(({ status }) => status),
    ...(verdictIds.length > 0 ? { verdictIds } : {}),
    rows: rows.map(({ delivery: { id, receivedAt }, heldBy }, place) => ({
      id,
      receivedAt,
      ...(heldBy === undefined ? {} : { heldBy }),
      fate: fateOf(results[place]!),
    })),
  })
}

function fateOf(result: RowResult): Fate {
  if (result.kind === 'back') {
    const { code, until } = result
    return { outcome: 'back', ...(code === undefined ? {} : { code }), ...(until === undefined ? {} : { until }) }
  }
  const { attempt } = result
  const sent = attempt === undefined ? {} : { sentAt: attempt.startedAt, durationMs: attempt.durationMs }
  return { ...fateOfOutcome(result.outcome), ...sent, ...(attempt?.maybeTaken === true ? { maybeTaken: true } : {}) }
}

function fateOfOutcome(outcome: EventOutcome): Fate {
  if (outcome.kind !== 'delivered') {
    return { outcome: outcome.kind, ...fateFields(outcome.error), ...(outcome.kind === 'hold' ? { until: outcome.until } : {}) }
  }
  const { note, platformRequestId } = outcome
  return {
    outcome: 'delivered',
    ...(note === undefined ? {} : { note }),
    ...(platformRequestId === undefined ? {} : { platformRequestId }),
  }
}

/** The same for a later verdict: its rows' words go with the trace, and what it changes goes on record. */
export function traceVerdict(
  { trace, record }: { readonly trace: TraceWriter; readonly record: Recorder },
  connection: Connection,
  requestId: string,
  verdict: { readonly kept: VerdictRecord; readonly reading: Extract<VerdictReading, { kind: 'final' | 'gone' }> },
  at: EpochMs,
): void {
  const { kept, reading } = verdict
  const rows = [...kept.payloads].map(([place, { delivery }]) => {
    const outcome = reading.kind === 'final' ? reading.outcomes[place] : undefined
    if (outcome !== undefined && outcome.kind !== 'delivered') {
      const error = { platformRequestId: requestId, ...outcome.error }
      record({ delivery, outcome: outcome.kind === 'reject' ? 'dead' : 'hold', error })
    }
    const fate: Fate =
      outcome === undefined
        ? { outcome: 'delivered', ...(reading.kind === 'gone' ? fateFields(reading.error) : {}) }
        : fateOfOutcome(outcome)
    return { id: delivery.id, receivedAt: delivery.receivedAt, fate }
  })
  const { tenantId, id: connectionId } = connection
  trace.append({ at, kind: 'verdict', tenantId, connectionId, verdictIds: [requestId], rows })
}
