import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Booking } from './call.ts'
import { createLedger } from './ledger.ts'

function booking(id: string, changes: Partial<Booking> = {}): Booking {
  return { account: 'A', name: 'Purchase', id, timeS: 1, key: id, as: 'live', ...changes }
}

describe('windows', () => {
  it('finds the fullest window wherever it begins', () => {
    const visits = fc.array(fc.record({ gapMs: fc.nat(40_000), rows: fc.nat(50), account: fc.constantFrom('A', 'B') }), { maxLength: 60 })
    fc.assert(
      fc.property(visits, fc.constantFrom(undefined, 'A'), (list, account) => {
        const ledger = createLedger()
        let at = 0
        const arrived = list.map((each, index) => {
          at += each.gapMs
          const visit = {
            platform: 'meta',
            requestNo: index,
            at,
            byAccount: new Map([[each.account, each.rows]]),
            fate: 'refused',
          } as const
          ledger.record(visit, [], 0)
          return { at, rows: each.rows, account: each.account }
        })
        const mine = arrived.filter((each) => account === undefined || each.account === account)
        const inWindow = mine.map((first) => mine.filter((each) => each.at >= first.at && each.at < first.at + 60_000))
        const { max_events: events, max_requests: requests } = ledger.windows('meta', 60_000, account)
        expect(events).toBe(Math.max(0, ...inWindow.map((each) => each.reduce((sum, { rows }) => sum + rows, 0))))
        expect(requests).toBe(Math.max(0, ...inWindow.map((each) => each.length)))
      }),
    )
  })

  it('says nothing came where nothing came', () => {
    expect(createLedger().windows('google')).toEqual({ platform: 'google', window_ms: 60_000, max_events: 0, max_requests: 0, from: null })
  })
})

describe('the sum', () => {
  it('holds for any mixture: events = counted + repeated + test + rejected + refused + throttled + unserved', () => {
    const event = fc.record({
      id: fc.constantFrom('a', 'b', 'c', ''),
      as: fc.constantFrom('live' as const, 'test' as const, 'rejected' as const),
    })
    const visit = fc.record({
      fate: fc.constantFrom('taken' as const, 'refused' as const, 'throttled' as const, 'unserved' as const),
      events: fc.array(event),
    })
    fc.assert(
      fc.property(fc.array(visit), (list) => {
        const ledger = createLedger()
        for (const [requestNo, { fate, events }] of list.entries()) {
          const bookings = fate === 'taken' ? events.map(({ id, as }) => booking(id, { as })) : []
          ledger.record({ platform: 'tiktok', requestNo, at: requestNo, byAccount: new Map([['A', events.length]]), fate }, bookings, 1000)
        }
        const { by_account: accounts, ...all } = ledger.summary().tiktok
        expect(all.events).toBe(all.counted + all.repeated + all.test + all.rejected + all.refused + all.throttled + all.unserved)
        if (list.length > 0) expect(accounts['A']).toEqual(all)
        expect(ledger.doubled()).toEqual([])
      }),
    )
  })
})

describe('entries', () => {
  it('are given by platform, account, id and outcome', () => {
    const ledger = createLedger()
    const visit = { requestNo: 1, at: 5, byAccount: new Map(), fate: 'taken' } as const
    ledger.record({ platform: 'meta', ...visit }, [booking('a'), booking('a'), booking('b', { account: 'B' })], 1000)
    ledger.record({ platform: 'google', ...visit }, [booking('a', { account: 'A/7' })], 1000)
    const ids = (filter: Parameters<typeof ledger.entries>[0]) =>
      [...ledger.entries(filter)].map((each) => `${each.platform} ${each.account} ${each.event_id}`)
    expect(ids({ account: 'A' })).toEqual(['meta A a', 'meta A a', 'google A/7 a'])
    expect(ids({ platform: 'meta', event_id: 'b' })).toEqual(['meta B b'])
    expect(ids({ counted: 'repeated' })).toEqual(['meta A a'])
    ledger.clear()
    expect(ids({})).toEqual([])
    ledger.record({ platform: 'meta', ...visit }, [booking('a')], 1000)
    expect(ledger.summary().meta.counted).toBe(1)
  })
})
