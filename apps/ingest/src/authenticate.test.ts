import type { IngestKey } from '@relay/state/ingest-keys'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from './authenticate.ts'

const record = (scopes: IngestKey['scopes']): IngestKey => ({ keyId: 'k', tenantId: 'shop' as IngestKey['tenantId'], scopes, createdAt: 0 })

function setUp() {
  const keys = new Map([
    ['rk_write', record(['events:write'])],
    ['rk_read', record(['batches:read'])],
  ])
  let now = 0
  let lookups = 0
  const authenticate = createAuthenticator(
    async (key) => {
      lookups += 1
      return keys.get(key)
    },
    () => now,
  )
  return { keys, authenticate, lookups: () => lookups, pass: (ms: number) => void (now += ms) }
}

describe('authentication', () => {
  it('takes a known key with the scope', async () => {
    const { authenticate } = setUp()
    expect(await authenticate('Bearer rk_write', 'events:write')).toMatchObject({ tenantId: 'shop' })
    expect(await authenticate('bearer  rk_write ', 'events:write')).toMatchObject({ tenantId: 'shop' })
  })

  it.each([undefined, '', 'rk_write', 'Basic rk_write', 'Bearer ', 'Bearer a b', `Bearer ${'x'.repeat(300)}`, 'Bearer rk_unknown'])(
    'refuses %j',
    async (header) => {
      await expect(setUp().authenticate(header, 'events:write')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    },
  )

  it('refuses a key without the scope', async () => {
    await expect(setUp().authenticate('Bearer rk_read', 'events:write')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('asks once for a key in a few seconds, and knows of its removal soon', async () => {
    const { keys, authenticate, lookups, pass } = setUp()
    for (let i = 0; i < 5; i++) await authenticate('Bearer rk_write', 'events:write')
    expect(lookups()).toBe(1)
    keys.delete('rk_write')
    pass(3_001)
    await expect(authenticate('Bearer rk_write', 'events:write')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('knows a new key at once though it was asked for before', async () => {
    const { keys, authenticate } = setUp()
    await expect(authenticate('Bearer rk_new', 'events:write')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    keys.set('rk_new', record(['events:write']))
    expect(await authenticate('Bearer rk_new', 'events:write')).toBeDefined()
  })

  it('tells a store that is away from a key that is wrong', async () => {
    const authenticate = createAuthenticator(
      () => Promise.reject(new Error('gone')),
      () => 0,
    )
    await expect(authenticate('Bearer rk_write', 'events:write')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
