import type { Connection } from '@relay/core/connection'
import type { BatchId, DeliveryId, PlatformId, TenantId } from '@relay/core/ids'
import { createLogger } from '@relay/observe/logger'
import { createMetrics } from '@relay/observe/metrics'
import type { Admission, Admitted } from '@relay/queue/enqueue'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AcceptorOptions, createAcceptor } from './accept.ts'
import type { AcceptResult } from './accept-result.ts'
import { buildConnection, FAKE_PLATFORMS, inError } from './testing/fake-platform.ts'

const NOW = Date.UTC(2026, 10, 24, 10)
const DAY_S = 86_400

/** Claims in memory, as the real enqueuer keeps them in Redis. */
function setUp(connections: readonly Connection[], changes: Partial<AcceptorOptions> = {}) {
  const claims = new Map<DeliveryId, Admission['kind']>()
  const stored: { platform: PlatformId; admission: Admission }[] = []
  const lines: string[] = []
  const metrics = createMetrics()
  const accept = createAcceptor({
    directory: {
      ofTenant: async () => connections,
      tenant: async (id) => ({ id, name: 'Shop', defaultCountry: 'DE', createdAt: 0 }),
    },
    enqueuer: {
      async enqueue(platform, admissions) {
        return admissions.map((admission): Admitted => {
          const known = claims.get(admission.delivery.id)
          if (known !== undefined) return known === 'dead' ? 'in-dead-letters' : 'duplicate'
          claims.set(admission.delivery.id, admission.kind)
          stored.push({ platform, admission })
          return 'new'
        })
      },
    },
    platforms: FAKE_PLATFORMS,
    clock: () => NOW,
    log: createLogger({ process: 'test', level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
    metrics,
    memoryRatio: async () => undefined,
    isOverQuota: async () => false,
    ...changes,
  })
  const send = (...events: unknown[]): Promise<AcceptResult> =>
    accept({ tenantId: 'shop' as TenantId, batchId: 'b_1' as BatchId, events: events.map((value) => ({ ok: true, value })) })
  return { accept, send, stored, lines, metrics, claims }
}

const purchase = (changes: object = {}): object => ({
  event_id: 'o1',
  event_name: 'Purchase',
  user_data: { email: 'a@shop.example' },
  ...changes,
})
const codes = (result: AcceptResult): string[] => result.notices.map(({ code }) => code)

describe('accepting', () => {
  it('makes one delivery per connection, prepared for it, with its deadline and without raw data', async () => {
    const { send, stored } = setUp([buildConnection('meta'), buildConnection('google', { settings: { default_country: 'AT' } })])
    const result = await send(purchase({ event_name: 'Order Completed', event_time: NOW / 1_000 - 60 }))
    expect(result).toEqual({ batch_id: 'b_1', events_received: 1, events_accepted: 1, duplicates: 0, errors: [], notices: [] })
    expect(stored.map(({ platform, admission }) => [platform, admission.kind, admission.delivery.event.user['country']])).toEqual([
      ['meta', 'queue', 'DE'],
      ['google', 'queue', 'AT'],
    ])
    const { delivery } = stored[0]!.admission
    expect(delivery).toMatchObject({
      tenantId: 'shop',
      connectionId: 'c_meta',
      batchId: 'b_1',
      receivedAt: NOW,
      event: { event_name: 'Purchase' },
    })
    expect(delivery.deadlineAt).toBe(NOW - 60_000 + 7 * DAY_S * 1_000 - 5 * 60_000)
    expect(JSON.stringify(stored)).not.toContain('shop.example')
  })

  it('takes the good events though others are bad, each bad one with its first fault', async () => {
    const { accept } = setUp([buildConnection('meta')])
    const result = await accept({
      tenantId: 'shop' as TenantId,
      batchId: 'b_1' as BatchId,
      events: [
        { ok: true, value: purchase() },
        { ok: true, value: { event_id: 'o2', event_name: 7, value: 3 } },
        { ok: false, message: 'The line is not JSON: send one event per line' },
        { ok: true, value: purchase({ event_id: 'o3', destinations: ['c_unknown'] }) },
      ],
    })
    expect(result).toMatchObject({ events_received: 4, events_accepted: 1, duplicates: 0 })
    expect(result.errors.map(({ index, event_id, code, path }) => [index, event_id, code, path])).toEqual([
      [1, 'o2', 'INVALID_EVENT', 'value'],
      [2, null, 'INVALID_EVENT', ''],
      [3, 'o3', 'NO_DESTINATION', 'destinations[0]'],
    ])
  })

  it('refuses an event that is too old for every destination and stores nothing of it', async () => {
    const { send, stored } = setUp([buildConnection('meta'), buildConnection('google')])
    const result = await send(purchase({ event_time: NOW / 1_000 - 7 * DAY_S + 60 }))
    expect(result.errors).toMatchObject([{ code: 'EVENT_TOO_OLD', path: 'event_time' }])
    expect(stored).toEqual([])
  })

  it('buries at once what is too old for one destination only, and says so', async () => {
    const long = { ...FAKE_PLATFORMS.google, acceptsUntil: () => NOW + 90 * DAY_S * 1_000 }
    const { send, stored } = setUp([buildConnection('meta'), buildConnection('google')], { platforms: { ...FAKE_PLATFORMS, google: long } })
    const result = await send(purchase({ event_time: NOW / 1_000 - 8 * DAY_S }))
    expect(result).toMatchObject({
      events_accepted: 1,
      notices: [{ code: 'EVENT_TOO_OLD', platform: 'meta', connection_id: 'c_meta', count: 1 }],
    })
    expect(stored.map(({ admission }) => admission.kind)).toEqual(['dead', 'queue'])
  })

  it('parks what is meant for a connection in error', async () => {
    const { send, stored } = setUp([buildConnection('meta', { status: inError })])
    const result = await send(purchase())
    expect(stored[0]?.admission).toMatchObject({ kind: 'dead', error: { code: 'CREDENTIALS_EXPIRED' } })
    expect(result.notices).toMatchObject([
      { code: 'CREDENTIALS_EXPIRED', count: 1, details: { platform: 'meta', action_required: 'Please reconnect with new credentials' } },
    ])
  })

  it('prefers rule and consent to every reason that would keep the event', async () => {
    const old = { event_time: NOW / 1_000 - 30 * DAY_S, consent: { ad_user_data: 'DENIED' }, user_data: {} }
    const { send, stored } = setUp([
      buildConnection('meta', { status: inError }),
      buildConnection('tiktok', { settings: { only_events: ['Lead'] } }),
    ])
    const result = await send(purchase(old))
    expect(stored.map(({ admission }) => admission.kind)).toEqual(['skip', 'skip'])
    expect(codes(result)).toEqual(['CONSENT_DENIED', 'EVENT_FILTERED'])
    expect(result.events_accepted).toBe(1)
  })

  it('goes on with what is left of a person, and tells of what was dropped once for all platforms', async () => {
    const { send, stored } = setUp([buildConnection('meta'), buildConnection('google')])
    const result = await send(
      purchase({
        event_id: '1',
        user_data: { email: 'nobody', emial: 'x' },
        event_source_url: 'https://shop.example/?email=canary@shop.example&a=1',
      }),
      purchase({ event_id: '2', user_data: { email: 'nobody' } }),
    )
    expect(stored.map(({ admission }) => (admission.kind === 'dead' ? admission.error.code : admission.kind))).toEqual(
      Array(4).fill('IDENTITY_MISSING'),
    )
    expect(stored[0]?.admission.delivery.event.event_source_url).toBe('https://shop.example/?a=1')
    const dropped = result.notices.find(({ code }) => code === 'FIELDS_DROPPED')
    expect(dropped?.details['fields']).toEqual([
      { field: 'user_data.emial', reason: 'UNKNOWN_FIELD', count: 1, first_index: 0 },
      { field: 'event_source_url', reason: 'PERSONAL_DATA_IN_URL', count: 1, first_index: 0 },
      { field: 'user_data.email', reason: 'INVALID_EMAIL', count: 2, first_index: 0, platforms: ['meta', 'google'] },
    ])
    expect(JSON.stringify(result)).not.toContain('canary')
  })

  it('makes every event of a connection in test mode a test event, with a claim of its own', async () => {
    const connections = [buildConnection('meta', { settings: { test_event_code: 'TEST1' } })]
    const { send, stored } = setUp(connections)
    await send(purchase(), purchase({ test_event_code: 'TEST2' }))
    expect(stored.map(({ admission }) => admission.delivery.event.test_event_code)).toEqual(['TEST1', 'TEST2'])
  })
})

describe('duplicates', () => {
  it('are counted, logged and never enqueued again', async () => {
    const { send, stored, lines, metrics } = setUp([buildConnection('meta')])
    await send(purchase())
    const result = await send(purchase(), purchase({ event_name: 'purchase' }), purchase({ event_id: 'o2' }), purchase({ event_id: 'o2' }))
    expect(result).toMatchObject({ events_received: 4, events_accepted: 1, duplicates: 3, notices: [] })
    expect(stored).toHaveLength(2)
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ event_ids: ['o1', 'o1', 'o2'], duplicates: 3 }),
    )
    expect(await metrics.expose()).toContain('relay_events_duplicate_total 3')
  })

  it('count only when each delivery is known; a new one goes out and the others are told of', async () => {
    const connections = [buildConnection('meta')]
    const { send, stored } = setUp(connections)
    await send(purchase())
    connections.push(buildConnection('google'))
    const result = await send(purchase())
    expect(result).toMatchObject({
      events_accepted: 1,
      duplicates: 0,
      notices: [{ code: 'PARTLY_DUPLICATE', connection_id: 'c_meta', count: 1 }],
    })
    expect(stored.map(({ platform }) => platform)).toEqual(['meta', 'google'])
  })

  it('of a dead letter say that it waits there', async () => {
    const { send } = setUp([buildConnection('meta', { status: inError })])
    expect(codes(await send(purchase(), purchase()))).toEqual(['CREDENTIALS_EXPIRED', 'IN_DEAD_LETTERS'])
    const again = await send(purchase())
    expect(again).toMatchObject({ events_accepted: 0, duplicates: 1, notices: [{ code: 'IN_DEAD_LETTERS', count: 1 }] })
  })

  it('are recognised by content where there is no id', async () => {
    const { send } = setUp([buildConnection('meta')])
    const anonymous = { event_name: 'Purchase', user_data: { email: 'a@shop.example' }, custom_data: { value: 5 } }
    expect(
      await send(anonymous, { ...anonymous, event_name: 'Order Completed' }, { ...anonymous, custom_data: { value: 6 } }),
    ).toMatchObject({
      events_accepted: 2,
      duplicates: 1,
    })
  })
})

describe('when it cannot be taken', () => {
  it.each([
    ['STORE_UNAVAILABLE', { enqueuer: { enqueue: () => Promise.reject(new Error('gone')) } }],
    ['STORE_UNAVAILABLE', { memoryRatio: async () => 0.8 }],
    ['STORE_UNAVAILABLE', { directory: { ofTenant: () => Promise.reject(new Error('gone')), tenant: async () => undefined } }],
    ['BACKLOG_FULL', { isOverQuota: async () => true }],
  ] as const)('throws %s and counts nothing', async (code, changes) => {
    const { send, metrics } = setUp([buildConnection('meta')], changes)
    await expect(send(purchase())).rejects.toMatchObject({ code, retryAfterSeconds: expect.any(Number) as number })
    expect(await metrics.expose()).toContain('relay_events_received_total 0')
  })

  it('a fault of ours with one event is the fate of that event alone, and the log does not repeat what it choked on', async () => {
    const broken: (typeof FAKE_PLATFORMS)['meta'] = {
      ...FAKE_PLATFORMS.meta,
      identify: (event, on) => {
        if (event.event_id === 'bad') throw new TypeError(`cannot read canary@shop.example`)
        return FAKE_PLATFORMS.meta.identify(event, on)
      },
    }
    const { send, lines } = setUp([buildConnection('meta')], { platforms: { ...FAKE_PLATFORMS, meta: broken } })
    expect(await send(purchase({ event_id: 'bad' }), purchase())).toMatchObject({
      events_accepted: 1,
      errors: [{ index: 0, code: 'INTERNAL' }],
    })
    expect(lines.join('')).not.toContain('canary')
  })
})

describe('the sum', () => {
  it('always is received = accepted + duplicates + errors, and what was counted is what is stored', async () => {
    const event = fc.record(
      {
        event_id: fc.constantFrom('1', '2', '3', ''),
        event_name: fc.constantFrom('Purchase', 'purchase', 'skip me', 'custom', 5),
        event_time: fc.constantFrom(NOW / 1_000, NOW / 1_000 - 8 * DAY_S, 'x'),
        user_data: fc.constantFrom({ email: 'a@b.example' }, { email: 'x' }, {}),
        consent: fc.constantFrom({}, { ad_user_data: 'DENIED' }),
        destinations: fc.constantFrom(['meta'], ['c_google'], ['nowhere'], ['snapchat']),
      },
      { requiredKeys: ['event_name'] },
    )
    const connections = [buildConnection('meta'), buildConnection('google', { status: inError })]
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(event, { maxLength: 12 }), { maxLength: 4 }), async (requests) => {
        const { send, stored, claims } = setUp(connections)
        for (const events of requests) {
          const result = await send(...events)
          expect(result.events_accepted + result.duplicates + result.errors.length).toBe(events.length)
          expect(new Set(result.errors.map(({ index }) => index)).size).toBe(result.errors.length)
        }
        expect(stored).toHaveLength(claims.size)
      }),
      { numRuns: 60 },
    )
  })
})

describe('platforms that are ill', () => {
  it('are told of for what is new and queued, and asked of for nothing else', async () => {
    const asked: unknown[] = []
    const notice = { code: 'CIRCUIT_OPEN', message: 'Platform temporarily unavailable', platform: 'meta', count: 1, details: {} } as const
    const { send } = setUp([buildConnection('meta'), buildConnection('google')], {
      tellOfPlatforms: async (tenant, queued) => {
        asked.push([tenant, ...queued.map(({ platform, count }) => `${platform} ${count}`)])
        return [notice]
      },
    })
    expect((await send(purchase(), purchase({ event_id: 'o2' }))).notices).toEqual([notice])
    expect((await send(purchase())).notices).toEqual([])
    expect(asked).toEqual([['shop', 'meta 2', 'google 2']])
  })

  it('never keep events out, and nor does it that nobody can say how they are', async () => {
    const { send } = setUp([buildConnection('meta')], {
      tellOfPlatforms: async () => {
        throw new Error('Redis is slow')
      },
    })
    expect(await send(purchase())).toMatchObject({ events_accepted: 1, notices: [] })
  })
})

describe('a tracked batch', () => {
  it('is opened before anything is queued, learns of duplicates, and is dropped where storing fails', async () => {
    const told: string[] = []
    const batches: AcceptorOptions['batches'] = {
      open: async ({ received, rows }) => void told.push(`open ${received} ${rows.map(({ state }) => state.kind).join(' ')}`),
      skip: async (_id, { index }) => void told.push(`skip ${index}`),
      drop: async (id) => void told.push(`drop ${id}`),
    }
    const { accept, stored } = setUp([buildConnection('meta')], { batches })
    const request = {
      tenantId: 'shop' as TenantId,
      batchId: 'b_1' as BatchId,
      events: [purchase(), purchase(), 7].map((value) => ({ ok: true, value }) as const),
    }
    await accept({ ...request, isTracked: true })
    expect(told).toEqual(['open 3 pending pending', 'skip 1'])
    expect(stored[0]?.admission.delivery).toMatchObject({ batchId: 'b_1', batchIndex: 0 })

    const failing = setUp([buildConnection('meta')], {
      batches,
      enqueuer: {
        enqueue: async () => {
          throw new Error('Redis is away')
        },
      },
    })
    await expect(failing.accept({ ...request, isTracked: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(told.at(-1)).toBe('drop b_1')
    await accept({ ...request, batchId: 'b_2' as BatchId })
    expect(told).toHaveLength(4)
  })
})
