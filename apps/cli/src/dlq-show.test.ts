import type { Connection, ConnectionStatus } from '@relay/core/connection'
import type { Delivery } from '@relay/core/delivery'
import type { ConnectionId, DeliveryId, TenantId } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import { PLATFORMS } from '@relay/platforms/registry'
import type { Letter } from '@relay/queue/letter'
import { describe, expect, test } from 'vitest'
import { explain, wouldSend } from './dlq-show.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const HOUR_MS = 3_600_000

const connectionIn = (status: ConnectionStatus): Connection => ({
  id: 'con_1' as ConnectionId,
  tenantId: 'acme' as TenantId,
  platform: 'meta',
  name: 'meta 111',
  settings: { pixel_id: '111' },
  status,
  createdAt: NOW,
  credentialsSavedAt: NOW,
})
const ACTIVE = connectionIn({ state: 'active' })

const LETTER: Letter = {
  id: 'letter1',
  tenant_id: 'acme',
  connection_id: 'con_1',
  platform: 'meta',
  event_name: 'Purchase',
  event_id: 'o-1',
  code: 'EVENT_REJECTED',
  message: 'Invalid parameter',
  platform_code: '100/2804019',
  platform_request_id: null,
  exhausted: false,
  attempts: [],
  received_at: new Date(NOW).toISOString(),
  died_at: new Date(NOW).toISOString(),
  deadline_at: new Date(NOW + HOUR_MS).toISOString(),
  ambiguous: false,
  replay_count: 0,
  state: 'dead',
  fingerprint: '0123456789ab',
}

const delivery = (
  deadlineAt: number,
  user: Delivery['event']['user'] = { em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'] },
): Delivery => ({
  id: 'letter1' as DeliveryId,
  tenantId: 'acme' as TenantId,
  connectionId: 'con_1' as ConnectionId,
  platform: 'meta',
  receivedAt: NOW,
  deadlineAt,
  event: {
    event_id: 'o-1',
    event_name: 'Purchase',
    event_time: NOW / 1_000,
    action_source: 'website',
    event_source_url: 'https://shop.example/thanks',
    user: { client_user_agent: 'Mozilla/5.0', ...user },
    custom_data: { currency: 'EUR', value: 49.9 },
    consent: {},
  },
})
const sendAt = (deadlineAt: number) => wouldSend(PLATFORMS.meta, ACTIVE, endpointsOf(PLATFORMS.meta, {}), delivery(deadlineAt), NOW)

describe('why a letter died', () => {
  test('is its code, its message and the code of the platform', () => {
    expect(explain(LETTER, ACTIVE, NOW)).toEqual(["EVENT_REJECTED: Invalid parameter (the platform's code 100/2804019)"])
  })

  test.each<[string, Partial<Letter>, Connection | undefined, RegExp]>([
    ['attempts that ran out', { exhausted: true }, ACTIVE, /All 0 attempts failed/],
    ['dead credentials', { code: 'CREDENTIALS_EXPIRED' }, ACTIVE, /relay connections update/],
    ['an unclear send', { ambiguous: true }, ACTIVE, /could count it twice/],
    ['a deadline', { deadline_at: new Date(NOW).toISOString() }, ACTIVE, /never sent again/],
    ['a connection that is gone', {}, undefined, /is gone/],
    ['a connection that is off', {}, connectionIn({ state: 'disabled', since: NOW }), /is disabled/],
    ['a replay under way', { state: 'queued' }, ACTIVE, /It is queued now/],
  ])('tells of %s', (_what, changes, connection, sentence) => {
    expect(explain({ ...LETTER, ...changes }, connection, NOW).join('\n')).toMatch(sentence)
  })
})

describe('what would be sent now', () => {
  test("is the platform's request with its secrets hidden", () => {
    expect(sendAt(NOW + HOUR_MS)).toMatchObject({
      refused: null,
      event: { event_name: 'Purchase', event_id: 'o-1' },
      request: { method: 'POST', headers: { authorization: 'Bearer ***' }, body: { data: [{ event_id: 'o-1' }] } },
    })
  })

  test('is nothing past the deadline, and says so', () => {
    expect(sendAt(NOW).refused).toMatchObject({ code: 'EVENT_TOO_OLD' })
  })
})
