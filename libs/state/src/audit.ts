import type { EpochMs } from '@relay/core/clock'
import type { TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

export type AuditAction =
  | 'tenant.created'
  | 'key.created'
  | 'key.removed'
  | 'connection.attempted'
  | 'connection.refused'
  | 'connection.created'
  | 'connection.updated'
  | 'connection.tested'
  | 'connection.enabled'
  | 'connection.disabled'
  | 'connection.suspended'
  | 'connection.removed'
  | 'replay.started'
  | 'letters.purged'
  | 'limit.set'
  | 'limit.reset'
  | 'breaker.opened'
  | 'breaker.closed'
  | 'breaker.reset'
  | 'maintenance.declared'
  | 'maintenance.ended'
  | 'queue.paused'
  | 'queue.resumed'

export interface AuditEntry {
  readonly at: EpochMs
  readonly action: AuditAction
  /** Who did it: an operator's login name, or a process id of the fleet. */
  readonly actor: string
  /** Ids and codes only; never a secret, never personal data. */
  readonly details: Readonly<Record<string, string | number>>
}

const KEPT_ENTRIES = 10_000

/** Appends one line to the tenant's trail; the newest 10,000 stay. */
export const appendAudit = (redis: Redis, tenant: TenantId, entry: AuditEntry): Promise<void> => append(redis, keys.audit(tenant), entry)

/** The same for what belongs to no tenant: an operator's hand on a platform's limits, breaker, maintenance or queue. */
export const appendFleetAudit = (redis: Redis, entry: AuditEntry): Promise<void> => append(redis, keys.fleetAudit(), entry)

/** Newest first. */
export const readAudit = (redis: Redis, tenant: TenantId, limit: number): Promise<AuditEntry[]> => read(redis, keys.audit(tenant), limit)

/** Newest first; of what belongs to no tenant. */
export const readFleetAudit = (redis: Redis, limit: number): Promise<AuditEntry[]> => read(redis, keys.fleetAudit(), limit)

async function append(redis: Redis, trail: string, entry: AuditEntry): Promise<void> {
  await redis.xadd(trail, 'MAXLEN', '~', KEPT_ENTRIES, '*', 'entry', JSON.stringify(entry))
}

async function read(redis: Redis, trail: string, limit: number): Promise<AuditEntry[]> {
  const rows = await redis.xrevrange(trail, '+', '-', 'COUNT', limit)
  return rows.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as AuditEntry)
}
