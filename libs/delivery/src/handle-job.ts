import type { Delivery } from '@relay/core/delivery'
import { DeliveryError } from '@relay/core/errors'
import { readPayload } from '@relay/queue/job'
import { readWaits } from '@relay/queue/waits'
import { wakeWorker } from '@relay/queue/wake'
import { noteRow, type RowState } from '@relay/state/tracked-batches'
import { DelayedError, type Job, RateLimitError, WaitingError } from 'bullmq'
import { isRedisFault } from './accounts.ts'
import type { Ended } from './ended-buffer.ts'
import type { Brake } from './job-worker.ts'
import type { Parts } from './pool-parts.ts'
import { outcomeOf, type RowResult, TOO_OLD } from './row.ts'
import { settle } from './settle.ts'
import { suspect } from './suspicion.ts'

/** What BullMQ calls for each job. Only what `settle` throws reaches it; any other fault leaves the job to recovery, as no attempt. */
export async function handleJob(parts: Parts, brake: Brake, job: Job, token: string): Promise<void> {
  try {
    await handle(parts, brake, job, token)
  } catch (error) {
    if (error instanceof WaitingError || error instanceof DelayedError || error instanceof RateLimitError || error instanceof DeliveryError)
      throw error
    if (!isRedisFault(error))
      parts.logger.error({ platform: parts.platform.id, job_id: job.id, err: error }, 'a delivery could not be handled')
    throw new WaitingError()
  }
}

async function handle(parts: Parts, brake: Brake, job: Job, token: string): Promise<void> {
  const { platform, logger, undertaker, keyRing } = parts
  const read = readPayload(job.data)
  if (!read.ok) {
    logger.error({ platform: platform.id, job_id: job.id, path: read.path, reason: read.reason }, 'unreadable job buried')
    await undertaker.buryUnreadable(job, token, { path: read.path, reason: read.reason, keyRing })
    throw new WaitingError()
  }
  const { delivery, generation } = read.payload
  const result = await brakeFor(brake, await resultOf(parts, job, delivery, generation))
  const context = {
    ...parts,
    platform: platform.id,
    wake: () => wakeWorker(parts.redis, platform.id),
    noteRow: (row: Delivery, state: RowState) =>
      noteRow(parts.redis, row, state).catch((error: unknown) =>
        logger.warn({ platform: platform.id, batch: row.batchId, err: error }, 'a tracked batch could not be told of a delivery'),
      ),
    onEnded: (jobId: string, gone: Ended) => noteEnd(parts, jobId, gone),
  }
  await settle(context, { job, token, delivery, generation }, result)
}

/** A row that comes back stops the fleet, unless what it came back for has ended meanwhile: then it is put back like any other, and somebody woken for it. */
async function brakeFor(brake: Brake, result: RowResult): Promise<RowResult> {
  if (result.kind !== 'back' || result.until === undefined) return result
  return (await brake(result.until)) === 'waits' ? result : { ...result, until: undefined }
}

export function noteEnd({ unsettled, ended }: Parts, jobId: string, gone: Ended): void {
  unsettled.settled(jobId)
  ended.add(gone)
}

async function resultOf(parts: Parts, job: Job, delivery: Delivery, generation: number): Promise<RowResult> {
  const { lines, clock, undertaker, platform, unsettled } = parts
  if (delivery.deadlineAt <= clock()) return outcomeOf({ kind: 'reject', error: TOO_OLD })
  const maybeSentBefore = job.attemptsStarted > 1 || job.stalledCounter > 0
  const heldBy = readWaits(job.progress).map(({ code }) => code)
  const row = { delivery, generation, maybeSentBefore, heldBy, onTaken: () => unsettled.add(job.id!, delivery.id) }
  if (!maybeSentBefore) return lines.join({ ...row, alone: false })
  const suspicion = suspect(await undertaker.readAttempts(delivery.id), clock(), platform.api.deduplicationWindowMs)
  if (suspicion.kind === 'stop') return outcomeOf({ kind: 'reject', error: suspicion.error })
  return lines.join({ ...row, alone: suspicion.alone })
}
