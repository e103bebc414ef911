import { json } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Desk, EpochMs, Incoming } from './call.ts'
import type { Fields } from './fields.ts'
import { googleError } from './google-error.ts'
import type { Settings } from './settings.ts'

/** What became of one event at one destination; a reason means the later verdict refuses it. */
export interface Judged {
  readonly destination: Fields
  readonly account: string
  /** Position in the request, from 0. */
  readonly index: number
  readonly reason?: string
}

/** The answers of `requestStatus:retrieve`, for the last 10,000 requests. */
export interface Verdicts {
  keep(requestId: string, at: EpochMs, judged: readonly Judged[]): void
  answer(requestId: string, incoming: Incoming): Answer
  clear(): void
}

interface Kept {
  readonly at: EpochMs
  readonly perDestination: readonly Tally[]
}

interface Tally {
  readonly destination: Fields
  readonly records: number
  readonly rejected: ReadonlyMap<string, readonly number[]>
}

const KEPT = 10_000
const PREFIX = 'PROCESSING_ERROR_REASON_'

export function createVerdicts(desk: Desk): Verdicts {
  const requests = new Map<string, Kept>()
  return {
    keep(requestId, at, judged) {
      requests.set(requestId, { at, perDestination: tally(judged) })
      const oldest = requests.size > KEPT ? requests.keys().next().value : undefined
      if (oldest !== undefined) requests.delete(oldest)
    },
    answer(requestId, { no }) {
      const kept = requests.get(requestId)
      if (kept === undefined) {
        const violation = { field: 'request_id', reason: 'INVALID_REQUEST_ID', description: 'The request id is not known.' }
        return googleError(
          { code: 400, status: 'INVALID_ARGUMENT', message: 'There was a problem with the request.', violations: [violation] },
          no,
        )
      }
      const { verdict_after_s: afterS, verdict_detail: detail } = desk.settings('google')
      const isReady = desk.now() - kept.at >= afterS * 1000
      return json(200, { requestStatusPerDestination: kept.perDestination.map((each) => status(each, isReady, detail)) })
    },
    clear: () => requests.clear(),
  }
}

function tally(judged: readonly Judged[]): readonly Tally[] {
  const byAccount = Map.groupBy(judged, (each) => each.account)
  return [...byAccount.values()].map((ofAccount) => {
    const rejected = new Map<string, number[]>()
    for (const { reason, index } of ofAccount) if (reason !== undefined) rejected.set(reason, [...(rejected.get(reason) ?? []), index])
    return { destination: ofAccount[0]!.destination, records: ofAccount.length, rejected }
  })
}

/** Counts are int64 and therefore text. */
function status({ destination, records, rejected }: Tally, isReady: boolean, detail: Settings['verdict_detail']): Fields {
  const counts = { eventsIngestionStatus: { recordCount: String(records) } }
  if (!isReady) return { destination, requestStatus: 'PROCESSING', ...counts }
  if (rejected.size === 0) return { destination, requestStatus: 'SUCCESS', ...counts }
  const errorCounts = [...rejected].map(([reason, indices]) => ({
    recordCount: String(indices.length),
    reason: reason.startsWith('PROCESSING_ERROR_') ? reason : `${PREFIX}${reason}`,
    ...(detail === 'indices' ? { recordIndices: indices } : {}),
  }))
  const failed = [...rejected.values()].reduce((sum, each) => sum + each.length, 0)
  const errorInfo = detail === 'none' ? {} : { errorInfo: { errorCounts } }
  return { destination, requestStatus: failed === records ? 'FAILED' : 'PARTIAL_SUCCESS', ...errorInfo, ...counts }
}
