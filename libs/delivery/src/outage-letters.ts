import type { EpochMs } from '@relay/core/clock'
import { type ErrorCode, POLICY } from '@relay/core/errors'
import type { PlatformId } from '@relay/core/ids'
import { selectLetters } from '@relay/queue/dead-letters'
import type { Redis } from 'ioredis'

/** Failures that opened the breaker came shortly before it opened: so far back their letters belong to the outage, in ms. */
const BEFORE_OPENING_MS = 60_000
const COUNTED_AT_MOST = 10_000

/** The codes by which an outage buries: those that the breaker counts. */
const OUTAGE_CODES = (Object.keys(POLICY) as ErrorCode[]).filter((code) => POLICY[code].breaker)

export interface OutageLetters {
  readonly letters: number
  /** One command for each code that buried any. */
  readonly replay: readonly string[]
}

/** Letters that an outage buried before its breaker was open, and the commands that replay them. */
export async function lettersOfOutage(redis: Redis, platform: PlatformId, openedAt: EpochMs): Promise<OutageLetters> {
  const since = openedAt - BEFORE_OPENING_MS
  const counts = await Promise.all(
    OUTAGE_CODES.map(async (code) => ({ code, count: (await selectLetters(redis, platform, { code, since }, COUNTED_AT_MOST)).length })),
  )
  const found = counts.filter(({ count }) => count > 0)
  return {
    letters: found.reduce((sum, { count }) => sum + count, 0),
    replay: found.map(({ code }) => `relay dlq replay --platform ${platform} --code ${code} --since ${new Date(since).toISOString()}`),
  }
}
