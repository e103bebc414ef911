import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import type { PlatformBody } from '@relay/core/platform-bodies'
import { readCondition } from '@relay/fleet/platform-condition'
import { platformErrors } from '@relay/fleet/platform-errors'
import { readOutcomes, successRate } from '@relay/state/outcome-counts'
import type { Redis } from 'ioredis'

/** What producers and `/v1/health` are told of a platform too. */
export interface PlatformTold {
  /** Delivered over delivered and dead-lettered within 15 min, 0 to 1; null where nothing ended. */
  readonly success_rate: number | null
  /** The bodies of notices, `events_queued` being the platform's whole backlog. */
  readonly errors: readonly PlatformBody[]
}

/** `configured`: events a minute where no operator has set a limit. */
export async function toldOf(
  redis: Redis,
  platform: PlatformId,
  configured: number,
  connections: readonly Connection[],
): Promise<PlatformTold> {
  const now = Date.now()
  const [condition, outcomes] = await Promise.all([readCondition(redis, platform, configured), readOutcomes(redis, platform, now)])
  return { success_rate: successRate(outcomes), errors: platformErrors(platform, condition, connections, now) }
}
