import type { EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import { isCanonicalEventName } from '@relay/core/event-name'
import type { PlatformId, TenantId } from '@relay/core/ids'
import { keys } from '@relay/state/keys'
import type { ChainableCommander, Redis } from 'ioredis'

/*
 * Which names and test codes a tenant uses beyond the canonical live ones. A delivery's id is a hash of them, so whoever knows them finds every delivery of an
 * event id without an index of events: the cost is a few bytes per name, and none per delivery.
 */

export interface EventKind {
  readonly eventName: string
  readonly testEventCode: string | undefined
}

/** A tenant that makes up names has so many of its newest remembered, on each platform. */
const NAMES_KEPT = 1_000
/** Past any deadline and the retention of letters, in ms. */
const NAMES_MS = 130 * 86_400_000
/** How often a name that is in use is written again, in ms. */
const REFRESH_MS = 3_600_000
const SEEN_MAX = 10_000

/** What this process has written lately, by key and member. */
export type SeenNames = Map<string, EpochMs>

/** Adds to the MULTI what is not known yet of these deliveries' names: nothing, nearly always. Call what it returns once the MULTI is confirmed. */
export function noteNames(
  multi: ChainableCommander,
  platform: PlatformId,
  deliveries: readonly Delivery[],
  seen: SeenNames,
  now: EpochMs,
): () => void {
  const fresh = new Map<TenantId, Set<string>>()
  for (const { tenantId, event } of deliveries) {
    if (event.test_event_code === undefined && isCanonicalEventName(event.event_name)) continue
    const member = memberOf(event.event_name, event.test_event_code)
    if (now - (seen.get(`${platform} ${tenantId} ${member}`) ?? -Infinity) < REFRESH_MS) continue
    fresh.set(tenantId, (fresh.get(tenantId) ?? new Set()).add(member))
  }
  for (const [tenantId, members] of fresh) {
    const key = keys.eventNames(platform, tenantId)
    multi.zadd(key, ...[...members].flatMap((member) => [now, member]))
    multi.zremrangebyrank(key, 0, -1 - NAMES_KEPT)
    multi.pexpire(key, NAMES_MS)
  }
  return () => {
    if (seen.size > SEEN_MAX) seen.clear()
    for (const [tenantId, members] of fresh) for (const member of members) seen.set(`${platform} ${tenantId} ${member}`, now)
  }
}

const memberOf = (eventName: string, testEventCode: string | undefined): string =>
  JSON.stringify(testEventCode === undefined ? [eventName] : [eventName, testEventCode])

/** Names and test codes that a tenant has used on a platform beside the canonical live ones; the newest 1,000, for 130 d after the last. */
export async function knownNames(redis: Redis, platform: PlatformId, tenant: TenantId): Promise<EventKind[]> {
  const members = await redis.zrange(keys.eventNames(platform, tenant), 0, '-1')
  return members.map((member) => {
    const [eventName = '', testEventCode] = JSON.parse(member) as string[]
    return { eventName, testEventCode }
  })
}
