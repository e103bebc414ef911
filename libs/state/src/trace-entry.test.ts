import { randomBytes } from 'node:crypto'
import type { DeliveryId, TenantId } from '@relay/core/ids'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createWantedIds, encodeEntry, type Fate, findRows, readHeader, type TraceEntry, type TraceRow } from './trace-entry.ts'

const anId = (): DeliveryId => randomBytes(16).toString('base64url') as DeliveryId

const entryOf = (rows: readonly TraceRow[]): TraceEntry => ({ at: 1_764_000_000_000, kind: 'request', tenantId: 'acme' as TenantId, rows })

function readBack(entry: TraceEntry, wanted: readonly DeliveryId[]): TraceRow[] {
  const { head, rows } = encodeEntry(entry)
  return findRows(readHeader(head), rows, createWantedIds(wanted))
}

const fates = fc.constantFrom<Fate>(
  { outcome: 'delivered', platformRequestId: 'r1', sentAt: 5, durationMs: 7 },
  { outcome: 'retry', code: 'TIMEOUT', message: 'no answer', sentAt: 5, durationMs: 7, maybeTaken: true },
  { outcome: 'hold', code: 'RATE_LIMITED', message: 'slow down', until: 9 },
  { outcome: 'reject', code: 'EVENT_REJECTED', message: 'no', platformCode: '100/2804003' },
)

const row = fc.record({
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url') as DeliveryId),
  receivedAt: fc.integer({ min: 0, max: 2 ** 47 }),
  fate: fates,
})

describe('an entry of the trace', () => {
  test('every row comes back with its own fate, whatever stood beside it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 60 }), (rows) => {
        const found = readBack(
          entryOf(rows),
          rows.map(({ id }) => id),
        )
        const byId = (a: TraceRow, b: TraceRow): number => (a.id < b.id ? -1 : 1)
        expect(found.toSorted(byId)).toEqual(rows.toSorted(byId))
      }),
    )
  })

  test('only the wanted rows come back', () => {
    const rows = Array.from({ length: 1_000 }, (): TraceRow => ({ id: anId(), receivedAt: 1, fate: { outcome: 'delivered' } }))
    expect(readBack(entryOf(rows), [rows[417]!.id, anId()])).toEqual([rows[417]])
  })

  test('why a row had waited is kept in a byte', () => {
    const rows: TraceRow[] = [
      { id: anId(), receivedAt: 1, heldBy: ['RATE_LIMITED', 'DEFERRED_BY_PLATFORM'], fate: { outcome: 'delivered' } },
    ]
    expect(readBack(entryOf(rows), [rows[0]!.id])).toEqual(rows)
  })

  test('a thousand delivered rows take 23 bytes each', () => {
    const rows = Array.from({ length: 1_000 }, (): TraceRow => ({ id: anId(), receivedAt: 1, fate: { outcome: 'delivered' } }))
    const stored = encodeEntry(entryOf(rows))
    expect(stored.rows.length).toBe(23_000)
    expect(stored.head.length).toBeLessThan(200)
  })

  test('rows that were all refused in words of their own stay bounded', () => {
    const rows = Array.from({ length: 1_000 }, (_, n): TraceRow => ({
      id: anId(),
      receivedAt: 1,
      fate: { outcome: 'reject', code: 'EVENT_REJECTED', message: `row ${n} is wrong` },
    }))
    expect(encodeEntry(entryOf(rows)).head.length).toBeLessThan(1_000)
    expect(readBack(entryOf(rows), [rows[3]!.id])).toMatchObject([{ fate: { outcome: 'reject', code: 'EVENT_REJECTED' } }])
  })
})
