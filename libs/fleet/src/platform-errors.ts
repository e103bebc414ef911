import type { EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import { connectionBody, type PlatformBody } from '@relay/core/platform-bodies'
import { bodiesOf, type PlatformCondition } from './platform-condition.ts'

/**
 * What is wrong with a platform, for those who watch the fleet: its condition with the platform's whole backlog as `events_queued`, and one body for each code
 * for which connections are in error. Names no tenant. Pure.
 */
export function platformErrors(
  platform: PlatformId,
  condition: PlatformCondition,
  connections: readonly Pick<Connection, 'platform' | 'status'>[],
  now: EpochMs,
): PlatformBody[] {
  const codes = connections.flatMap((one) => (one.platform === platform && one.status.state === 'error' ? [one.status.code] : []))
  const ill = [...new Set(codes)].map((code) => connectionBody(platform, code))
  return [...bodiesOf(platform, condition, queueDepth(condition), now), ...ill]
}

/** Waiting, held and active. Pure. */
export const queueDepth = ({ books: { waiting, held, active } }: PlatformCondition): number => waiting + held + active
