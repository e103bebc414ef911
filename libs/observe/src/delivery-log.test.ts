import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDeliveryLog, type DeliveryLog, type DeliveryRecord, listDeliveryFiles } from './delivery-log.ts'
import { newestRecords, recordsOfEvent } from './read-delivery-log.ts'

let folder: string
let now: number
const faults: string[] = []
const logs: DeliveryLog[] = []

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'relay-deliveries-')), 'deliveries')
  now = Date.parse('2026-11-24T12:00:00Z')
  faults.length = 0
})

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()))
  await rm(join(folder, '..'), { recursive: true, force: true })
})

function openLog(changes: { readonly processId?: string; readonly maxBytes?: number; readonly folder?: string } = {}): DeliveryLog {
  const log = createDeliveryLog({
    folder,
    processId: 'worker_one',
    maxBytes: 1024 * 1024,
    retentionMs: 86_400_000,
    clock: () => now,
    onError: ({ message }) => void faults.push(message),
    ...changes,
  })
  logs.push(log)
  return log
}

const recordOf = (eventId: string, at = now): DeliveryRecord => ({
  at: new Date(at).toISOString(),
  event_id: eventId,
  event_name: 'Purchase',
  delivery_id: 'nN3QyTjAq3zGv0b1T0pXhA',
  tenant_id: 'acme',
  connection_id: 'con_one',
  platform: 'meta',
  outcome: 'delivered',
  code: null,
  platform_code: null,
  platform_request_id: 'trace-1',
  received_at: new Date(at).toISOString(),
  batch_id: null,
  test_event_code: null,
  sent_at: null,
  duration_ms: null,
  maybe_taken: false,
  waits: [],
})

describe('delivery records', () => {
  test('what was written is found again by its event id, among those of other processes', async () => {
    const [one, two] = [openLog(), openLog({ processId: 'worker_two' })]
    for (let n = 0; n < 500; n += 1) (n % 2 === 0 ? one : two).write(recordOf(`order-${n}`))
    one.write(recordOf('order-7', now + 5))
    await Promise.all([one.flush(), two.flush()])
    expect(await recordsOfEvent(folder, 'order-7')).toEqual([recordOf('order-7'), recordOf('order-7', now + 5)])
    expect(await recordsOfEvent(folder, 'order')).toEqual([])
  })

  test.each(['with "quotes"', 'line\nend', 'größe', 'a\\b'])('an id of any characters is found: %j', async (eventId) => {
    const log = openLog()
    log.write(recordOf(eventId))
    await log.flush()
    expect(await recordsOfEvent(folder, eventId)).toHaveLength(1)
  })

  test('the latest are told first, as many as were asked for', async () => {
    const log = openLog()
    for (let n = 0; n < 50; n += 1) log.write(recordOf(`order-${n}`, now + n))
    await log.flush()
    const newest = await newestRecords(folder, ({ tenant_id }) => tenant_id === 'acme', 3)
    expect(newest.map(({ event_id }) => event_id)).toEqual(['order-49', 'order-48', 'order-47'])
    expect(await newestRecords(folder, ({ tenant_id }) => tenant_id === 'other', 3)).toEqual([])
  })

  test('files turn over by size, and together never take more than they may', async () => {
    const maxBytes = 64 * 1024
    const log = openLog({ maxBytes })
    for (let n = 0; n < 600; n += 1) {
      now += 1_000
      log.write(recordOf(`order-${n}`))
      await log.flush()
    }
    const files = await listDeliveryFiles(folder)
    expect(files.length).toBeGreaterThan(3)
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes)
    expect(await recordsOfEvent(folder, 'order-599')).toHaveLength(1)
    expect(await recordsOfEvent(folder, 'order-0')).toEqual([])
    expect(faults).toEqual([])
  })

  test('a day makes a new file', async () => {
    const log = openLog()
    log.write(recordOf('monday'))
    await log.flush()
    now += 25 * 3_600_000
    log.write(recordOf('tuesday'))
    await log.flush()
    expect(await readdir(folder)).toHaveLength(2)
  })

  test('a folder that cannot be written is told of once and holds up nothing', async () => {
    await writeFile(`${folder}-file`, '')
    const log = openLog({ folder: `${folder}-file` })
    for (let n = 0; n < 3; n += 1) {
      log.write(recordOf('lost'))
      await log.flush()
    }
    expect(faults).toHaveLength(1)
  })

  test('a line that a crash cut off is left out', async () => {
    const log = openLog()
    log.write(recordOf('whole'))
    await log.close()
    const [name = ''] = await readdir(folder)
    await writeFile(join(folder, name), `${JSON.stringify(recordOf('cut')).slice(0, 80)}\n${JSON.stringify(recordOf('whole'))}\n{"at":`)
    expect(await recordsOfEvent(folder, 'whole')).toHaveLength(1)
    expect(await recordsOfEvent(folder, 'cut')).toEqual([])
  })

  test('no folder, no records', async () => {
    expect(await recordsOfEvent(folder, 'order-1')).toEqual([])
    expect(await newestRecords(folder, () => true, 5)).toEqual([])
  })
})
