import type { BatchId, TenantId } from '@relay/core/ids'
import type { Admitted } from '@relay/queue/enqueue'
import type { RowState, TrackedRow } from '@relay/state/tracked-batches'
import type { Verdict } from './admit.ts'
import type { Candidate } from './intake.ts'

/** Where records of tracked batches are kept (tracked-batches.ts of libs/state). */
export interface BatchRecords {
  open(batch: {
    readonly id: BatchId
    readonly tenantId: TenantId
    readonly received: number
    readonly rows: readonly TrackedRow[]
  }): Promise<void>
  /** A row that turned out to be known already. */
  skip(id: BatchId, row: TrackedRow): Promise<void>
  drop(id: BatchId): Promise<void>
}

/** Pure. One row per event and connection, as they are before Redis has said which are known already. */
export const rowsOf = (candidates: readonly Candidate[]): ReadonlyMap<Verdict, TrackedRow> =>
  new Map(candidates.flatMap(({ index, verdicts }) => verdicts.map((verdict) => [verdict, rowOf(verdict, index)] as const)))

function rowOf({ admission, connection }: Verdict, index: number): TrackedRow {
  return { connectionId: connection.id, platform: connection.platform, index, state: stateOf(admission) }
}

function stateOf(admission: Verdict['admission']): RowState {
  switch (admission.kind) {
    case 'queue':
      return { kind: 'pending' }
    case 'skip':
      return { kind: 'skipped' }
    case 'dead':
      return { kind: 'failed', code: admission.error.code, message: admission.error.message }
  }
}

/**
 * Opens the record, stores, and takes the rows that were known before out of it: a duplicate is nobody's work in this batch. Where storing fails the record is
 * gone, as far as Redis lets it: nobody was told of it.
 */
export async function storeTracked(
  records: BatchRecords,
  batch: { readonly id: BatchId; readonly tenantId: TenantId; readonly received: number },
  rows: ReadonlyMap<Verdict, TrackedRow>,
  store: () => Promise<ReadonlyMap<Verdict, Admitted>>,
): Promise<ReadonlyMap<Verdict, Admitted>> {
  await records.open({ ...batch, rows: [...rows.values()] })
  try {
    const admitted = await store()
    const known = [...rows].filter(([verdict]) => admitted.get(verdict) !== 'new')
    await Promise.all(known.map(([, row]) => records.skip(batch.id, row)))
    return admitted
  } catch (error) {
    await records.drop(batch.id).catch(() => undefined)
    throw error
  }
}
