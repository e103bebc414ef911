import { createHash } from 'node:crypto'
import type { Clock } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { DeliveryError } from '@relay/core/errors'
import type { Platform } from '@relay/platforms/contract'
import type { LearnedRates } from '@relay/state/learned-rates'
import type { LimitsInForce } from '@relay/state/limits'
import { type Bucket, bucketOf, learnedBucketOf, type RequestBuckets, requestBucketOf } from '@relay/state/rate-limit'
import type { Accounts } from './accounts.ts'

export interface RatesContext {
  readonly adapter: Pick<Platform, 'api' | 'applicationOf'>
  readonly accounts: Accounts
  readonly limits: () => Promise<LimitsInForce>
  readonly learned: LearnedRates
  readonly clock: Clock
}

/** The buckets that hold for a connection now: set or configured limits, below them what was learned. */
export interface Rates {
  readonly platform: Bucket
  readonly connection: Bucket | undefined
  readonly requests: RequestBuckets | undefined
  /** Events a minute that the connection may have at most; what a learned rate is regained to. */
  readonly limit: number
}

export async function ratesOf(context: RatesContext, connection: Connection): Promise<Rates> {
  const { limits, learned } = context
  const inForce = await limits()
  const own = inForce.connection(connection.id, connection.settings.events_per_minute)
  const limit = Math.min(inForce.platform, own ?? Infinity)
  const [ofPlatform, ofConnection] = await Promise.all([learned.rate('platform', inForce.platform), learned.rate(connection.id, limit)])
  return {
    limit,
    requests: await requestBuckets(context, connection),
    platform: ofPlatform === undefined ? bucketOf(inForce.platform) : learnedBucketOf(ofPlatform),
    connection: ofConnection !== undefined ? learnedBucketOf(ofConnection) : own === undefined ? undefined : bucketOf(own),
  }
}

const DAY_MS = 86_400_000

/** Where the platform counts requests: of the application that these credentials belong to. Credentials that cannot be opened are dealt with when they are due. */
async function requestBuckets({ adapter, accounts }: RatesContext, connection: Connection): Promise<RequestBuckets | undefined> {
  const { requestLimits } = adapter.api
  if (requestLimits === undefined || adapter.applicationOf === undefined) return undefined
  const account = await accounts.open(connection).catch((error: unknown) => {
    if (error instanceof DeliveryError) return undefined
    throw error
  })
  if (account === undefined) return undefined
  const { requests, windowMs } = requestLimits.perWindow.value
  const perDay = requestLimits.perDay?.value
  return {
    application: createHash('sha256').update(adapter.applicationOf(account.credentials)).digest('base64url').slice(0, 16),
    short: requestBucketOf(requests, windowMs),
    daily: perDay === undefined ? undefined : requestBucketOf(perDay, DAY_MS),
  }
}
