import type { Clock } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import type { LearnedRates } from '@relay/state/learned-rates'
import type { LimitsInForce } from '@relay/state/limits'
import { type Bucket, bucketOf, learnedBucketOf } from '@relay/state/rate-limit'

export interface RatesContext {
  readonly platform: PlatformId
  readonly limits: () => Promise<LimitsInForce>
  readonly learned: LearnedRates
  readonly clock: Clock
}

/** The buckets that hold for a connection now: set or configured limits, below them what was learned. */
export interface Rates {
  readonly platform: Bucket
  readonly connection: Bucket | undefined
  /** Events a minute that the connection may have at most; what a learned rate is regained to. */
  readonly limit: number
}

export async function ratesOf({ limits, learned }: RatesContext, connection: Connection): Promise<Rates> {
  const inForce = await limits()
  const own = inForce.connection(connection.id, connection.settings.events_per_minute)
  const limit = Math.min(inForce.platform, own ?? Infinity)
  const [ofPlatform, ofConnection] = await Promise.all([learned.rate('platform', inForce.platform), learned.rate(connection.id, limit)])
  return {
    limit,
    platform: ofPlatform === undefined ? bucketOf(inForce.platform) : learnedBucketOf(ofPlatform),
    connection: ofConnection !== undefined ? learnedBucketOf(ofConnection) : own === undefined ? undefined : bucketOf(own),
  }
}
