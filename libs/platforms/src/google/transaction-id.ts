import type { ConnectionSettings } from '@relay/core/connection'
import type { PreparedEvent } from '@relay/core/event'
import { sha256Hex } from '@relay/prepare/hash'
import type { Refusal } from '../contract.ts'
import { refuse } from '../refuse.ts'

const MAX_CHARACTERS = 64
const MIN_CHARACTERS = 5

type Identified = Pick<PreparedEvent, 'event_id' | 'custom_data'>

const hasOrderId = ({ custom_data }: Identified): boolean => custom_data.order_id !== undefined && custom_data.order_id !== ''

/**
 * `transactionId` and `orderId`: the order id, else the event id, since it is also the key of later adjustments. `exact` is byte for byte, for
 * conversions that the Google tag or another upload reports under the same id. `safe`, the default, is as it is with two exceptions: only
 * digits or fewer than 5 characters get `order-` before them (ids `"2"` and `"3"` were refused; superdesigndev/treg PR #151, read 2026-11-24),
 * and what is then longer than 64 becomes its SHA-256, never a cut (https://support.google.com/google-ads/answer/6386790, read 2026-11-24).
 */
export function transactionIdOf(event: Identified, rule: ConnectionSettings['transaction_id'] = 'safe'): string {
  const id = hasOrderId(event) ? event.custom_data.order_id! : event.event_id
  if (rule === 'exact') return id
  const safe = /^\d+$/.test(id) || id.length < MIN_CHARACTERS ? `order-${id}` : id
  return safe.length > MAX_CHARACTERS ? sha256Hex(safe) : safe
}

/** An id that has to stay as it is and that Google would refuse, with the whole request: another form of it would count the order twice. */
export function idRefusal(event: Identified, rule: ConnectionSettings['transaction_id']): Refusal | undefined {
  if (transactionIdOf(event, rule).length <= MAX_CHARACTERS) return undefined
  const path = hasOrderId(event) ? 'custom_data.order_id' : 'event_id'
  return refuse('EVENT_REJECTED', `Google takes ids of at most ${MAX_CHARACTERS} characters, and this connection sends them exactly`, path)
}
