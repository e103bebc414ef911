import type { Clock } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ErrorCode } from '@relay/core/errors'
import { readLetters, requeueLetters, selectLetters } from '@relay/queue/dead-letters'
import type { Queues } from '@relay/queue/queues'
import type { Redis } from 'ioredis'

/** Letters moved in one transaction: live traffic waits for no longer than that takes. */
const CHUNK = 100

/**
 * Puts back what was parked under these codes because of the connection itself: exactly those letters that only waited for it. Past their deadline,
 * or perhaps taken already, they stay dead. Answers with how many were queued; each of them is from then on in the platform's queue.
 */
export async function replayParked(
  redis: Redis,
  queues: Queues,
  connection: Connection,
  codes: readonly ErrorCode[],
  clock: Clock,
): Promise<number> {
  const { platform } = connection
  let replayed = 0
  for (const code of codes) {
    const ids = await selectLetters(redis, platform, { connection: connection.id, code, state: 'dead' })
    for (let start = 0; start < ids.length; start += CHUNK) {
      const letters = await readLetters(redis, platform, ids.slice(start, start + CHUNK))
      const due = letters.filter((letter) => Date.parse(letter.deadline_at) > clock() && !letter.ambiguous).map((letter) => letter.id)
      const moved = due.length === 0 ? [] : await requeueLetters(redis, queues[platform], platform, due, clock)
      replayed += moved.filter((result) => result === 'queued').length
    }
  }
  return replayed
}
