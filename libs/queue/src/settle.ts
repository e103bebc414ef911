import type { Clock } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import type { DeliveryId, PlatformId, TenantId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import type { KeyRing } from '@relay/vault/key-ring'
import { seal } from '@relay/vault/seal'
import type { Job, Queue } from 'bullmq'
import type { ChainableCommander, Redis } from 'ioredis'
import { CLAIM_MS } from './enqueue.ts'
import { type Attempt, letterFields, unreadableFields } from './letter.ts'

/*
 * How a job that will not come back ends. Each way is one MULTI of our script and BullMQ's own `moveToFinished`, both of which first check that
 * this worker still holds the job's lock: so a letter is written exactly when the job goes, and a job whose lock is gone stays and is recovered
 * (QUEUE-ENGINEERING sections 1.10 and 7). Delivered rows of fresh deliveries end by the stock way and need nothing here; they alone are counted by
 * BullMQ's metrics, which a Queue (unlike a Worker) does not keep.
 * The only file that touches BullMQ's insides; bullmq is pinned for it.
 */

const bury = loadScript(new URL('.', import.meta.url), 'bury')
const skip = loadScript(new URL('.', import.meta.url), 'skip')
const letterDelivered = loadScript(new URL('.', import.meta.url), 'letter-delivered')
const pushAttempt = loadScript(new URL('.', import.meta.url), 'push-attempt')
const settled = loadScript(new URL('.', import.meta.url), 'settled')

/** Attempts of a delivery are kept this long after the last one, in ms: longer than any deadline. */
const ATTEMPTS_MS = 100 * 86_400_000
const ATTEMPTS_KEPT = 20
/** A delivered letter stays readable for a day (PRODUCT section 5). */
const DELIVERED_LETTER_MS = 86_400_000

export interface Death {
  readonly delivery: Delivery
  readonly error: ErrorDetail
  readonly exhausted: boolean
  readonly ambiguous: boolean
  /** The attempt that failed last, where one was made. */
  readonly attempt?: Attempt
}

/** `lock-lost`: another worker has the job by now, nothing was written. */
export type Ended = 'ended' | 'lock-lost'

export interface UnreadableJob {
  readonly path: string
  readonly reason: string
  readonly keyRing: KeyRing
}

export interface Undertaker {
  bury(job: Job, token: string, death: Death): Promise<Ended>
  /** A job that is no delivery of ours: a letter INVALID_EVENT with its body sealed, since nobody knows what it holds. The books count it as imported. */
  buryUnreadable(job: Job, token: string, fault: UnreadableJob): Promise<Ended>
  skip(job: Job, token: string): Promise<Ended>
  /** A replayed delivery arrived: its letter turns `delivered` and stays for 24 h. */
  deliverLetter(job: Job, token: string, delivery: Delivery): Promise<Ended>
  /** Keeps a failed attempt with the delivery: the last 20, for as long as it may live. */
  noteAttempt(delivery: DeliveryId, attempt: Attempt): Promise<void>
  /** After deliveries have ended for good: their tenants' backlog goes down and their claims back to 48 h from acceptance. A lost call is harmless. */
  noteSettled(deliveries: readonly Delivery[]): Promise<void>
}

export function createUndertaker(redis: Redis, queue: Queue, platform: PlatformId, options: { clock: Clock; letterRetentionMs: number }): Undertaker {
  const index = keys.letters(platform, 'dead')

  async function finish(job: Job, token: string, addOurs: (multi: ChainableCommander, lock: string) => void): Promise<Ended> {
    const backend = queue.backend as unknown as Internals
    const multi = (await queue.backend.client).multi() as unknown as ChainableCommander
    addOurs(multi, `${keys.queuePart(platform, job.id!)}:lock`)
    backend.execCommand(multi, 'moveToFinished', backend.moveToFinishedArgs(job, 'null', 'returnvalue', true, 'completed', token, options.clock(), false))
    const replies = await multi.exec()
    if (replies === null) throw new Error('Redis dropped the transaction')
    for (const [error] of replies) if (error !== null) throw error
    return replies[0]?.[1] === 1 ? 'ended' : 'lock-lost'
  }

  return {
    bury: (job, token, death) =>
      finish(job, token, (multi, lock) => {
        const { delivery, attempt } = death
        const letter = letterFields({ ...death, diedAt: options.clock() })
        bury.queue(
          multi,
          [lock, keys.books(platform), keys.letter(platform, delivery.id), index, keys.attempts(platform, delivery.id), keys.queuePart(platform, `de:${delivery.id}`)],
          [token, delivery.id, options.clock(), options.letterRetentionMs, attempt === undefined ? '' : JSON.stringify(attempt), 0, ...letter],
        )
      }),
    buryUnreadable: (job, token, { path, reason, keyRing }) =>
      finish(job, token, (multi, lock) => {
        const id = job.id!
        const now = options.clock()
        const letter = unreadableFields(platform, { id, path, reason, receivedAt: job.timestamp, sealedBody: seal(keyRing, JSON.stringify(job.data) ?? 'null', [platform, id]) })
        bury.queue(
          multi,
          [lock, keys.books(platform), keys.letter(platform, id), index, keys.attempts(platform, id as DeliveryId), keys.queuePart(platform, `de:${id}`)],
          [token, id, now, options.letterRetentionMs, '', 1, ...letter],
        )
      }),
    skip: (job, token) => finish(job, token, (multi, lock) => skip.queue(multi, [lock, keys.books(platform)], [token])),
    deliverLetter: (job, token, delivery) =>
      finish(job, token, (multi, lock) =>
        letterDelivered.queue(
          multi,
          [lock, keys.letter(platform, delivery.id), keys.letters(platform, 'queued'), keys.letters(platform, 'delivered'), keys.attempts(platform, delivery.id), keys.books(platform)],
          [token, delivery.id, options.clock(), DELIVERED_LETTER_MS],
        ),
      ),
    async noteAttempt(delivery, attempt) {
      await pushAttempt.run(redis, [keys.attempts(platform, delivery)], [JSON.stringify(attempt), ATTEMPTS_KEPT, ATTEMPTS_MS])
    },
    async noteSettled(deliveries) {
      if (deliveries.length === 0) return
      const byTenant = new Map<TenantId, number>()
      for (const { tenantId } of deliveries) byTenant.set(tenantId, (byTenant.get(tenantId) ?? 0) + 1)
      const queueKeys = ['wait', 'prioritized', 'delayed', 'active'].map((part) => keys.queuePart(platform, part))
      const claims = deliveries.map(({ id }) => keys.queuePart(platform, `de:${id}`))
      const tenants = [...byTenant].flat()
      await settled.run(redis, [keys.backlog(platform), ...queueKeys, ...claims], [byTenant.size, ...tenants, ...deliveries.map(({ receivedAt }) => receivedAt + CLAIM_MS)])
    },
  }
}

/** The two members of BullMQ's backend that are not in its public types. */
interface Internals {
  execCommand(client: unknown, command: string, args: readonly unknown[]): unknown
  moveToFinishedArgs(
    job: Job,
    value: string,
    property: 'returnvalue',
    remove: boolean,
    target: 'completed',
    token: string,
    timestamp: number,
    fetchNext: boolean,
  ): readonly unknown[]
}
