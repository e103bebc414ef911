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
export async function appendAudit(redis: Redis, tenant: TenantId, entry: AuditEntry): Promise<void> {
  await redis.xadd(keys.audit(tenant), 'MAXLEN', '~', KEPT_ENTRIES, '*', 'entry', JSON.stringify(entry))
}

/** Newest first. */
export async function readAudit(redis: Redis, tenant: TenantId, limit: number): Promise<AuditEntry[]> {
  const rows = await redis.xrevrange(keys.audit(tenant), '+', '-', 'COUNT', limit)
  return rows.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as AuditEntry)
}
