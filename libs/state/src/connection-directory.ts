import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId, TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { connectionsVersion, listConnections } from './connections.ts'
import { findTenant, type Tenant } from './tenants.ts'

/** How old the answer may be, in ms: a status change is seen by every process within this time. */
const CHECK_EVERY_MS = 500

export interface ConnectionDirectory {
  /** All connections of a tenant, whatever their status. */
  ofTenant(tenant: TenantId): Promise<readonly Connection[]>
  find(id: ConnectionId): Promise<Connection | undefined>
  tenant(id: TenantId): Promise<Tenant | undefined>
  /** Forget what is cached: the next question asks Redis. */
  refresh(): void
}

/** All connections in memory, checked against `connections-version` at most twice a second; one read of all when it moved. */
export function createConnectionDirectory(redis: Redis, clock: Clock): ConnectionDirectory {
  let byId = new Map<ConnectionId, Connection>()
  let byTenant = new Map<TenantId, Connection[]>()
  let tenants = new Map<TenantId, Tenant | undefined>()
  let version = ''
  let checkedAt: EpochMs = -Infinity
  let loading: Promise<void> | undefined

  async function load(): Promise<void> {
    const current = await connectionsVersion(redis)
    if (current !== version) {
      const all = await listConnections(redis)
      byId = new Map(all.map((connection) => [connection.id, connection]))
      byTenant = Map.groupBy(all, (connection) => connection.tenantId)
      version = current
    }
    tenants = new Map()
    checkedAt = clock()
  }

  async function fresh(): Promise<void> {
    if (clock() - checkedAt < CHECK_EVERY_MS) return
    loading ??= load().finally(() => {
      loading = undefined
    })
    await loading
  }

  return {
    async ofTenant(tenant) {
      await fresh()
      return byTenant.get(tenant) ?? []
    },
    async find(id) {
      await fresh()
      return byId.get(id)
    },
    async tenant(id) {
      await fresh()
      if (!tenants.has(id)) tenants.set(id, await findTenant(redis, id))
      return tenants.get(id)
    },
    refresh() {
      checkedAt = -Infinity
    },
  }
}
