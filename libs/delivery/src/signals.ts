import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { type ErrorDetail, type SuspendingError, suspendsConnection } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'
import type { Logger } from '@relay/observe/logger'
import type { Metrics } from '@relay/observe/metrics'
import type { PlatformId } from '@relay/core/ids'
import { appendAudit } from '@relay/state/audit'
import type { Verdict } from '@relay/state/breaker-rule'
import { type BreakerView, tellBreaker } from '@relay/state/circuit-breaker'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { setConnectionStatus } from '@relay/state/connections'
import { addPause, type Pause } from '@relay/state/pause-reasons'
import { type HoldChange, noteHoldChange } from '@relay/state/trace'
import type { Redis } from 'ioredis'
import { lettersOfOutage } from './outage-letters.ts'

/*
 * What a batch told beyond its own rows: health of the platform for the breaker, a reason for the whole queue to wait, a connection that cannot go on.
 * What follows from an outcome is decided in pure functions here and done at the end.
 */

export interface SignalContext {
  readonly platform: PlatformId
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
  readonly processId: string
  readonly breakerOpenMs: number
}

const isLimit = (error: ErrorDetail): error is Extract<ErrorDetail, { scope: unknown }> =>
  error.code === 'RATE_LIMITED' || error.code === 'QUOTA_EXHAUSTED'

/**
 * Until when this connection must wait, if these outcomes say so. An application's limit holds the connection that met it: tenants bring applications of
 * their own, so it says nothing about the others. Pure.
 */
export function connectionHoldFrom(outcomes: readonly EventOutcome[]): EpochMs | undefined {
  const holds = outcomes.flatMap((outcome) =>
    outcome.kind === 'hold' && isLimit(outcome.error) && outcome.error.scope !== 'platform' ? [outcome.until] : [],
  )
  return holds.length === 0 ? undefined : Math.max(...holds)
}

/** The reason for which the whole queue must wait, if these outcomes hold one. Pure. */
export function pauseFrom(outcomes: readonly EventOutcome[]): Pause | undefined {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'hold') continue
    const { error, until } = outcome
    if (error.code === 'PLATFORM_MAINTENANCE') return { reason: 'maintenance', until, message: error.message }
    if (error.code === 'PLATFORM_MISCONFIGURED') return { reason: 'configuration', until, message: error.message }
    if (isLimit(error) && error.scope === 'platform') return { reason: 'limit', until, message: error.message }
  }
  return undefined
}

/** The fault that puts the connection in `error`, if these outcomes hold one. Pure. */
export function suspensionFrom(outcomes: readonly EventOutcome[]): SuspendingError | undefined {
  for (const outcome of outcomes) {
    if (outcome.kind === 'reject' && suspendsConnection(outcome.error)) return outcome.error
  }
  return undefined
}

/** Tells the breaker; the process whose report changed its state says so in the log. */
export async function reportHealth(context: SignalContext, verdict: Verdict, probeId: string | undefined): Promise<void> {
  const { platform, logger } = context
  const change = await tellBreaker(context.redis, platform, verdict, probeId, context.breakerOpenMs)
  if (!change.changed) return
  const { state, failureCount, recoveryAt } = change.after
  const line = {
    platform,
    circuit_state: state,
    failure_count: failureCount,
    ...(recoveryAt === undefined ? {} : { recovery_at: new Date(recoveryAt).toISOString() }),
  }
  await noteHoldChange(context.redis, platform, breakerChange(context.clock(), change.after))
  if (state === 'open') {
    context.metrics.circuitOpened.inc({ platform })
    logger.warn(line, 'circuit opened')
    return
  }
  const { openedAt } = change.before
  const buried = openedAt === undefined ? undefined : await lettersOfOutage(context.redis, platform, openedAt)
  logger.warn({ ...line, ...buried }, 'circuit closed')
}

const breakerChange = (at: EpochMs, { state, failureCount, holdsUntil }: BreakerView): HoldChange =>
  state === 'open' && holdsUntil !== undefined
    ? { at, reason: 'breaker', until: holdsUntil, message: `${failureCount} failures in a row` }
    : { at, reason: 'breaker', message: 'The platform answers again' }

export async function pauseQueue(context: SignalContext, pause: Pause): Promise<void> {
  const isNew = await addPause(context.redis, context.platform, pause)
  if (!isNew) return
  context.logger.warn({ platform: context.platform, reason: pause.reason, until: new Date(pause.until).toISOString() }, 'queue waits')
  await noteHoldChange(context.redis, context.platform, { at: context.clock(), ...pause })
}

const ACTION_REQUIRED = 'Reconnect with new credentials, then replay its dead letters.'

/** Puts a connection in `error`; only the process that changes it tells of it. Its waiting deliveries are parked by the gates, without a request each. */
export async function suspendConnection(context: SignalContext, connection: Connection, error: SuspendingError): Promise<void> {
  const status = {
    state: 'error',
    code: error.code,
    message: error.message,
    since: context.clock(),
    actionRequired: ACTION_REQUIRED,
  } as const
  const former = await setConnectionStatus(context.redis, connection.id, status)
  context.directory.refresh()
  if (former === undefined || former.state === 'error') return
  context.logger.error(
    {
      platform: context.platform,
      tenant_id: connection.tenantId,
      connection_id: connection.id,
      code: error.code,
      platform_code: error.platformCode,
    },
    'connection suspended',
  )
  await appendAudit(context.redis, connection.tenantId, {
    at: context.clock(),
    action: 'connection.suspended',
    actor: context.processId,
    details: { connection_id: connection.id, code: error.code, platform_code: error.platformCode ?? '' },
  })
}
