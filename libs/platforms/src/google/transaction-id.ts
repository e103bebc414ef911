import type { PreparedEvent } from '@relay/core/event'
import { sha256Hex } from '@relay/prepare/hash'

const MAX_CHARACTERS = 64
const MIN_CHARACTERS = 5

/**
 * `transactionId`: the order id, else the event id, as it is, since it is also the key of later adjustments. Two exceptions: only digits or
 * fewer than 5 characters get `order-` before them (ids `"2"` and `"3"` were refused; superdesigndev/treg PR #151, read 2026-11-24), and
 * what is then longer than 64 becomes its SHA-256, never a cut (https://support.google.com/google-ads/answer/6386790, read 2026-11-24).
 */
export function transactionIdOf(event: Pick<PreparedEvent, 'event_id' | 'custom_data'>): string {
  const orderId = event.custom_data.order_id
  const id = orderId === undefined || orderId === '' ? event.event_id : orderId
  const safe = /^\d+$/.test(id) || id.length < MIN_CHARACTERS ? `order-${id}` : id
  return safe.length > MAX_CHARACTERS ? sha256Hex(safe) : safe
}
