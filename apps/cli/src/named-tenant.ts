import type { TenantId } from '@relay/core/ids'
import { findTenant, isTenantId } from '@relay/state/tenants'
import type { Redis } from 'ioredis'
import { CliError, EXIT } from './exit.ts'

/** The tenant that was named on the command line, or exit 3. */
export async function namedTenant(redis: Redis, id: string): Promise<TenantId> {
  if (isTenantId(id) && (await findTenant(redis, id)) !== undefined) return id
  throw unknownTenant(id)
}

export const unknownTenant = (id: string): CliError =>
  new CliError(EXIT.notFound, 'UNKNOWN_TENANT', `There is no tenant ${id}`, {
    nextStep: 'See all with relay tenants list, or make it with relay tenants add',
    details: { tenant_id: id },
  })
