import type { EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { PlatformId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import { Job, type Queue } from 'bullmq'
import type { ChainableCommander } from 'ioredis'
import type { Place } from './fair-order.ts'
import { createPayload } from './job.ts'
import { JOB_OPTIONS } from './queues.ts'

export interface NewJob {
  readonly delivery: Delivery
  readonly generation: number
  readonly jobId: string
  readonly deduplication: { readonly id: string; readonly ttl: number }
  readonly place: Place
  readonly timestamp?: EpochMs
  readonly delay?: number
}

/** Adds one job to the MULTI: one command, whose result is the id of the job that has the deduplication key now. */
export async function addJob(multi: ChainableCommander, queue: Queue, added: NewJob): Promise<void> {
  const { delivery, generation, place, ...options } = added
  const payload = createPayload(delivery, generation)
  const job = new Job(queue, delivery.event.event_name, payload, { ...JOB_OPTIONS, ...options, priority: place.round }, added.jobId)
  await job.addJob(multi as never)
}

/** Gives the jobs added before in this MULTI their order inside their rounds: one command. Those that were duplicates or wait for their time are untouched. */
export function orderJobs(multi: ChainableCommander, platform: PlatformId, added: readonly Pick<NewJob, 'jobId' | 'place'>[]): void {
  if (added.length === 0) return
  multi.zadd(keys.queuePart(platform, 'prioritized'), 'XX', ...added.flatMap(({ jobId, place }) => [String(place.score), jobId]))
}
