import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { EventOutcome } from '@relay/core/outcome'
import { PROBE_MAX_EVENTS } from '@relay/state/breaker-rule'
import { askBreaker } from '@relay/state/circuit-breaker'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { activePauses, type PauseReason } from '@relay/state/pause-reasons'
import { askRate } from '@relay/state/rate-limit'
import type { Redis } from 'ioredis'

/*
 * What stands before a request, in this order: the connection itself, the reasons for which the platform's queue waits, the breaker, the
 * connection's own hold, the rate limits. Asked once per batch; none of it uses an attempt.
 */

export type Gate =
  | { readonly kind: 'pass'; readonly granted: number; readonly probeId: string | undefined }
  /** Ask again after so long; the rows stay in line. */
  | { readonly kind: 'wait'; readonly ms: number }
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

export interface GateContext {
  readonly platform: PlatformId
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly clock: Clock
  readonly eventsPerMinute: number
  /** Until when this process holds a connection after a 429 of its own, or undefined. */
  heldUntil(connection: ConnectionId): EpochMs | undefined
}

/** May `wanted` events of this connection go now, and how many of them? */
export async function askGates(context: GateContext, connectionId: ConnectionId, wanted: number): Promise<Gate> {
  const connection = await context.directory.find(connectionId)
  const closed = outcomeOfConnection(connection)
  if (closed !== undefined) return { kind: 'outcome', outcome: closed }

  const held = context.heldUntil(connectionId)
  if (held !== undefined) return { kind: 'outcome', outcome: heldConnection(held) }

  const [pauses, breaker] = await Promise.all([activePauses(context.redis, context.platform), askBreaker(context.redis, context.platform)])
  const longest = pauses[0]
  if (longest !== undefined) return { kind: 'back', until: longest.until, code: CODE_OF_PAUSE[longest.reason] }
  if (breaker.kind === 'wait') return { kind: 'back', until: breaker.until, code: 'CIRCUIT_OPEN' }

  const probeId = breaker.kind === 'probe' ? breaker.probeId : undefined
  const most = probeId === undefined ? wanted : Math.min(wanted, PROBE_MAX_EVENTS)
  const limits = { platform: context.eventsPerMinute, connection: connection?.settings.events_per_minute }
  const grant = await askRate(context.redis, context.platform, connectionId, most, limits)
  if (grant.granted > 0) return { kind: 'pass', granted: grant.granted, probeId }
  return { kind: 'wait', ms: grant.retryAfterMs }
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
      return { kind: 'reject', error: { code: status.code, message: `${status.message} ${status.actionRequired}` } as never }
  }
}

const heldConnection = (until: EpochMs): EventOutcome => ({
  kind: 'hold',
  until,
  error: { code: 'RATE_LIMITED', message: 'Platform rate limit exceeded', scope: 'connection' },
})
