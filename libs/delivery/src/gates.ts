import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { EventOutcome } from '@relay/core/outcome'
import { PROBE_MAX_EVENTS } from '@relay/state/breaker-rule'
import { askBreaker } from '@relay/state/circuit-breaker'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { activePauses, type PauseReason } from '@relay/state/pause-reasons'
import { askRate, type Bucket, bucketOf, type Grant, quantumOf } from '@relay/state/rate-limit'
import type { Redis } from 'ioredis'
import { type RatesContext, ratesOf } from './rates.ts'

/*
 * What stands before a request, in this order: the connection itself, the reasons for which the platform's queue waits, the breaker, the
 * connection's own hold, the rate limits. Asked once per batch; none of it uses an attempt.
 */

export type Gate =
  | { readonly kind: 'pass'; readonly granted: number; readonly probeId: string | undefined }
  /** Ask again after so long; the rows stay in line. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** This connection waits, and nobody else: rows past `keep` leave the line until their own slot, so that they hold up no other connection's. */
  | { readonly kind: 'pace'; readonly ms: number; readonly keep: number; readonly notBefore: EpochMs }
  /** The whole platform waits: the rows go back into the queue. */
  | {
      readonly kind: 'back'
      readonly until: EpochMs
      readonly code: 'CIRCUIT_OPEN' | 'PLATFORM_MAINTENANCE' | 'RATE_LIMITED' | 'PLATFORM_MISCONFIGURED'
    }
  /** All of them get this. */
  | { readonly kind: 'outcome'; readonly outcome: EventOutcome }

const CODE_OF_PAUSE = {
  maintenance: 'PLATFORM_MAINTENANCE',
  limit: 'RATE_LIMITED',
  configuration: 'PLATFORM_MISCONFIGURED',
  operator: 'PLATFORM_MAINTENANCE',
} as const satisfies Record<PauseReason, string>

export interface GateContext extends RatesContext {
  readonly platform: PlatformId
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly clock: Clock
  /** Until when this process holds a connection after a 429 of its own, or undefined. */
  heldUntil(connection: ConnectionId): EpochMs | undefined
}

/** May `wanted` events of this connection go now, and how many of them? */
export async function askGates(context: GateContext, connectionId: ConnectionId, wanted: number): Promise<Gate> {
  const connection = await context.directory.find(connectionId)
  const closed = outcomeOfConnection(connection)
  if (closed !== undefined) return { kind: 'outcome', outcome: closed }

  const held = context.heldUntil(connectionId)
  if (held !== undefined) return { kind: 'pace', ms: 0, keep: 0, notBefore: held }

  const [pauses, breaker] = await Promise.all([activePauses(context.redis, context.platform), askBreaker(context.redis, context.platform)])
  const longest = pauses[0]
  if (longest !== undefined) return { kind: 'back', until: longest.until, code: CODE_OF_PAUSE[longest.reason] }
  if (breaker.kind === 'wait') return { kind: 'back', until: breaker.until, code: 'CIRCUIT_OPEN' }

  const probeId = breaker.kind === 'probe' ? breaker.probeId : undefined
  const most = probeId === undefined ? wanted : Math.min(wanted, PROBE_MAX_EVENTS)
  const rates = await ratesOf(context, connection!)
  const grant = await askRate(context.redis, context.platform, connectionId, most, rates)
  if (grant.granted > 0) return { kind: 'pass', granted: grant.granted, probeId }
  // A limit of its own, of events or of its application's requests, must not fill the hands of this worker with rows that wait.
  const own = grant.limitedBy === 'platform' ? undefined : (rates.connection ?? rates.platform)
  return own === undefined ? { kind: 'wait', ms: grant.retryAfterMs } : paceOf(grant, own, context.clock())
}

/** A short wait is waited out in line by the rows of one grant; for a longer one the line is cleared. */
const WAIT_IN_LINE_MS = 2_000

function paceOf({ retryAfterMs }: Grant, bucket: Bucket, now: EpochMs): Gate {
  const keep = retryAfterMs <= WAIT_IN_LINE_MS ? quantumOf(bucket) : 0
  return { kind: 'pace', ms: retryAfterMs, keep, notBefore: now + retryAfterMs }
}

/** The rate at which a connection's waiting rows can be sent: its own, or the platform's where it has none. */
export async function paceBucket(context: GateContext, connectionId: ConnectionId): Promise<Bucket> {
  const connection = await context.directory.find(connectionId)
  if (connection === undefined) return bucketOf((await context.limits()).platform)
  const { platform, connection: own } = await ratesOf(context, connection)
  return own === undefined || own.intervalMs < platform.intervalMs ? platform : own
}

/** What a connection's own status rules: nothing while it is active. Pure. */
export function outcomeOfConnection(connection: Connection | undefined): EventOutcome | undefined {
  if (connection === undefined) {
    return { kind: 'reject', error: { code: 'CONNECTION_DISABLED', message: 'The connection was removed while this delivery waited' } }
  }
  const { status } = connection
  switch (status.state) {
    case 'active':
      return undefined
    case 'disabled':
      return {
        kind: 'reject',
        error: { code: 'CONNECTION_DISABLED', message: 'The connection is disabled; enabling it replays this letter' },
      }
    case 'error':
      return { kind: 'reject', error: { code: status.code, message: `${status.message} ${status.actionRequired}` } }
  }
}
