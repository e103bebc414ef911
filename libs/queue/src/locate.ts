import type { EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { DeliveryId, PlatformId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import type { Redis } from 'ioredis'
import { readLetters } from './dead-letters.ts'
import { readPayload } from './job.ts'
import type { Attempt, Letter } from './letter.ts'
import { execute } from './transaction.ts'
import { readWaits, type Wait } from './waits.ts'

/*
 * Where a delivery is. Its claim names the job that it came in with; a replay has a job of its own, named after the generation. A claim without job and letter
 * is of a delivery that has ended.
 */

export interface LocatedJob {
  readonly state: 'waiting' | 'held' | 'active'
  /** Jobs of the whole platform that are served before it; of a waiting one. */
  readonly ahead: number | undefined
  /** When a held one comes back into line. */
  readonly dueAt: EpochMs | undefined
  /** When a worker took it last. */
  readonly takenAt: EpochMs | undefined
  readonly generation: number
  readonly waits: readonly Wait[]
}

export interface LocatedLetter extends Letter {
  readonly replayedAt: EpochMs | undefined
  readonly deliveredAt: EpochMs | undefined
  readonly waits: readonly Wait[]
}

export interface Located {
  readonly id: DeliveryId
  /** Of the job or the letter; undefined where neither is left. */
  readonly delivery: Delivery | undefined
  readonly job: LocatedJob | undefined
  readonly letter: LocatedLetter | undefined
  /** Failed attempts and deferrals, oldest first; the last 20. */
  readonly attempts: readonly Attempt[]
  /** By when it is no duplicate any more; undefined where it has no claim. */
  readonly claimedUntil: EpochMs | undefined
  /** Its claim says that it never became a job: skipped or dead at acceptance. */
  readonly endedAtDoor: boolean
}

const PAGE = 500

/** Those of the ids of which anything is known, in their order. Costs two commands per 500 ids, and eight for each that is found. */
export async function locateDeliveries(redis: Redis, platform: PlatformId, ids: readonly DeliveryId[]): Promise<Located[]> {
  const located: Located[] = []
  for (let start = 0; start < ids.length; start += PAGE) {
    const page = ids.slice(start, start + PAGE)
    const claims = await redis.mget(page.map((id) => claimOf(platform, id)))
    const letters = await execute(page.reduce((pipeline, id) => pipeline.hexists(keys.letter(platform, id), 'state'), redis.pipeline()))
    for (const [place, id] of page.entries()) {
      const claim = claims[place] ?? undefined
      if (claim !== undefined || letters[place] === 1) located.push(await locate(redis, platform, id, claim))
    }
  }
  return located
}

const claimOf = (platform: PlatformId, id: DeliveryId): string => keys.queuePart(platform, `de:${id}`)

async function locate(redis: Redis, platform: PlatformId, id: DeliveryId, claim: string | undefined): Promise<Located> {
  const [letter] = await readLetters(redis, platform, [id])
  const [[replayed, delivered, waits, text], claimLifeMs, attempts] = (await execute(
    redis
      .pipeline()
      .hmget(keys.letter(platform, id), 'replayed_at', 'delivered_at', 'waits', 'delivery')
      .pttl(claimOf(platform, id))
      .lrange(keys.attempts(platform, id), 0, -1),
  )) as [(string | null)[], number, string[]]
  const jobIds = [...(claim === undefined ? [] : [claim]), ...(letter === undefined ? [] : [`${id}~${letter.replay_count}`])]
  const found = await findJob(redis, platform, jobIds)
  return {
    id,
    delivery: found?.delivery ?? (typeof text === 'string' ? (JSON.parse(text) as Delivery) : undefined),
    job: found?.job,
    letter:
      letter === undefined
        ? undefined
        : { ...letter, replayedAt: instant(replayed), deliveredAt: instant(delivered), waits: readWaits(waits) },
    attempts: attempts.map((attempt) => JSON.parse(attempt) as Attempt),
    claimedUntil: claimLifeMs > 0 ? Date.now() + claimLifeMs : undefined,
    endedAtDoor: claim === id,
  }
}

const instant = (value: string | null | undefined): EpochMs | undefined => (typeof value === 'string' ? Number(value) : undefined)

interface Found {
  readonly job: LocatedJob
  readonly delivery: Delivery
}

/** BullMQ's score of a delayed job holds its due time above these bits. */
const DELAYED_SCALE = 4_096

/** The first of these jobs that is in the queue now. One MULTI each, so that a job on its way from one place to the next is in one of them. */
async function findJob(redis: Redis, platform: PlatformId, jobIds: readonly string[]): Promise<Found | undefined> {
  for (const jobId of jobIds) {
    const [fields, rank, delayed, inLine, activeAt] = (await execute(
      redis
        .multi()
        .hgetall(keys.queuePart(platform, jobId))
        .zrank(keys.queuePart(platform, 'prioritized'), jobId)
        .zscore(keys.queuePart(platform, 'delayed'), jobId)
        .lpos(keys.queuePart(platform, 'wait'), jobId)
        .lpos(keys.queuePart(platform, 'active'), jobId),
    )) as [Record<string, string>, number | null, string | null, number | null, number | null]
    const read = fields['data'] === undefined ? undefined : readPayload(JSON.parse(fields['data']))
    if (read === undefined || !read.ok) continue
    const { delivery, generation } = read.payload
    const takenAt = fields['processedOn'] === undefined ? undefined : Number(fields['processedOn'])
    const common = { takenAt, generation, waits: readWaits(fields['progress']) }
    if (delayed !== null) {
      const dueAt = Math.floor(Number(delayed) / DELAYED_SCALE)
      return { delivery, job: { ...common, state: 'held', dueAt, ahead: undefined } }
    }
    if (activeAt !== null) return { delivery, job: { ...common, state: 'active', dueAt: undefined, ahead: undefined } }
    return { delivery, job: { ...common, state: 'waiting', dueAt: undefined, ahead: rank ?? inLine ?? undefined } }
  }
  return undefined
}
