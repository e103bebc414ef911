import type { EpochMs } from '@relay/core/clock'
import type { TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

export interface Tenant {
  readonly id: TenantId
  readonly name: string
  /** ISO country for phone numbers without a country code, after the user's and the connection's own. */
  readonly defaultCountry?: string
  readonly createdAt: EpochMs
}

/** Letters, digits, `-` and `_`, 1 to 64: it stands in key names and on command lines. */
export const isTenantId = (text: string): text is TenantId => /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text)

/** False where the id is taken. Lasting. */
export async function createTenant(redis: Redis, tenant: Tenant): Promise<boolean> {
  const created = await redis.hsetnx(keys.tenant(tenant.id), 'record', JSON.stringify(tenant))
  await redis.sadd(keys.tenants(), tenant.id)
  return created === 1
}

export async function findTenant(redis: Redis, id: TenantId): Promise<Tenant | undefined> {
  const text = await redis.hget(keys.tenant(id), 'record')
  return text === null ? undefined : (JSON.parse(text) as Tenant)
}

/** All of them, by id. */
export async function listTenants(redis: Redis): Promise<Tenant[]> {
  const ids = (await redis.smembers(keys.tenants())) as TenantId[]
  const found = await Promise.all(ids.toSorted().map((id) => findTenant(redis, id)))
  return found.filter((tenant) => tenant !== undefined)
}
