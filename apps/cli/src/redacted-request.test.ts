import type { ConnectionId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import { PLATFORMS } from '@relay/platforms/registry'
import { expect, test } from 'vitest'
import { redactedRequest } from './redacted-request.ts'

test.each(PLATFORM_IDS)('the request of %s can be shown without opening the vault: its secrets are ***', (id) => {
  const platform = PLATFORMS[id]
  const settings = { pixel_id: '111', event_source_id: '111', operating_account: '1234567890', conversion_actions: { '*': '55' } }
  const connection = { id: 'con_1' as ConnectionId, settings, credentialsSavedAt: 0 }
  const request = redactedRequest(platform, connection, endpointsOf(platform, {}), [{ event_name: 'Purchase' }], undefined)
  expect(request.method).toBe('POST')
  expect(`${request.url} ${JSON.stringify(request.headers)}`).toContain('***')
  expect(JSON.stringify(request)).not.toContain('undefined')
})
