import type { TenantId } from '@relay/core/ids'
import { isJsonObject } from '@relay/core/json'
import { isTenantId } from '@relay/state/tenants'

export type InboxJob =
  | { readonly ok: true; readonly tenantId: TenantId; readonly events: readonly unknown[] }
  | { readonly ok: false; readonly tenantId: TenantId | undefined; readonly path: string; readonly message: string }

/** Under this key stands the text of a job whose data is no JSON. */
export const UNREADABLE = 'relay:unreadable'

/** Reads `{tenant_id, events: […]}`, whatever a producer has pushed. Pure. */
export function readInboxJob(data: unknown): InboxJob {
  if (!isJsonObject(data) || Object.hasOwn(data, UNREADABLE)) {
    return { ok: false, tenantId: undefined, path: '', message: 'The job is not a JSON object: push {tenant_id, events: […]}' }
  }
  const { tenant_id: tenant, events } = data
  if (typeof tenant !== 'string' || !isTenantId(tenant)) {
    return { ok: false, tenantId: undefined, path: 'tenant_id', message: 'tenant_id is missing or is no id of a tenant' }
  }
  if (!Array.isArray(events)) return { ok: false, tenantId: tenant, path: 'events', message: 'events must be a list' }
  if (events.length === 0) return { ok: false, tenantId: tenant, path: 'events', message: 'events is empty: push at least one' }
  return { ok: true, tenantId: tenant, events: events as readonly unknown[] }
}
