import type { EpochMs } from '@relay/core/clock'
import { POLICY, type Policy } from '@relay/core/errors'
import type { DeliveryRecord } from '@relay/observe/delivery-log'
import type { Attempt } from '@relay/queue/letter'
import type { FoundRow } from '@relay/state/trace-entry'

/** One request with the delivery in it, or what was decided before there was one, as `relay trace --json` shows it. */
export interface TracedAttempt {
  /** When the request left. */
  readonly at: string
  readonly outcome: string
  readonly code: string | null
  readonly message: string | null
  readonly platform_code: string | null
  readonly platform_request_id: string | null
  readonly duration_ms: number | null
  /** Of its batch: several where the platform refused the first request and it was repaired. */
  readonly statuses: readonly (number | string)[]
  /** It left and no readable answer came. */
  readonly maybe_taken: boolean
  /** Of a hold: until when. */
  readonly until: string | null
}

const instant = (ms: EpochMs): string => new Date(ms).toISOString()

/**
 * The attempts of a delivery, oldest first, told together from what its past (failed ones, the last 20), the trace (all of the last hour) and the delivery
 * records of this machine say: each is known by when its request left. Pure.
 */
export function attemptsOf(failed: readonly Attempt[], rows: readonly FoundRow[], records: readonly DeliveryRecord[]): TracedAttempt[] {
  const known = new Map<string, TracedAttempt>()
  // The trace knows most, so it has the last word.
  for (const told of [...records.flatMap(ofRecord), ...failed.map(ofFailed), ...rows.flatMap(ofRow)]) {
    const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
    known.set(told.at, { ...EMPTY, ...known.get(told.at), ...given } as TracedAttempt)
  }
  return [...known.values()].toSorted((a, b) => (a.at < b.at ? -1 : 1))
}

/** Did it fail in a way that is tried again? */
export const isFailed = ({ outcome, code }: TracedAttempt): boolean =>
  outcome === 'retry' || (outcome === 'failed' && code !== null && (POLICY as Record<string, Policy>)[code]?.outcome === 'retry')

/** What one source says; the others may know the rest. */
type Told = { readonly [Key in keyof TracedAttempt]?: TracedAttempt[Key] | undefined } & Pick<TracedAttempt, 'at' | 'outcome'>

function ofRecord(record: DeliveryRecord): Told[] {
  const { sent_at: at, outcome, maybe_taken } = record
  if (at === null) return []
  return [
    {
      at,
      // A dead one that was sent died of this request.
      outcome: outcome === 'dead' ? 'reject' : outcome,
      code: record.code ?? undefined,
      platform_code: record.platform_code ?? undefined,
      platform_request_id: record.platform_request_id ?? undefined,
      duration_ms: record.duration_ms ?? undefined,
      maybe_taken,
    },
  ]
}

/** What is kept of a failed attempt says why it failed, and not what followed. */
function ofFailed({ at, code, died, ...attempt }: Attempt): Told {
  const outcome = died === undefined ? (code === 'DEFERRED_BY_PLATFORM' ? 'hold' : 'failed') : 'process died'
  return { at: instant(at), outcome, code, ...attempt }
}

function ofRow({ fate, entry }: FoundRow): Told[] {
  const isSent = fate.sentAt !== undefined || fate.outcome === 'delivered' || fate.outcome === 'back'
  if (entry.kind !== 'request' || !isSent) return []
  return [
    {
      at: instant(fate.sentAt ?? entry.at),
      outcome: fate.note === 'duplicate' && fate.sentAt === undefined ? 'delivered before' : fate.outcome,
      code: fate.code,
      message: fate.message,
      platform_code: fate.platformCode,
      platform_request_id: fate.platformRequestId,
      duration_ms: fate.durationMs,
      statuses: entry.statuses,
      maybe_taken: fate.maybeTaken,
      until: fate.until === undefined ? undefined : instant(fate.until),
    },
  ]
}

const EMPTY: Omit<TracedAttempt, 'at' | 'outcome'> = {
  code: null,
  message: null,
  platform_code: null,
  platform_request_id: null,
  duration_ms: null,
  statuses: [],
  maybe_taken: false,
  until: null,
}
