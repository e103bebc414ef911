import type { DeliveryRecord } from '@relay/observe/delivery-log'
import { newestRecords } from '@relay/observe/read-delivery-log'
import { namedTenant } from './named-tenant.ts'
import { shorten } from './print.ts'
import type { Session } from './session.ts'
import { deliveryLogFolder } from './trace.ts'

/** What became of deliveries, the latest first, from the delivery records of this machine. */
export async function auditDeliveries(
  session: Session,
  { tenant, limit }: { readonly tenant?: string; readonly limit: number },
): Promise<void> {
  const { redis, printer } = session
  const wanted = tenant === undefined ? undefined : await namedTenant(redis, tenant)
  const folder = deliveryLogFolder(session)
  const records = await newestRecords(folder, ({ tenant_id }) => wanted === undefined || tenant_id === wanted, limit)
  printer.list(records, {
    json: (record) => record,
    columns: [
      { title: 'AT', value: (record: DeliveryRecord) => record.at },
      { title: 'TENANT', value: ({ tenant_id }) => tenant_id },
      { title: 'PLATFORM', value: ({ platform }) => platform },
      { title: 'CONNECTION', value: ({ connection_id }) => connection_id },
      { title: 'EVENT', value: ({ event_id }) => shorten(event_id, 40) },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'CODE', value: ({ code }) => code ?? '-' },
      { title: 'REQUEST ID', value: ({ platform_request_id }) => shorten(platform_request_id ?? '-', 40) },
    ],
    empty: `No delivery records in ${folder}. They are written where RELAY_DELIVERY_LOG_DIR is set, and by relay up.`,
  })
}
