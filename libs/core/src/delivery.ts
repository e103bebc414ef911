import { createHash } from 'node:crypto'
import type { EpochMs } from './clock.ts'
import type { PreparedEvent } from './event.ts'
import type { BatchId, ConnectionId, DeliveryId, PlatformId, TenantId } from './ids.ts'

/** One event for one connection: what one job carries. */
export interface Delivery {
  readonly id: DeliveryId
  readonly tenantId: TenantId
  readonly connectionId: ConnectionId
  readonly platform: PlatformId
  readonly batchId?: BatchId
  /** Its event's position in the request; given only where the batch is tracked, so that all others cost nothing. */
  readonly batchIndex?: number
  readonly receivedAt: EpochMs
  /** Until when the platform takes it, its margin taken off. Past it the event is never sent. */
  readonly deadlineAt: EpochMs
  readonly event: PreparedEvent
}

interface DuplicateKey {
  readonly tenantId: TenantId
  readonly connectionId: ConnectionId
  readonly eventName: string
  readonly eventId: string
  readonly testEventCode: string | undefined
}

/**
 * The id of a delivery is a hash of its duplicate key: tenant, connection, canonical name, event id and test code, as the platforms
 * themselves deduplicate. 22 characters of base64url, the first 128 bits of a SHA-256; the parts are framed by their lengths so that no two keys run together.
 */
export function deliveryIdOf(key: DuplicateKey): DeliveryId {
  const hash = createHash('sha256')
  for (const part of [key.tenantId, key.connectionId, key.eventName, key.eventId, key.testEventCode ?? '']) {
    hash.update(`${part.length}:${part};`)
  }
  return hash.digest().subarray(0, 16).toString('base64url') as DeliveryId
}
