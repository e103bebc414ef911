import { randomBytes } from 'node:crypto'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import type { PlatformId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import { Job, type Queue } from 'bullmq'
import type { ChainableCommander, Redis } from 'ioredis'
import { createPayload } from './job.ts'
import { letterFields } from './letter.ts'
import { JOB_OPTIONS } from './queues.ts'

/*
 * The way of a delivery into Redis. Claim, books and job are one step: a MULTI per platform and chunk, so what was not enqueued is never
 * taken for a duplicate. The claim is BullMQ's deduplication key `de:<delivery id>`; every enqueueing has a job id of its own, so that a
 * returned id other than our own says "duplicate" (QUEUE-ENGINEERING section 1.8, 1.21).
 */

/** A claim lives this long from acceptance at least, in ms (PRODUCT section 2). */
export const CLAIM_MS = 48 * 3_600_000
const HOUR_MS = 3_600_000
/** Deliveries in one MULTI: large enough to pipeline, small enough not to hold Redis up for other platforms. */
const CHUNK = 250

export type Admission =
  | { readonly kind: 'queue'; readonly delivery: Delivery }
  /** By rule or consent: counted, claimed, no letter. */
  | { readonly kind: 'skip'; readonly delivery: Delivery }
  /** Known to fail: dead at once. */
  | { readonly kind: 'dead'; readonly delivery: Delivery; readonly error: ErrorDetail }

/** `in-dead-letters` is a duplicate whose first copy is dead and waits for a replay. */
export type Admitted = 'new' | 'duplicate' | 'in-dead-letters'

const countAccepted = loadScript(new URL('.', import.meta.url), 'count-accepted')
const skipAtDoor = loadScript(new URL('.', import.meta.url), 'skip-at-door')
const buryAtDoor = loadScript(new URL('.', import.meta.url), 'bury-at-door')

/** How long the claim of a delivery lives: as long as it may wait, and never less than 48 h. */
const claimMs = (delivery: Delivery, now: EpochMs): number => Math.max(CLAIM_MS, delivery.deadlineAt + HOUR_MS - now)

export interface Enqueuer {
  /**
   * Puts deliveries of one platform in, in order; the answers stand in the same order. Rejects when a write is not confirmed: the caller
   * then answers 503, and the whole request may be repeated, since what did get in is known as a duplicate.
   */
  enqueue(platform: PlatformId, admissions: readonly Admission[]): Promise<Admitted[]>
}

export function createEnqueuer(redis: Redis, queues: { readonly [P in PlatformId]: Queue }, options: { clock: Clock; letterRetentionMs: number }): Enqueuer {
  async function enqueueChunk(platform: PlatformId, admissions: readonly Admission[]): Promise<Admitted[]> {
    const now = options.clock()
    const queue = queues[platform]
    const multi = (await queue.backend.client).multi() as unknown as ChainableCommander
    const jobIds: (string | undefined)[] = []
    const queued = admissions.filter((admission) => admission.kind === 'queue')
    if (queued.length > 0) {
      const tenant = queued[0]!.delivery.tenantId
      const claims = queued.map(({ delivery }) => keys.queuePart(platform, `de:${delivery.id}`))
      countAccepted.queue(multi, [keys.books(platform), keys.backlog(platform), ...claims], [tenant])
    }
    for (const admission of admissions) jobIds.push(await admit(multi, queue, platform, admission, now))
    const replies = await multi.exec()
    if (replies === null) throw new Error('Redis dropped the transaction')
    const results = replies.slice(queued.length > 0 ? 1 : 0).map(([error, result]) => {
      if (error !== null) throw error
      return result
    })
    return admissions.map((_, index) => {
      const jobId = jobIds[index]
      const result = results[index]
      if (typeof result === 'number' && result < 0) throw new Error(`Redis refused a job with code ${result}`)
      return (jobId === undefined ? result === 1 : result === jobId) ? 'new' : 'duplicate'
    })
  }

  /** Adds the commands of one admission; the job id for a queued one. */
  async function admit(multi: ChainableCommander, queue: Queue, platform: PlatformId, admission: Admission, now: EpochMs): Promise<string | undefined> {
    const { delivery } = admission
    const claim = keys.queuePart(platform, `de:${delivery.id}`)
    if (admission.kind === 'skip') {
      skipAtDoor.queue(multi, [claim, keys.books(platform)], [delivery.id, claimMs(delivery, now)])
      return undefined
    }
    if (admission.kind === 'dead') {
      const fields = letterFields({ delivery, error: admission.error, exhausted: false, diedAt: now })
      buryAtDoor.queue(
        multi,
        [claim, keys.books(platform), keys.letter(platform, delivery.id), keys.letters(platform, 'dead')],
        [delivery.id, Math.max(claimMs(delivery, now), options.letterRetentionMs), now, ...fields],
      )
      return undefined
    }
    const jobId = `j${randomBytes(15).toString('base64url')}`
    const deduplication = { id: delivery.id, ttl: claimMs(delivery, now) }
    const job = new Job(queue, delivery.event.event_name, createPayload(delivery), { ...JOB_OPTIONS, jobId, deduplication, timestamp: now }, jobId)
    await job.addJob(multi as never)
    return jobId
  }

  /** A duplicate of a dead letter is told apart, so that the producer learns of it. */
  async function findDead(platform: PlatformId, admissions: readonly Admission[], admitted: Admitted[]): Promise<Admitted[]> {
    const repeated = admissions.flatMap(({ delivery }, index) => (admitted[index] === 'duplicate' ? [{ id: delivery.id, index }] : []))
    if (repeated.length === 0) return admitted
    const pipeline = redis.pipeline()
    for (const { id } of repeated) pipeline.hget(keys.letter(platform, id), 'state')
    const states = (await pipeline.exec()) ?? []
    return admitted.map((answer, index) => {
      const place = repeated.findIndex((one) => one.index === index)
      return place >= 0 && states[place]?.[1] === 'dead' ? 'in-dead-letters' : answer
    })
  }

  return {
    async enqueue(platform, admissions) {
      const all: Admitted[] = []
      for (let start = 0; start < admissions.length; start += CHUNK) {
        const chunk = admissions.slice(start, start + CHUNK)
        all.push(...(await findDead(platform, chunk, await enqueueChunk(platform, chunk))))
      }
      return all
    },
  }
}
