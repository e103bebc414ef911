import { createHash } from 'node:crypto'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ErrorDetail } from '@relay/core/errors'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import { hourOf } from '@relay/state/deadlines'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { addJob, type NewJob, orderJobs } from './add-jobs.ts'
import { DEFAULT_ROWS_PER_ROUND, reservePlaces } from './fair-order.ts'
import type { JobPayload } from './job.ts'
import { type Attempt, letterFields } from './letter.ts'
import { JOB_OPTIONS } from './queues.ts'
import { execute, openMulti } from './transaction.ts'

/*
 * Deliveries that a platform takes now and judges later:
 *
 * 1. kept: when a request is taken, one record with the payloads of its rows, in order, and one delayed job in the queue `verdicts` of the same prefix.
 *    The rows are booked delivered like all others.
 * 2. looked at: the job asks the platform until it has judged (verdict-poller in delivery).
 * 3. judged: a refused row moves from delivered to dead, one to be sent again from delivered to waiting, each in one step that takes its place out of the
 *    record, so that a look that is repeated changes nothing. The others stay delivered.
 * 4. dropped with the last row, or forgotten after 26 h.
 *
 * The queue stands in no sum of the books.
 */

const condemn = loadScript(new URL('.', import.meta.url), 'condemn')
const recall = loadScript(new URL('.', import.meta.url), 'recall')

const VERDICTS = 'verdicts'
const RECORD_MS = 26 * 3_600_000
/** A recalled delivery's claim and job key live as long as it may wait, and an hour more. */
const HOUR_MS = 3_600_000
const CHUNK = 100

export const verdictQueueName = VERDICTS

export function openVerdictQueue(platform: PlatformId, connection: Redis): Queue {
  const queue = new Queue(VERDICTS, { prefix: keys.queuePrefix(platform), connection, streams: { events: { maxLen: 100 } } })
  queue.on('error', () => {})
  return queue
}

/** What the job carries; the rows stand in the record. */
export interface VerdictJob {
  readonly requestId: string
  readonly connectionId: ConnectionId
  readonly sentAt: EpochMs
  /** Rows of the request. */
  readonly count: number
}

export interface VerdictRecord {
  /** The settings by which the bodies were made, so that they can be made again. */
  readonly settings: ConnectionSettings
  /** By place in the request; those that have had their verdict are missing. */
  readonly payloads: ReadonlyMap<number, JobPayload>
}

/** Keeps a taken request until its verdict is in; asked first after `firstLookMs`. 26 h at most. */
export async function keepForVerdict(
  verdicts: Queue,
  platform: PlatformId,
  request: { readonly job: VerdictJob; readonly settings: ConnectionSettings; readonly payloads: ReadonlyMap<number, JobPayload> },
  firstLookMs: number,
): Promise<void> {
  const key = keys.verdict(platform, request.job.requestId)
  const multi = await openMulti(verdicts)
  const rows = [...request.payloads].map(([place, payload]) => [String(place), JSON.stringify(payload)] as const)
  // BullMQ's transaction takes fields of a hash as an object only.
  multi.hset(key, { settings: JSON.stringify(request.settings), ...Object.fromEntries(rows) })
  multi.pexpire(key, RECORD_MS)
  const jobId = verdictJobId(request.job.requestId)
  const options = { ...JOB_OPTIONS, jobId, delay: firstLookMs, removeOnFail: true }
  await new Job(verdicts, VERDICTS, request.job, options, jobId).addJob(multi as never)
  await execute(multi)
}

const verdictJobId = (requestId: string): string => `v${createHash('sha256').update(requestId).digest('base64url').slice(0, 22)}`

/** BullMQ's score of a delayed job holds its due time above these bits. */
const DELAYED_SCALE = 4_096

/** When the platform is asked for this verdict next; undefined where it has been judged, or is no longer asked for. */
export async function nextVerdictLook(redis: Redis, platform: PlatformId, requestId: string): Promise<EpochMs | undefined> {
  const delayed = `${keys.queuePrefix(platform)}:${VERDICTS}:delayed`
  const [isKept, due] = await Promise.all([redis.exists(keys.verdict(platform, requestId)), redis.zscore(delayed, verdictJobId(requestId))])
  if (isKept === 0) return undefined
  return due === null ? Date.now() : Math.floor(Number(due) / DELAYED_SCALE)
}

/** Undefined where it is gone: judged in full, or too old. */
export async function readVerdictRecord(redis: Redis, platform: PlatformId, requestId: string): Promise<VerdictRecord | undefined> {
  const { settings, ...places } = await redis.hgetall(keys.verdict(platform, requestId))
  if (settings === undefined) return undefined
  const payloads = Object.entries(places).map(([place, text]) => [Number(place), JSON.parse(text) as JobPayload] as const)
  return { settings: JSON.parse(settings) as ConnectionSettings, payloads: new Map(payloads) }
}

export const dropVerdictRecord = async (redis: Redis, platform: PlatformId, requestId: string): Promise<void> => {
  await redis.del(keys.verdict(platform, requestId))
}

/** Delivered → dead. False where this place has had its verdict. */
export async function condemnDelivery(
  redis: Redis,
  platform: PlatformId,
  requestId: string,
  row: { readonly place: number; readonly payload: JobPayload; readonly error: ErrorDetail; readonly exhausted: boolean },
  options: { readonly clock: Clock; readonly letterRetentionMs: number },
): Promise<boolean> {
  const { delivery } = row.payload
  const now = options.clock()
  const attempt: Attempt = { at: now, code: row.error.code, message: row.error.message, platform_request_id: requestId }
  const from = [
    keys.verdict(platform, requestId),
    keys.books(platform),
    keys.letter(platform, delivery.id),
    keys.lettersPrefix(platform),
    keys.attempts(platform, delivery.id),
    keys.queuePart(platform, `de:${delivery.id}`),
  ]
  const letter = letterFields({ delivery, error: row.error, exhausted: row.exhausted })
  const args = [row.place, delivery.id, now, options.letterRetentionMs, JSON.stringify(attempt), row.payload.generation, ...letter]
  return (await condemn.run(redis, from, args)) === 1
}

/** Delivered → waiting, held until `until`: the same delivery in a job of its own. How many were moved. */
export async function recallDeliveries(
  queue: Queue,
  platform: PlatformId,
  requestId: string,
  rows: readonly RecalledRow[],
  tools: { readonly redis: Redis; readonly clock: Clock },
): Promise<number> {
  let moved = 0
  for (let start = 0; start < rows.length; start += CHUNK) {
    moved += await recallChunk(queue, platform, requestId, rows.slice(start, start + CHUNK), tools)
  }
  return moved
}

export interface RecalledRow {
  readonly place: number
  readonly payload: JobPayload
  readonly until: EpochMs
}

async function recallChunk(
  queue: Queue,
  platform: PlatformId,
  requestId: string,
  rows: readonly RecalledRow[],
  { redis, clock }: { readonly redis: Redis; readonly clock: Clock },
): Promise<number> {
  const connections = rows.map(({ payload }) => payload.delivery.connectionId)
  const places = await reservePlaces(redis, platform, connections, DEFAULT_ROWS_PER_ROUND[platform])
  const multi = await openMulti(queue)
  const now = clock()
  const jobs: NewJob[] = []
  for (const [order, { place, payload, until }] of rows.entries()) {
    const { delivery, generation } = payload
    const jobId = `${delivery.id}~v${createHash('sha256').update(`${requestId}\0${place}`).digest('base64url').slice(0, 12)}`
    const lifeMs = Math.max(delivery.deadlineAt - now, 0) + HOUR_MS
    const own = [keys.verdict(platform, requestId), keys.books(platform), keys.backlog(platform)]
    const claims = [keys.queuePart(platform, `de:${jobId}`), keys.queuePart(platform, `de:${delivery.id}`)]
    recall.queue(
      multi,
      [...own, ...claims, keys.deadlines(platform)],
      [place, delivery.tenantId, lifeMs, lifeMs, hourOf(delivery.deadlineAt), jobId],
    )
    const deduplication = { id: jobId, ttl: lifeMs }
    const job = { delivery, generation, jobId, deduplication, place: places[order]!, delay: Math.max(0, until - now) }
    await addJob(multi, queue, job)
    jobs.push(job)
  }
  orderJobs(multi, platform, jobs)
  const results = await execute(multi)
  return rows.filter((_, order) => results[2 * order] === 1).length
}
