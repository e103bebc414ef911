import { randomBytes } from 'node:crypto'
import type { Delivery } from '@relay/core/delivery'
import { deliveryIdOf } from '@relay/core/delivery'
import type { PreparedEvent } from '@relay/core/event'
import type { ConnectionId, PlatformId, TenantId } from '@relay/core/ids'

/** A delivery that every platform would take, with what matters to the test on top. */
export function buildDelivery(
  changes: {
    platform?: PlatformId
    connectionId?: string
    tenantId?: string
    eventId?: string
    eventName?: string
    receivedAt?: number
    deadlineAt?: number
    event?: Partial<PreparedEvent>
  } = {},
): Delivery {
  const receivedAt = changes.receivedAt ?? Date.now()
  const eventId = changes.eventId ?? `evt-${randomBytes(6).toString('hex')}`
  const tenantId = (changes.tenantId ?? 'acme') as TenantId
  const connectionId = (changes.connectionId ?? 'con_one') as ConnectionId
  const event: PreparedEvent = {
    event_id: eventId,
    event_name: changes.eventName ?? 'Purchase',
    event_time: Math.floor(receivedAt / 1_000),
    action_source: 'website',
    event_source_url: 'https://shop.example/thanks',
    user: { em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'] },
    custom_data: { currency: 'EUR', value: 49.9 },
    consent: {},
    ...changes.event,
  }
  return {
    id: deliveryIdOf({ tenantId, connectionId, eventName: event.event_name, eventId, testEventCode: event.test_event_code }),
    tenantId,
    connectionId,
    platform: changes.platform ?? 'meta',
    receivedAt,
    deadlineAt: changes.deadlineAt ?? receivedAt + 7 * 86_400_000,
    event,
  }
}
