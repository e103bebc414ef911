import { expect, test } from 'vitest'
import { circuitOpenBody, connectionBody, maintenanceBody, pausedBody, rateLimitedBody } from './platform-bodies.ts'

test("the bodies are those of the owner's document, word by word", () => {
  expect(circuitOpenBody('meta', { recoveryAt: Date.UTC(2024, 0, 15, 14, 31), failureCount: 5 })).toEqual({
    code: 'CIRCUIT_OPEN',
    message: 'Platform temporarily unavailable',
    details: { platform: 'meta', circuit_state: 'open', recovery_at: '2024-01-15T14:31:00.000Z', failure_count: 5 },
  })
  expect(rateLimitedBody('tiktok', 60_000, 150)).toEqual({
    code: 'RATE_LIMITED',
    message: 'Platform rate limit exceeded',
    details: { platform: 'tiktok', retry_after_seconds: 60, events_queued: 150 },
  })
  expect(maintenanceBody('meta', Date.UTC(2024, 0, 15, 16), 500)).toEqual({
    code: 'PLATFORM_MAINTENANCE',
    message: 'Meta API undergoing scheduled maintenance',
    details: { platform: 'meta', estimated_end: '2024-01-15T16:00:00.000Z', events_queued: 500 },
  })
  expect(connectionBody('meta', 'CREDENTIALS_EXPIRED')).toEqual({
    code: 'CREDENTIALS_EXPIRED',
    message: 'Platform credentials have expired or been revoked',
    details: { platform: 'meta', action_required: 'Please reconnect with new credentials' },
  })
})

test('what has no end says so, and a wait is never told as none', () => {
  expect(circuitOpenBody('meta', { failureCount: 0 }).details).toMatchObject({ recovery_at: null })
  expect(pausedBody('google', undefined, 3)).toMatchObject({
    code: 'PLATFORM_MAINTENANCE',
    details: { estimated_end: null, events_queued: 3 },
  })
  expect(rateLimitedBody('meta', 1, 1).details).toMatchObject({ retry_after_seconds: 1 })
})
