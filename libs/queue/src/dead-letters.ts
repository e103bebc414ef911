import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { hourOf } from '@relay/state/deadlines'
import { keys, type LetterBox } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { CLAIM_MS } from './enqueue.ts'
import { addJob, type NewJob, orderJobs } from './add-jobs.ts'
import { DEFAULT_ROWS_PER_ROUND, reservePlaces } from './fair-order.ts'
import { type Letter, type LetterState, readLetter } from './letter.ts'
import { execute, openMulti } from './transaction.ts'

/*
 * The life of a dead letter:
 *
 * 1. buried: by a worker (settle.ts) or at the door (enqueue.ts), in one step with the end of its job; state `dead`, in all indexes.
 * 2. requeued: one MULTI turns the same record `queued`, takes it out of the indexes and adds a job of the next generation.
 * 3. it arrives: `delivered`, kept 24 h. Or it dies again: the same record, in the indexes again, one more replay on its count.
 * 4. removed: purged by an operator or by age; counted in the books.
 */

const claimLetter = loadScript(new URL('.', import.meta.url), 'claim-letter')
const removeLetter = loadScript(new URL('.', import.meta.url), 'remove-letter')

/** Generation keys live longer than a repeated command could come. */
const GENERATION_MS = 7 * 86_400_000
const CHUNK = 100
const SCAN_PAGE = 500

export interface LetterFilter {
  readonly tenant?: string
  readonly connection?: string
  readonly code?: string
  readonly event?: string
  readonly fingerprint?: string
  /** Died at or after. */
  readonly since?: EpochMs
  /** Died before. */
  readonly until?: EpochMs
  /** @default 'dead' */
  readonly state?: LetterState
}

/** Which index answers with the fewest strangers: fingerprint, connection, code, tenant, else all of the state. */
function narrowestIndex(box: LetterBox, filter: LetterFilter): string {
  const state = filter.state ?? 'dead'
  if (state !== 'dead') return keys.letters(box, state)
  if (filter.fingerprint !== undefined) return keys.lettersByFingerprint(box, filter.fingerprint)
  if (filter.connection !== undefined) return keys.lettersByConnection(box, filter.connection)
  if (filter.code !== undefined) return keys.lettersByCode(box, filter.code)
  if (filter.tenant !== undefined) return keys.lettersByTenant(box, filter.tenant)
  return keys.letters(box, 'dead')
}

const FILTER_FIELDS = ['tenant_id', 'connection_id', 'code', 'event_name', 'fingerprint', 'state'] as const

const matches = (row: readonly (string | null)[], filter: LetterFilter): boolean => {
  const [tenant, connection, code, event, fingerprint, state] = row
  return (
    state === (filter.state ?? 'dead') &&
    (filter.tenant === undefined || filter.tenant === tenant) &&
    (filter.connection === undefined || filter.connection === connection) &&
    (filter.code === undefined || filter.code === code) &&
    (filter.event === undefined || filter.event === event) &&
    (filter.fingerprint === undefined || filter.fingerprint === fingerprint)
  )
}

/** Ids that match, the latest death first, at most `limit`. Costs what the narrowest index holds in the time asked for. */
export async function selectLetters(redis: Redis, box: LetterBox, filter: LetterFilter, limit = Infinity): Promise<string[]> {
  const index = narrowestIndex(box, filter)
  const max = filter.until === undefined ? '+inf' : `(${filter.until}`
  const min = filter.since ?? '-inf'
  const found: string[] = []
  for (let offset = 0; found.length < limit; offset += SCAN_PAGE) {
    const ids = await redis.zrevrangebyscore(index, max, min, 'LIMIT', offset, SCAN_PAGE)
    if (ids.length === 0) break
    const pipeline = redis.pipeline()
    for (const id of ids) pipeline.hmget(keys.letter(box, id), ...FILTER_FIELDS)
    const rows = (await pipeline.exec()) ?? []
    ids.forEach((id, place) => {
      const row = rows[place]?.[1] as (string | null)[] | undefined
      if (row !== undefined && matches(row, filter) && found.length < limit) found.push(id)
    })
  }
  return found
}

/** In the order of the ids; those that are gone are left out. */
export async function readLetters(redis: Redis, box: LetterBox, ids: readonly string[]): Promise<Letter[]> {
  const letters: Letter[] = []
  for (let start = 0; start < ids.length; start += SCAN_PAGE) {
    const page = ids.slice(start, start + SCAN_PAGE)
    const pipeline = redis.pipeline()
    for (const id of page) pipeline.hgetall(keys.letter(box, id)).lrange(attemptsKey(box, id), 0, -1)
    const replies = (await pipeline.exec()) ?? []
    page.forEach((id, place) => {
      const hash = (replies[2 * place]?.[1] ?? {}) as Record<string, string>
      const letter = readLetter(box, id, hash, (replies[2 * place + 1]?.[1] ?? []) as string[])
      if (letter !== undefined) letters.push(letter)
    })
  }
  return letters
}

const attemptsKey = (box: LetterBox, id: string): string => keys.attempts(box as PlatformId, id as Delivery['id'])

/** A letter of any platform by its id, with the delivery it would send. */
export async function findLetter(redis: Redis, id: string): Promise<{ box: LetterBox; letter: Letter; delivery: Delivery } | undefined> {
  for (const box of PLATFORM_IDS) {
    const [letter] = await readLetters(redis, box, [id])
    if (letter === undefined) continue
    const text = await redis.hget(keys.letter(box, id), 'delivery')
    if (text !== null) return { box, letter, delivery: JSON.parse(text) as Delivery }
  }
  return undefined
}

/** In the order of the ids; undefined for those that are gone. */
export async function letterStates(redis: Redis, box: LetterBox, ids: readonly string[]): Promise<(LetterState | undefined)[]> {
  const states: (LetterState | undefined)[] = []
  for (let start = 0; start < ids.length; start += SCAN_PAGE) {
    const pipeline = redis.pipeline()
    for (const id of ids.slice(start, start + SCAN_PAGE)) pipeline.hget(keys.letter(box, id), 'state')
    for (const [, state] of (await pipeline.exec()) ?? []) states.push((state ?? undefined) as LetterState | undefined)
  }
  return states
}

/**
 * Puts dead letters back into the queue, in order; `not_dead` for one that is queued, delivered or gone. Of two callers with the same letter one gets
 * `queued`. The record keeps its id, event id, time and order id.
 */
export async function requeueLetters(
  redis: Redis,
  queue: Queue,
  platform: PlatformId,
  ids: readonly string[],
  clock: Clock,
): Promise<('queued' | 'not_dead')[]> {
  const answers: ('queued' | 'not_dead')[] = []
  for (let start = 0; start < ids.length; start += CHUNK) {
    answers.push(...(await requeueChunk(redis, queue, platform, ids.slice(start, start + CHUNK), clock)))
  }
  return answers
}

async function requeueChunk(
  redis: Redis,
  queue: Queue,
  platform: PlatformId,
  ids: readonly string[],
  clock: Clock,
): Promise<('queued' | 'not_dead')[]> {
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hmget(keys.letter(platform, id), 'state', 'replay_count', 'delivery')
  const rows = ((await pipeline.exec()) ?? []).map(([, row]) => row as (string | null)[])
  const found = ids.flatMap((id, index) => {
    const [state, replayCount, text] = rows[index] ?? []
    if (state !== 'dead' || typeof text !== 'string') return []
    return [{ id, index, generation: Number(replayCount ?? 0) + 1, delivery: JSON.parse(text) as Delivery }]
  })
  if (found.length === 0) return ids.map(() => 'not_dead')
  const connections = found.map(({ delivery }) => delivery.connectionId)
  const places = await reservePlaces(redis, platform, connections, DEFAULT_ROWS_PER_ROUND[platform])
  const multi = await openMulti(queue)
  const jobs: NewJob[] = []
  for (const [order, { id, generation, delivery }] of found.entries()) {
    const jobId = `${id}~${generation}`
    const job = { delivery, generation, jobId, deduplication: { id: jobId, ttl: GENERATION_MS }, place: places[order]! }
    claimLetter.queue(
      multi,
      [
        keys.letter(platform, id),
        keys.lettersPrefix(platform),
        keys.queuePart(platform, `de:${jobId}`),
        keys.backlog(platform),
        keys.deadlines(platform),
      ],
      [id, generation, clock(), GENERATION_MS, delivery.tenantId, hourOf(delivery.deadlineAt)],
    )
    await addJob(multi, queue, job)
    jobs.push(job)
  }
  orderJobs(multi, platform, jobs)
  const results = await execute(multi)
  const claimed = new Set(found.filter((_, order) => results[2 * order] === 1).map(({ index }) => index))
  return ids.map((_, index) => (claimed.has(index) ? 'queued' : 'not_dead'))
}

/** Removes dead letters for good and counts them as removed; how many were. */
export async function purgeLetters(redis: Redis, box: LetterBox, ids: readonly string[]): Promise<number> {
  let removed = 0
  for (let start = 0; start < ids.length; start += CHUNK) {
    const pipeline = redis.pipeline()
    for (const id of ids.slice(start, start + CHUNK)) {
      removeLetter.queue(
        pipeline,
        [
          keys.letter(box, id),
          keys.lettersPrefix(box),
          attemptsKey(box, id),
          keys.books(box as PlatformId),
          keys.queuePart(box, `de:${id}`),
        ],
        [id, CLAIM_MS],
      )
    }
    for (const [error, result] of (await pipeline.exec()) ?? []) {
      if (error !== null) throw error
      removed += Number(result)
    }
  }
  return removed
}

export interface LetterCount {
  readonly code: string
  readonly connection_id: string
  readonly count: number
  /** Earliest death. */
  readonly oldest: string
  /** Deaths within the last hour. */
  readonly last_hour: number
}

/** Dead letters by code and connection, the largest group first. */
export async function letterStats(redis: Redis, box: LetterBox, now: EpochMs): Promise<LetterCount[]> {
  const groups = new Map<string, { code: string; connection_id: string; count: number; oldest: EpochMs; last_hour: number }>()
  const ids = await selectLetters(redis, box, {})
  for (let start = 0; start < ids.length; start += SCAN_PAGE) {
    const pipeline = redis.pipeline()
    for (const id of ids.slice(start, start + SCAN_PAGE)) pipeline.hmget(keys.letter(box, id), 'code', 'connection_id', 'died_at')
    for (const [, row] of (await pipeline.exec()) ?? []) {
      const [code, connection, died] = row as (string | null)[]
      const key = `${code}\0${connection}`
      const diedAt = Number(died ?? now)
      const group = groups.get(key) ?? { code: code ?? '', connection_id: connection ?? '', count: 0, oldest: diedAt, last_hour: 0 }
      group.count += 1
      group.oldest = Math.min(group.oldest, diedAt)
      if (diedAt > now - 3_600_000) group.last_hour += 1
      groups.set(key, group)
    }
  }
  return [...groups.values()]
    .toSorted((a, b) => b.count - a.count)
    .map((group) => ({ ...group, oldest: new Date(group.oldest).toISOString() }))
}
