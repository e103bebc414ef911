import type { BatchId, ConnectionId, TenantId } from '@relay/core/ids'
import type { RowState, TrackedBatch } from '@relay/state/tracked-batches'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportOf } from './batch-report.ts'

type Ended = Exclude<RowState, { kind: 'pending' }>

const failed = (code: Extract<RowState, { kind: 'failed' }>['code'], message: string): Ended => ({ kind: 'failed', code, message })

function batchOf(rows: Readonly<Record<number, Ended>>, received: number): TrackedBatch {
  const byIndex = new Map(Object.entries(rows).map(([index, state]) => [Number(index), state]))
  const connection = { connectionId: 'con_1' as ConnectionId, platform: 'google', received, rows: byIndex } as const
  return { tenantId: 'shop' as TenantId, received, connections: [connection] }
}

const reportFor = (rows: Readonly<Record<number, Ended>>, received: number) => reportOf('b_1' as BatchId, batchOf(rows, received))
const errorsFor = (rows: Readonly<Record<number, Ended>>) => reportFor(rows, 500).data.connections[0]!.data.errors

describe('the report of a tracked batch', () => {
  it('is case 8 of the document, word by word', () => {
    const rows: Record<number, Ended> = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, { kind: 'processed' }]))
    rows[7] = failed('EVENT_REJECTED', 'Missing user identifiers')
    rows[3] = failed('EVENT_REJECTED', 'Invalid conversion action')
    expect(reportFor(rows, 10).data.connections[0]).toEqual({
      success: true,
      data: {
        platform: 'google',
        connection_id: 'con_1',
        events_received: 10,
        events_processed: 8,
        events_pending: 0,
        events_skipped: 0,
        errors: [
          {
            message: 'Partial failure: 2 events rejected',
            details: [
              { index: 3, error: 'Invalid conversion action' },
              { index: 7, error: 'Missing user identifiers' },
            ],
          },
        ],
      },
    })
  })

  it('tells what befell many events once, and who must reconnect', () => {
    const timeout = failed('TIMEOUT', 'Request timeout after 30 seconds')
    const expired = failed('CREDENTIALS_EXPIRED', 'Error validating access token')
    expect(errorsFor({ 0: timeout, 1: timeout, 2: expired, 3: failed('PLATFORM_ERROR', 'HTTP 500') })).toEqual([
      { message: 'Request timeout after 30 seconds' },
      {
        code: 'CREDENTIALS_EXPIRED',
        message: 'Platform credentials have expired or been revoked',
        details: { platform: 'google', action_required: 'Please reconnect with new credentials' },
      },
      { message: 'HTTP 500' },
    ])
  })

  it('names a hundred events and counts the others', () => {
    const rows = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [index, failed('EVENT_REJECTED', 'no')]))
    const [entry] = errorsFor(rows)
    expect(entry).toMatchObject({ message: 'Partial failure: 250 events rejected', errors_omitted: 150 })
    expect(entry?.details).toHaveLength(100)
    const messages = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [index, failed('PLATFORM_ERROR', `fault ${index}`)]))
    expect(errorsFor(messages)).toHaveLength(101)
    expect(errorsFor(messages).at(-1)).toMatchObject({ errors_omitted: 30 })
  })

  const state = fc.constantFrom<Ended>(
    { kind: 'processed' },
    { kind: 'skipped' },
    failed('EVENT_REJECTED', 'no'),
    failed('TIMEOUT', 'slow'),
  )

  it('always adds up, and is a success only where nothing waits and something arrived or nothing failed', () => {
    fc.assert(
      fc.property(fc.array(fc.option(state, { nil: undefined }), { maxLength: 40 }), (states) => {
        const rows = Object.fromEntries([...states.entries()].filter(([, one]) => one !== undefined)) as Record<number, Ended>
        const { success, data } = reportFor(rows, states.length)
        const connection = data.connections[0]!
        const failures = states.filter((one) => one?.kind === 'failed').length
        const { events_processed: processed, events_pending: pending, events_skipped: skipped } = connection.data
        expect(processed + pending + skipped + failures).toBe(states.length)
        expect(data.done).toBe(pending === 0)
        expect(connection.success).toBe(pending === 0 && (processed > 0 || failures === 0))
        expect(success).toBe(connection.success)
      }),
    )
  })
})
