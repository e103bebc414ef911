import { PLATFORM_IDS, type ConnectionId, type DeliveryId, isPlatformId, type PlatformId, type TenantId } from '@relay/core/ids'
import { canonicalEventName } from '@relay/core/event-name'
import type { DeliveryRecord } from '@relay/observe/delivery-log'
import { type EventKind, knownNames } from '@relay/queue/known-names'
import { type Located, locateDeliveries } from '@relay/queue/locate'
import { readAudit } from '@relay/state/audit'
import { listConnections } from '@relay/state/connections'
import { findInTrace } from '@relay/state/trace'
import { createWantedIds, type FoundRow } from '@relay/state/trace-entry'
import type { Redis } from 'ioredis'
import { type Candidate, candidatesOf, type Target } from './candidates.ts'

/** A delivery of which something is known, and where it was found. */
export interface Found {
  readonly candidate: Candidate
  readonly located: Located | undefined
  readonly rows: readonly FoundRow[]
  readonly records: readonly DeliveryRecord[]
}

export interface Wanted {
  readonly eventId: string
  /** Absent: of every tenant. */
  readonly tenantId: TenantId | undefined
  /** Names that the operator adds to those that are known. */
  readonly names: readonly string[]
}

/** Every delivery of an event id, by tenant, platform and connection. `records`: what the delivery records of this machine say of that event id. */
export async function findDeliveries(redis: Redis, wanted: Wanted, records: readonly DeliveryRecord[]): Promise<Found[]> {
  const own = records.filter(({ tenant_id }) => wanted.tenantId === undefined || tenant_id === wanted.tenantId)
  const targets = await targetsOf(redis, wanted)
  const perPlatform = await Promise.all(PLATFORM_IDS.map((platform) => findOnPlatform(redis, wanted, platform, { targets, records: own })))
  const orderOf = ({ candidate: { tenantId, connectionId, eventName } }: Found): string => `${tenantId}\0${connectionId}\0${eventName}`
  return perPlatform.flatMap((found) => found.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)))
}

interface Known {
  readonly targets: readonly Target[]
  readonly records: readonly DeliveryRecord[]
}

async function findOnPlatform(redis: Redis, wanted: Wanted, platform: PlatformId, known: Known): Promise<Found[]> {
  const candidates = new Map<DeliveryId, Candidate>()
  const ids = createWantedIds()
  const seen = new Set<ConnectionId>()
  const add = (candidate: Candidate): void => {
    candidates.set(candidate.id, candidate)
    ids.add(candidate.id)
  }
  const kindsOf = await kindsByTenant(redis, wanted, platform, known.targets)
  const addTarget = (target: Target): void => {
    if (seen.has(target.connectionId)) return
    seen.add(target.connectionId)
    for (const candidate of candidatesOf(wanted.eventId, target, kindsOf(target.tenantId))) add(candidate)
  }
  for (const target of known.targets) if (target.platform === platform) addTarget(target)
  const records = known.records.filter((record) => record.platform === platform)
  for (const record of records) {
    if (!candidates.has(record.delivery_id as DeliveryId)) add(candidateOfRecord(record, platform, known.targets))
  }
  // A connection that was removed may still be in the trace.
  const rows = await findInTrace(redis, platform, ids, ({ tenantId, connectionId }) => {
    if (tenantId === undefined || connectionId === undefined) return
    if (wanted.tenantId === undefined || wanted.tenantId === tenantId)
      addTarget({ platform, tenantId, connectionId, connection: undefined })
  })
  const located = new Map((await locateDeliveries(redis, platform, [...candidates.keys()])).map((one) => [one.id, one]))
  const rowsOf = Map.groupBy(rows, ({ id }) => id)
  const recordsOf = Map.groupBy(records, ({ delivery_id }) => delivery_id as DeliveryId)
  return [...candidates.values()].flatMap((candidate) => {
    const { id } = candidate
    const found = { candidate, located: located.get(id), rows: rowsOf.get(id) ?? [], records: recordsOf.get(id) ?? [] }
    return found.located === undefined && found.rows.length + found.records.length === 0 ? [] : [found]
  })
}

/** Names and test codes beyond the canonical live ones, of each tenant of these targets. */
async function kindsByTenant(
  redis: Redis,
  { names }: Wanted,
  platform: PlatformId,
  targets: readonly Target[],
): Promise<(tenant: TenantId) => readonly EventKind[]> {
  const given = names.map((name): EventKind => ({ eventName: canonicalEventName(name), testEventCode: undefined }))
  const tenants = new Set(targets.filter((target) => target.platform === platform).map(({ tenantId }) => tenantId))
  const entries = await Promise.all(
    [...tenants].map(async (tenant) => [tenant, [...given, ...(await knownNames(redis, platform, tenant))]] as const),
  )
  const kinds = new Map<TenantId, readonly EventKind[]>(entries)
  return (tenant) => kinds.get(tenant) ?? given
}

const candidateOfRecord = (record: DeliveryRecord, platform: PlatformId, targets: readonly Target[]): Candidate => ({
  id: record.delivery_id as DeliveryId,
  platform,
  tenantId: record.tenant_id as TenantId,
  connectionId: record.connection_id as ConnectionId,
  connection: targets.find(({ connectionId }) => connectionId === record.connection_id)?.connection,
  eventName: record.event_name,
  testEventCode: record.test_event_code ?? undefined,
})

const AUDIT_READ = 10_000

/** All connections, and those that were removed as far as the audit trail goes back: their letters stay. */
async function targetsOf(redis: Redis, { tenantId: wanted }: Wanted): Promise<Target[]> {
  const connections = await listConnections(redis, wanted)
  const present = connections.map((connection): Target => ({
    platform: connection.platform,
    tenantId: connection.tenantId,
    connectionId: connection.id,
    connection,
  }))
  const tenants = wanted === undefined ? new Set(connections.map(({ tenantId }) => tenantId)) : new Set([wanted])
  const removed = await Promise.all(
    [...tenants].map(async (tenantId) => {
      const trail = await readAudit(redis, tenantId, AUDIT_READ)
      return trail.flatMap(({ action, details }): Target[] => {
        const { connection_id: connectionId, platform } = details
        if (action !== 'connection.removed' || typeof connectionId !== 'string' || !isPlatformId(String(platform))) return []
        return [{ platform: platform as PlatformId, tenantId, connectionId: connectionId as ConnectionId, connection: undefined }]
      })
    }),
  )
  return [...present, ...removed.flat()]
}
