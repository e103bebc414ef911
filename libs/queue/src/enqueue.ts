import { randomBytes } from 'node:crypto'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorDetail } from '@relay/core/errors'
import { mapPlatforms, type PlatformId } from '@relay/core/ids'
import { hourOf } from '@relay/state/deadlines'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import { createTraceWriter, DEFAULT_TRACE_BOUNDS, type TraceBounds, type TraceWriter } from '@relay/state/trace'
import type { ChainableCommander, Redis } from 'ioredis'
import { addJob, type NewJob, orderJobs } from './add-jobs.ts'
import { DEFAULT_ROWS_PER_ROUND, type Place, reservePlaces, type RowsPerRound } from './fair-order.ts'
import { noteNames, type SeenNames } from './known-names.ts'
import { letterFields } from './letter.ts'
import type { Queues } from './queues.ts'
import { traceDoor } from './trace-door.ts'
import { execute, openMulti } from './transaction.ts'

/*
 * The way of a delivery into Redis. Claim, books and job are one step: a MULTI per platform and chunk, so what was not enqueued is never
 * taken for a duplicate. The claim is BullMQ's deduplication key `de:<delivery id>`; every enqueueing has a job id of its own, so that a
 * returned id other than our own says "duplicate", also when the claim has outlived its job.
 */

/** A claim lives this long from acceptance at least, in ms. */
export const CLAIM_MS = 48 * 3_600_000
const HOUR_MS = 3_600_000
/** Deliveries in one MULTI: large enough to pipeline, small enough not to hold Redis up for other platforms. */
const CHUNK = 250

export type Admission =
  | { readonly kind: 'queue'; readonly delivery: Delivery }
  /** By rule or consent: counted, claimed, no letter. */
  | { readonly kind: 'skip'; readonly delivery: Delivery; readonly error?: ErrorDetail }
  /** Known to fail: dead at once. */
  | { readonly kind: 'dead'; readonly delivery: Delivery; readonly error: ErrorDetail }

/** `in-dead-letters` is a duplicate whose first copy is dead and waits for a replay. */
export type Admitted = 'new' | 'duplicate' | 'in-dead-letters'

export interface Enqueuer {
  /**
   * Puts deliveries of one tenant and one platform in, in order; the answers stand in the same order. Rejects when a write is not confirmed: the caller
   * then answers 503, and the whole request may be repeated, since what did get in is known as a duplicate.
   */
  enqueue(platform: PlatformId, admissions: readonly Admission[]): Promise<Admitted[]>
}

export interface EnqueuerOptions {
  readonly clock: Clock
  readonly letterRetentionMs: number
  /** @default what each platform's default limit grants at once */
  readonly rowsPerRound?: RowsPerRound
  /** @default 1 h, 10,000 entries a platform */
  readonly trace?: TraceBounds
}

interface Context extends Required<EnqueuerOptions> {
  readonly redis: Redis
  readonly queues: Queues
  readonly traces: { readonly [P in PlatformId]: TraceWriter }
  readonly seenNames: SeenNames
}

const countAccepted = loadScript(new URL('.', import.meta.url), 'count-accepted')
const skipAtDoor = loadScript(new URL('.', import.meta.url), 'skip-at-door')
const buryAtDoor = loadScript(new URL('.', import.meta.url), 'bury-at-door')

export function createEnqueuer(redis: Redis, queues: Queues, options: EnqueuerOptions): Enqueuer {
  const { trace = DEFAULT_TRACE_BOUNDS } = options
  const traces = mapPlatforms((platform) => createTraceWriter(redis, platform, trace))
  const context: Context = { redis, queues, traces, seenNames: new Map(), rowsPerRound: DEFAULT_ROWS_PER_ROUND, ...options, trace }
  return {
    async enqueue(platform, admissions) {
      const all: Admitted[] = []
      for (let start = 0; start < admissions.length; start += CHUNK) {
        const chunk = admissions.slice(start, start + CHUNK)
        const admitted = await tellDeadApart(redis, platform, chunk, await enqueueChunk(context, platform, chunk))
        traceDoor(context.traces[platform], chunk, admitted, context.clock())
        all.push(...admitted)
      }
      return all
    },
  }
}

async function enqueueChunk(context: Context, platform: PlatformId, admissions: readonly Admission[]): Promise<Admitted[]> {
  const now = context.clock()
  const queued = admissions.filter((admission) => admission.kind === 'queue').map(({ delivery }) => delivery)
  const places = await placesFor(context, platform, queued)
  const multi = await openMulti(context.queues[platform])
  if (queued.length > 0) countNew(multi, platform, queued)
  const jobs = queued.map((delivery, index) => newJob(delivery, places[index]!, now))
  const jobIds: (string | undefined)[] = []
  let next = 0
  for (const admission of admissions) {
    if (admission.kind === 'queue') {
      const job = jobs[next++]!
      jobIds.push(job.jobId)
      await addJob(multi, context.queues[platform], job)
    } else {
      jobIds.push(undefined)
      settleAtDoor(context, multi, platform, admission, now)
    }
  }
  orderJobs(multi, platform, jobs)
  const names = admissions.map(({ delivery }) => delivery)
  const namesAreIn = noteNames(multi, platform, names, context.seenNames, now)
  const results = (await execute(multi)).slice(queued.length > 0 ? 1 : 0)
  namesAreIn()
  return admissions.map((_, index) => {
    const [jobId, result] = [jobIds[index], results[index]]
    if (typeof result === 'number' && result < 0) throw new Error(`Redis refused a job with code ${result}`)
    return (jobId === undefined ? result === 1 : result === jobId) ? 'new' : 'duplicate'
  })
}

const placesFor = async ({ redis, rowsPerRound }: Context, platform: PlatformId, queued: readonly Delivery[]): Promise<Place[]> =>
  queued.length === 0
    ? []
    : reservePlaces(
        redis,
        platform,
        queued.map(({ connectionId }) => connectionId),
        rowsPerRound[platform],
      )

function newJob(delivery: Delivery, place: Place, now: EpochMs): NewJob {
  const jobId = `j${randomBytes(15).toString('base64url')}`
  return { delivery, generation: 0, jobId, deduplication: { id: delivery.id, ttl: claimMs(delivery, now) }, place, timestamp: now }
}

/** First in the MULTI, while the claims of the new ones are not there yet. */
function countNew(multi: ChainableCommander, platform: PlatformId, queued: readonly Delivery[]): void {
  const claims = queued.map((delivery) => claimOf(platform, delivery))
  const hours = queued.map(({ deadlineAt }) => hourOf(deadlineAt))
  const into = [keys.books(platform), keys.backlog(platform), keys.deadlines(platform), ...claims]
  countAccepted.queue(multi, into, [queued[0]!.tenantId, ...hours])
}

/** What never becomes a job: one command. */
function settleAtDoor(
  context: Context,
  multi: ChainableCommander,
  platform: PlatformId,
  admission: Exclude<Admission, { kind: 'queue' }>,
  now: EpochMs,
): void {
  const { delivery } = admission
  const claim = claimOf(platform, delivery)
  if (admission.kind === 'skip') {
    skipAtDoor.queue(multi, [claim, keys.books(platform)], [delivery.id, claimMs(delivery, now)])
    return
  }
  const grave = [keys.letter(platform, delivery.id), keys.lettersPrefix(platform), keys.attempts(platform, delivery.id)]
  const fields = letterFields({ delivery, error: admission.error, exhausted: false })
  const lifeMs = Math.max(claimMs(delivery, now), context.letterRetentionMs)
  buryAtDoor.queue(multi, [claim, keys.books(platform), ...grave], [delivery.id, lifeMs, now, ...fields])
}

const claimOf = (platform: PlatformId, delivery: Delivery): string => keys.queuePart(platform, `de:${delivery.id}`)

/** How long the claim of a delivery lives: as long as it may wait, and never less than 48 h. */
const claimMs = (delivery: Delivery, now: EpochMs): number => Math.max(CLAIM_MS, delivery.deadlineAt + HOUR_MS - now)

/** A duplicate of a dead letter is told apart, so that the producer learns of it. */
async function tellDeadApart(
  redis: Redis,
  platform: PlatformId,
  admissions: readonly Admission[],
  admitted: Admitted[],
): Promise<Admitted[]> {
  const repeated = admissions.flatMap(({ delivery }, index) => (admitted[index] === 'duplicate' ? [{ id: delivery.id, index }] : []))
  if (repeated.length === 0) return admitted
  const pipeline = redis.pipeline()
  for (const { id } of repeated) pipeline.hget(keys.letter(platform, id), 'state')
  const states = await execute(pipeline)
  const answers = [...admitted]
  for (const [place, { index }] of repeated.entries()) if (states[place] === 'dead') answers[index] = 'in-dead-letters'
  return answers
}
