import type { BatchId } from '@relay/core/ids'
import type { Admitted } from '@relay/queue/enqueue'
import type { AcceptResult, EventError } from './accept-result.ts'
import type { Verdict } from './admit.ts'
import type { Candidate } from './intake.ts'
import { createNoticeBoard, type NoticeBoard } from './notices.ts'

export interface Conclusion {
  readonly data: AcceptResult
  /** Ids of the events that count as duplicates. */
  readonly duplicateIds: readonly string[]
  /** Deliveries that are new, whether queued, skipped or dead. */
  readonly fresh: readonly Verdict[]
}

/** Pure. What a producer is told of its request, once Redis has confirmed all of it. */
export function conclude(
  batchId: BatchId,
  candidates: readonly Candidate[],
  errors: readonly EventError[],
  admitted: ReadonlyMap<Verdict, Admitted>,
): Conclusion {
  const board = createNoticeBoard()
  const duplicateIds: string[] = []
  const fresh: Verdict[] = []
  for (const candidate of candidates) {
    const isNew = (verdict: Verdict): boolean => admitted.get(verdict) === 'new'
    const isAccepted = candidate.verdicts.some(isNew)
    if (!isAccepted) duplicateIds.push(candidate.eventId)
    fresh.push(...candidate.verdicts.filter(isNew))
    tell(board, candidate, isAccepted, admitted)
  }
  const data: AcceptResult = {
    batch_id: batchId,
    events_received: candidates.length + errors.length,
    events_accepted: candidates.length - duplicateIds.length,
    duplicates: duplicateIds.length,
    errors,
    notices: board.list(),
  }
  return { data, duplicateIds, fresh }
}

function tell(board: NoticeBoard, candidate: Candidate, isAccepted: boolean, admitted: ReadonlyMap<Verdict, Admitted>): void {
  const { eventId, index } = candidate
  for (const verdict of candidate.verdicts) {
    const { reason, connection } = verdict
    const answer = admitted.get(verdict)
    if (answer === 'in-dead-letters') board.addKnown('IN_DEAD_LETTERS', connection, eventId)
    if (answer === 'new' && reason !== undefined) board.addReason(reason, connection, eventId)
    if (answer !== 'new' && isAccepted) board.addKnown('PARTLY_DUPLICATE', connection, eventId)
  }
  if (!isAccepted) return
  for (const name of candidate.unreached) board.addUnreached(name, eventId)
  // What the parser left out, a platform finds empty: it is told once.
  const told = new Set(candidate.warnings.map(({ field }) => field))
  const ofPlatforms = candidate.verdicts.flatMap(({ warnings, connection: { platform } }) =>
    warnings.filter(({ field }) => !told.has(field)).map((warning) => ({ warning, platform })),
  )
  board.addWarnings(index, [...candidate.warnings.map((warning) => ({ warning, platform: undefined })), ...ofPlatforms])
}
