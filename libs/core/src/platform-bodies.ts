import type { EpochMs } from './clock.ts'
import type { ErrorCode } from './errors.ts'
import type { PlatformId } from './ids.ts'
import type { JsonObject } from './json.ts'
import { PLATFORM_DEFAULTS } from './platform-defaults.ts'

/*
 * What producers and watchers are told of a platform that is ill, in one shape wherever it is told: notices, tracked batches, `/v1/health`, `relay status`.
 * Pure. `events_queued` is the backlog of whoever asks: a tenant's own, or the platform's where nobody's tenant is asked for.
 */

export interface PlatformBody {
  readonly code: ErrorCode
  readonly message: string
  readonly details: JsonObject
}

const nameOf = (platform: PlatformId): string => PLATFORM_DEFAULTS[platform].name

const instant = (at: EpochMs | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

/** Case 2. `recovery_at` is null where the circuit stays open until an operator closes it. */
export const circuitOpenBody = (
  platform: PlatformId,
  { recoveryAt, failureCount }: { readonly recoveryAt?: EpochMs | undefined; readonly failureCount: number },
): PlatformBody => ({
  code: 'CIRCUIT_OPEN',
  message: 'Platform temporarily unavailable',
  details: { platform, circuit_state: 'open', recovery_at: instant(recoveryAt), failure_count: failureCount },
})

/** Case 3. Whole seconds, at least 1. */
export const rateLimitedBody = (platform: PlatformId, retryAfterMs: number, eventsQueued: number): PlatformBody => ({
  code: 'RATE_LIMITED',
  message: 'Platform rate limit exceeded',
  details: { platform, retry_after_seconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)), events_queued: eventsQueued },
})

/** Case 10. */
export const maintenanceBody = (platform: PlatformId, estimatedEnd: EpochMs, eventsQueued: number): PlatformBody => ({
  code: 'PLATFORM_MAINTENANCE',
  message: `${nameOf(platform)} API undergoing scheduled maintenance`,
  details: { platform, estimated_end: instant(estimatedEnd), events_queued: eventsQueued },
})

/** An operator has stopped the queue. `estimated_end` is null where only an operator ends it. */
export const pausedBody = (platform: PlatformId, estimatedEnd: EpochMs | undefined, eventsQueued: number): PlatformBody => ({
  code: 'PLATFORM_MAINTENANCE',
  message: `Deliveries to ${nameOf(platform)} are paused by an operator`,
  details: { platform, estimated_end: instant(estimatedEnd), events_queued: eventsQueued },
})

/** For those who watch the fleet: no producer can help it. */
export const misconfiguredBody = (platform: PlatformId, eventsQueued: number): PlatformBody => ({
  code: 'PLATFORM_MISCONFIGURED',
  message: `${nameOf(platform)} refuses our application, API version or address`,
  details: { platform, events_queued: eventsQueued },
})

const CONNECTION_FAULTS: Partial<Record<ErrorCode, readonly [message: string, actionRequired: string]>> = {
  CREDENTIALS_EXPIRED: ['Platform credentials have expired or been revoked', 'Please reconnect with new credentials'],
  PERMISSION_DENIED: [
    'The credentials may not write to this account',
    'Please give them the right on the platform, or reconnect with others',
  ],
  DESTINATION_INVALID: [
    'The platform does not know this pixel, dataset or conversion action',
    'Please check the account and connect an existing one',
  ],
}

/** Case 12: a connection in error, in words that name neither tenant nor account. */
export function connectionBody(platform: PlatformId, code: ErrorCode): PlatformBody {
  const [message, actionRequired] = CONNECTION_FAULTS[code] ?? ['The connection is in error', 'Please test the connection']
  return { code, message, details: { platform, action_required: actionRequired } }
}
