import { createHash } from 'node:crypto'
import { type ConnectionId, mapPlatforms, type PlatformId } from '@relay/core/ids'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import type { Redis } from 'ioredis'

/*
 * Fairness among the connections of a platform: weighted fair queueing on BullMQ's priorities. Each delivery gets a round (its job's priority) in which its
 * connection has a quantum of rows; a newcomer starts in the round that is being served, so it waits for one quantum of each other connection with work and
 * not for anybody's backlog. Inside a round the rows of one connection stand together, so that they travel together. Tags are hints: every delivery stays an
 * ordinary job, and a lost tag loses nothing. Nothing may be added without one, since BullMQ serves jobs without a priority first.
 */

const reserve = loadScript(new URL('.', import.meta.url), 'tag')

/** BullMQ's largest priority; rows past it are served in the order of their adding. */
const LAST_ROUND = 2_097_151
const ROUND = 2 ** 32
const SLOT = 2 ** 20
const SLOTS = 4_096

export interface Place {
  /** The job's priority. */
  readonly round: number
  /** Its score in the prioritized set: by round, then by connection, then in order. */
  readonly score: number
}

/** Rows of one connection in one round: what a grant gives, 1 to 100. Pure. */
export const quantumOfRound = (eventsPerMinute: number): number => Math.min(100, Math.max(1, Math.floor(eventsPerMinute * 0.04)))

export type RowsPerRound = { readonly [P in PlatformId]: number }

/** Where no configuration is at hand. */
export const DEFAULT_ROWS_PER_ROUND: RowsPerRound = mapPlatforms((platform) => quantumOfRound(PLATFORM_DEFAULTS[platform].eventsPerMinute))

/** A place for each row, in order. */
export async function reservePlaces(
  redis: Redis,
  platform: PlatformId,
  connections: readonly ConnectionId[],
  rowsPerRound: number,
): Promise<Place[]> {
  const counts = new Map<ConnectionId, number>()
  for (const connection of connections) counts.set(connection, (counts.get(connection) ?? 0) + 1)
  const pairs = [...counts].flatMap(([connection, count]) => [connection, count])
  const starts = (await reserve.run(
    redis,
    [keys.tags(platform), keys.queuePart(platform, 'prioritized')],
    [rowsPerRound, ...pairs],
  )) as string[]
  const startOf = new Map([...counts.keys()].map((connection, index) => [connection, Number(starts[index])] as const))
  const taken = new Map<ConnectionId, number>()
  return connections.map((connection) => {
    const n = taken.get(connection) ?? 0
    taken.set(connection, n + 1)
    return placeOf(connection, startOf.get(connection)!, n, rowsPerRound)
  })
}

/** Pure. The place of the n-th row of a reservation that begins at `start` rounds. */
export function placeOf(connection: ConnectionId, start: number, n: number, rowsPerRound: number): Place {
  const position = start + n / rowsPerRound
  const round = Math.min(LAST_ROUND, Math.floor(position + 1e-9) + 1)
  const order = Math.round(position * rowsPerRound) % SLOT
  return { round, score: round * ROUND + slotOf(connection) * SLOT + order }
}

const slotOf = (connection: ConnectionId): number => createHash('sha256').update(connection).digest().readUInt16BE(0) % SLOTS
