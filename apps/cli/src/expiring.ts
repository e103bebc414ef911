import type { PlatformId } from '@relay/core/ids'
import type { Books } from '@relay/state/books'
import { readExpiring, savedOf } from '@relay/state/deadlines'
import { readLimits } from '@relay/state/limits'
import type { Redis } from 'ioredis'

/** Waiting, held and active deliveries whose deadline comes soon, and how many of them the rate in force lets out before. */
export interface ExpiringStatus {
  readonly expiring_1h: number
  readonly saved_1h: number
  readonly expiring_24h: number
  readonly saved_24h: number
}

const HOUR_MS = 3_600_000

export async function expiringStatus(
  redis: Redis,
  platform: PlatformId,
  books: Books,
  configuredPerMinute: number,
): Promise<ExpiringStatus> {
  const [{ within1h, within24h }, limits] = await Promise.all([readExpiring(redis, platform, Date.now()), readLimits(redis, platform)])
  const perMinute = limits.platform ?? configuredPerMinute
  const ahead = books.waiting + books.held + books.active
  return {
    expiring_1h: within1h,
    saved_1h: savedOf(within1h, ahead, perMinute, HOUR_MS),
    expiring_24h: within24h,
    saved_24h: savedOf(within24h, ahead, perMinute, 24 * HOUR_MS),
  }
}

/** Pure. A sentence where something expires within a day, else nothing. */
export function expiringSentences(platform: PlatformId, { expiring_1h, saved_1h, expiring_24h, saved_24h }: ExpiringStatus): string[] {
  if (expiring_24h === 0) return []
  const soon = expiring_1h === 0 ? '' : `${expiring_1h} within 1 h (${saved_1h} in time at the present rate), `
  return [`${platform}: of what waits expire ${soon}${expiring_24h} within 24 h (${saved_24h} in time at the present rate)`]
}
