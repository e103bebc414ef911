import type { Clock, EpochMs } from '@relay/core/clock'
import type { DeliveryId } from '@relay/core/ids'

/** A row that is delivered settles within milliseconds; one that has not after this long may never. */
const SUSPICIOUS_MS = 2_000
const FORGET_MS = 60_000

/**
 * Delivered rows whose jobs BullMQ has not settled yet. Where Redis was away so long that the job's lock ran out, settling is refused and the job comes up
 * again: such rows are marked, so that nobody sends them twice. The mark of a long absence waits for Redis too, ahead of whatever fetches the job again.
 */
export interface Unsettled {
  add(jobId: string, delivery: DeliveryId): void
  settled(jobId: string): void
  /** Redis has refused to settle it: it comes up again within a second. */
  refused(jobId: string): void
  /** Rows that should have been settled by now; each is given once. */
  takeSuspicious(): DeliveryId[]
}

export function createUnsettled(clock: Clock): Unsettled {
  const rows = new Map<string, { delivery: DeliveryId; since: EpochMs; taken: boolean }>()
  return {
    add(jobId, delivery) {
      rows.set(jobId, { delivery, since: clock(), taken: false })
    },
    settled(jobId) {
      rows.delete(jobId)
    },
    refused(jobId) {
      const row = rows.get(jobId)
      if (row !== undefined) row.since = Math.min(row.since, clock() - SUSPICIOUS_MS - 1)
    },
    takeSuspicious() {
      const suspicious: DeliveryId[] = []
      for (const [jobId, row] of rows) {
        const ageMs = clock() - row.since
        if (ageMs > FORGET_MS) rows.delete(jobId)
        else if (ageMs > SUSPICIOUS_MS && !row.taken) {
          row.taken = true
          suspicious.push(row.delivery)
        }
      }
      return suspicious
    },
  }
}
