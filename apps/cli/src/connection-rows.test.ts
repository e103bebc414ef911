import type { Connection } from '@relay/core/connection'
import type { ConnectionId, TenantId } from '@relay/core/ids'
import type { Checked } from '@relay/delivery/provision'
import { expect, test } from 'vitest'
import { checkedJson, checkedLines } from './connection-rows.ts'

const connection: Connection = {
  id: 'con_1' as ConnectionId,
  tenantId: 'acme' as TenantId,
  platform: 'google',
  name: 'search',
  settings: {},
  status: { state: 'active' },
  createdAt: 0,
  credentialsSavedAt: 0,
}
const checked: Checked = { kind: 'checked', connection, check: 'verified', why: null, replayed: 0 }

test('which of the APIs an account can use is printed, one line each, and stands in the JSON', () => {
  const apis = [
    { api: 'data_manager', usable: 'yes' },
    { api: 'ads', usable: 'no', why: 'the click upload is closed to this account' },
  ] as const
  expect(checkedJson({ ...checked, apis })).toMatchObject({ connection_id: 'con_1', check: 'verified', apis })
  const [, ...lines] = checkedLines({ ...checked, apis }, 'added').split('\n')
  expect(lines).toEqual(['api data_manager: can be used', 'api ads: cannot be used (the click upload is closed to this account)'])
})

test('a platform with one API says nothing of it', () => {
  expect(checkedJson(checked)).toEqual({ connection_id: 'con_1', status: 'active', check: 'verified', why: null })
  expect(checkedLines(checked, 'added')).toBe('google connection con_1 added: active, credentials verified')
})
