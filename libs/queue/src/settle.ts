import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorCode, ErrorDetail } from '@relay/core/errors'
import type { ConnectionId, DeliveryId, PlatformId } from '@relay/core/ids'
import { hourOf } from '@relay/state/deadlines'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import type { KeyRing } from '@relay/vault/key-ring'
import { seal } from '@relay/vault/seal'
import type { Job, Queue } from 'bullmq'
import type { ChainableCommander, Redis } from 'ioredis'
import { CLAIM_MS } from './enqueue.ts'
import { DEFAULT_ROWS_PER_ROUND, reservePlaces } from './fair-order.ts'
import { type Attempt, letterFields, unreadableFields } from './letter.ts'
import { execute, openMulti } from './transaction.ts'
import { addWait, readWaits, writeWaits } from './waits.ts'

/*
 * How a job that will not come back ends. Each way is one MULTI of our script and BullMQ's own `moveToFinished`, both of which first check that
 * this worker still holds the job's lock: so a letter is written exactly when the job goes, and a job whose lock is gone stays and is recovered.
 * Delivered rows of fresh deliveries end by the stock way and need nothing here; they alone are counted by BullMQ's metrics, which a Queue (unlike
 * a Worker) does not keep. The only file that touches BullMQ's insides; bullmq is pinned for it.
 */

const bury = loadScript(new URL('.', import.meta.url), 'bury')
const skip = loadScript(new URL('.', import.meta.url), 'skip')
const letterDelivered = loadScript(new URL('.', import.meta.url), 'letter-delivered')
const pushAttempt = loadScript(new URL('.', import.meta.url), 'push-attempt')
const settled = loadScript(new URL('.', import.meta.url), 'settled')

/** Attempts of a delivery are kept this long after the last one, in ms: longer than any deadline. */
const ATTEMPTS_MS = 100 * 86_400_000
const ATTEMPTS_KEPT = 20
/** A delivered letter stays readable for a day. */
const DELIVERED_LETTER_MS = 86_400_000

export interface Death {
  readonly delivery: Delivery
  readonly error: ErrorDetail
  readonly exhausted: boolean
  readonly ambiguous: boolean
  /** The attempt that failed last, where one was made. */
  readonly attempt?: Attempt
}

export interface Held {
  readonly until: EpochMs
  readonly connectionId: ConnectionId
  /** Why; kept with the job. */
  readonly code: ErrorCode
}

export interface UnreadableJob {
  readonly path: string
  readonly reason: string
  readonly keyRing: KeyRing
}

/** `lock-lost`: another worker has the job by now, nothing was written. */
export type Ended = 'ended' | 'lock-lost'

export interface Undertaker {
  bury(job: Job, token: string, death: Death): Promise<Ended>
  /** A job that is no delivery of ours: a letter INVALID_EVENT with its body sealed, since nobody knows what it holds. The books count it as imported. */
  buryUnreadable(job: Job, token: string, fault: UnreadableJob): Promise<Ended>
  skip(job: Job, token: string): Promise<Ended>
  /** A replayed delivery arrived: its letter turns `delivered` and stays for 24 h. */
  deliverLetter(job: Job, token: string, delivery: Delivery): Promise<Ended>
  /** Back into the queue until then, its attempt not counted, with a new place in the fair order: what returns from a long hold is no newcomer's burden. */
  hold(job: Job, token: string, held: Held): Promise<void>
  /** Keeps a failed attempt with the delivery: the last 20, for as long as it may live. */
  noteAttempt(delivery: DeliveryId, attempt: Attempt): Promise<void>
  /** The failed attempts and deferrals of a delivery, oldest first. */
  readAttempts(delivery: DeliveryId): Promise<Attempt[]>
  /** After deliveries have ended for good: their tenants' backlog goes down and their claims back to 48 h from acceptance. A lost call is harmless. */
  noteSettled(deliveries: readonly Delivery[]): Promise<void>
}

interface Context {
  readonly redis: Redis
  readonly queue: Queue
  readonly platform: PlatformId
  readonly clock: Clock
  readonly letterRetentionMs: number
  readonly rowsPerRound: number
}

export function createUndertaker(
  redis: Redis,
  queue: Queue,
  platform: PlatformId,
  options: { readonly clock: Clock; readonly letterRetentionMs: number; readonly rowsPerRound?: number },
): Undertaker {
  const { clock, letterRetentionMs, rowsPerRound = DEFAULT_ROWS_PER_ROUND[platform] } = options
  const context = { redis, queue, platform, clock, letterRetentionMs, rowsPerRound }
  return {
    bury: (job, token, death) => buryJob(context, job, token, death),
    buryUnreadable: (job, token, fault) => buryUnreadableJob(context, job, token, fault),
    skip: (job, token) => finish(context, job, token, (multi, lock) => skip.queue(multi, [lock, keys.books(platform)], [token])),
    deliverLetter: (job, token, delivery) => deliverLetter(context, job, token, delivery),
    hold: (job, token, held) => hold(context, job, token, held),
    async noteAttempt(delivery, attempt) {
      await pushAttempt.run(redis, [keys.attempts(platform, delivery)], [JSON.stringify(attempt), ATTEMPTS_KEPT, ATTEMPTS_MS])
    },
    async readAttempts(delivery) {
      return (await redis.lrange(keys.attempts(platform, delivery), 0, -1)).map((text) => JSON.parse(text) as Attempt)
    },
    noteSettled: (deliveries) => noteSettled(context, deliveries),
  }
}

/** Our script and the end of the job, in one step; our script answers 1 where the lock was ours. */
async function finish(
  { queue, platform, clock }: Context,
  job: Job,
  token: string,
  addOurs: (multi: ChainableCommander, lock: string) => void,
): Promise<Ended> {
  const backend = queue.backend as unknown as Internals
  const multi = await openMulti(queue)
  addOurs(multi, `${keys.queuePart(platform, job.id!)}:lock`)
  const args = backend.moveToFinishedArgs(job, 'null', 'returnvalue', true, 'completed', token, clock(), false)
  backend.execCommand(multi, 'moveToFinished', args)
  const [ours] = await execute(multi)
  return ours === 1 ? 'ended' : 'lock-lost'
}

/** The keys of bury.lua behind the lock. */
const graveOf = (platform: PlatformId, id: string): string[] => [
  keys.books(platform),
  keys.letter(platform, id),
  keys.lettersPrefix(platform),
  keys.attempts(platform, id as DeliveryId),
  keys.queuePart(platform, `de:${id}`),
]

function buryJob(context: Context, job: Job, token: string, death: Death): Promise<Ended> {
  const { platform, clock, letterRetentionMs } = context
  const { delivery, attempt } = death
  return finish(context, job, token, (multi, lock) => {
    const own = [token, delivery.id, clock(), letterRetentionMs, attempt === undefined ? '' : JSON.stringify(attempt), 0]
    bury.queue(multi, [lock, ...graveOf(platform, delivery.id)], [...own, ...letterFields({ ...death, waits: readWaits(job.progress) })])
  })
}

function buryUnreadableJob(context: Context, job: Job, token: string, { path, reason, keyRing }: UnreadableJob): Promise<Ended> {
  const { platform, clock, letterRetentionMs } = context
  const id = job.id!
  const sealedBody = seal(keyRing, JSON.stringify(job.data) ?? 'null', [platform, id])
  return finish(context, job, token, (multi, lock) => {
    const fields = unreadableFields(platform, { path, reason, receivedAt: job.timestamp, sealedBody })
    bury.queue(multi, [lock, ...graveOf(platform, id)], [token, id, clock(), letterRetentionMs, '', 1, ...fields])
  })
}

function deliverLetter(context: Context, job: Job, token: string, delivery: Delivery): Promise<Ended> {
  const { platform, clock } = context
  const into = [
    keys.letter(platform, delivery.id),
    keys.letters(platform, 'queued'),
    keys.letters(platform, 'delivered'),
    keys.attempts(platform, delivery.id),
    keys.books(platform),
  ]
  return finish(context, job, token, (multi, lock) =>
    letterDelivered.queue(multi, [lock, ...into], [token, delivery.id, clock(), DELIVERED_LETTER_MS]),
  )
}

async function hold({ redis, queue, platform, clock, rowsPerRound }: Context, job: Job, token: string, held: Held): Promise<void> {
  const [place] = await reservePlaces(redis, platform, [held.connectionId], rowsPerRound)
  const now = clock()
  const progress = writeWaits(addWait(readWaits(job.progress), { code: held.code, at: now, until: held.until }))
  const changes = { skipAttempt: true, fieldsToUpdate: { priority: place!.round, progress } }
  await queue.backend.moveToDelayed(job.id!, now, Math.max(0, held.until - now), token, changes)
}

async function noteSettled({ redis, platform }: Context, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const tenants = countBy(deliveries, ({ tenantId }) => tenantId)
  const hours = countBy(deliveries, ({ deadlineAt }) => String(hourOf(deadlineAt)))
  const counts = [keys.backlog(platform), keys.deadlines(platform)]
  const queueKeys = ['wait', 'prioritized', 'delayed', 'active'].map((part) => keys.queuePart(platform, part))
  const claims = deliveries.map(({ id }) => keys.queuePart(platform, `de:${id}`))
  const ends = deliveries.map(({ receivedAt }) => receivedAt + CLAIM_MS)
  await settled.run(
    redis,
    [...counts, ...queueKeys, ...claims],
    [tenants.size, ...[...tenants].flat(), hours.size, ...[...hours].flat(), ...ends],
  )
}

function countBy(deliveries: readonly Delivery[], nameOf: (delivery: Delivery) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const delivery of deliveries) counts.set(nameOf(delivery), (counts.get(nameOf(delivery)) ?? 0) + 1)
  return counts
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
