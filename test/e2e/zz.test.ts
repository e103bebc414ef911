import { gzipSync } from 'node:zlib'
import { PLATFORM_IDS } from '@relay/core/ids'
import { createProducer } from '@relay/producer/producer'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countedIds, expectArrived, expectBooks } from '../support/arrivals.ts'
import { eventually } from '../support/eventually.ts'
import { openShop, postEvents, purchase, purchases, relayLines, type Shop } from '../support/shop.ts'
import { startSystem, type System } from '../support/system.ts'

const ARRIVES_WITHIN_MS = 20_000

let system: System
let shop: Shop
/** Ids of all events that had to arrive everywhere so far. */
const sent: string[] = []

beforeAll(async () => { const t0 = performance.now(); setTimeout(() => process.stderr.write('10s\n'), 10000).unref()
  system = await startSystem()
  shop = await openShop(system, 'acme', 1); process.stderr.write('START ' + (performance.now()-t0) + '\n')
})
afterAll(async () => { const t = performance.now(); await system[Symbol.asyncDispose](); const took = performance.now()-t; process.stderr.write('STOP ' + took + '\n'); if (took > 2000) process.stderr.write(system.logs.slice(-14).join('\n') + '\n') })

/** Waits for what had to arrive until now, and that nothing else did. */
async function arrived(...ids: readonly string[]): Promise<void> {
  sent.push(...ids)
  await system.untilQuiet(ARRIVES_WITHIN_MS)
  await expectArrived(system, shop, sent)
  await expectBooks(system)
}

describe('events over HTTP', () => {
  it('one event reaches each of the four platforms once, under its own id', async () => {
    const answer = await shop.send(purchase('single'))
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({
      success: true,
      data: { batch_id: expect.any(String), events_received: 1, events_accepted: 1, duplicates: 0, errors: [], notices: [] },
    })
    await arrived('single')
  })

  it('takes a list, NDJSON, and both packed with gzip', async () => {
    const ndjson = (ids: readonly string[]): string => ids.map((id) => JSON.stringify(purchase(id))).join('\n')
    const lines = { 'content-type': 'application/x-ndjson' }
    const packed = { 'content-encoding': 'gzip' }
    const answers = [
      await shop.send([purchase('list-1'), purchase('list-2')]),
      await shop.post(ndjson(['line-1', 'line-2']), lines),
      await shop.post(gzipSync(JSON.stringify({ events: [purchase('packed-1')] })), packed),
      await shop.post(gzipSync(ndjson(['packed-2', 'packed-3'])), { ...lines, ...packed }),
    ]
    expect(answers.map(({ status, body }) => [status, body.data.events_accepted])).toEqual([
      [202, 2],
      [202, 2],
      [202, 1],
      [202, 2],
    ])
    await arrived('list-1', 'list-2', 'line-1', 'line-2', 'packed-1', 'packed-2', 'packed-3')
  })

  it('a thousand events of one request arrive once each, many in one request to the platform', async () => {
    const before = await system.simulator.summary()
    expect((await shop.send(purchases('bulk', 1_000))).body.data.events_accepted).toBe(1_000)
    await arrived(...purchases('bulk', 1_000).map(({ event_id: id }) => String(id)))
    const after = await system.simulator.summary()
    for (const platform of PLATFORM_IDS) expect(after[platform].requests - before[platform].requests).toBeLessThan(100)
  })

  it('an event sent again is a duplicate, also beside new ones, and arrives once', async () => {
    expect((await shop.send(purchase('twice'))).body.data).toMatchObject({ events_accepted: 1, duplicates: 0 })
    const again = await shop.send(purchase('twice'))
    expect(again.status).toBe(202)
    expect(again.body.data).toMatchObject({ events_received: 1, events_accepted: 0, duplicates: 1, errors: [] })
    const mixed = await shop.send([purchase('twice'), purchase('fresh'), purchase('fresh')])
    expect(mixed.body.data).toMatchObject({ events_received: 3, events_accepted: 1, duplicates: 2 })
    await arrived('twice', 'fresh')
  })

  it('goes only where destinations say; what is new elsewhere is taken later with a notice', async () => {
    const toTwo = purchase('aimed', { destinations: ['tiktok', shop.connections.meta] })
    expect((await shop.send(toTwo)).body.data).toMatchObject({ events_accepted: 1, errors: [] })
    await system.untilQuiet(ARRIVES_WITHIN_MS)
    const counted = await Promise.all(PLATFORM_IDS.map((platform) => countedIds(system, shop, platform)))
    expect(PLATFORM_IDS.filter((_, index) => counted[index]!.includes('aimed')).toSorted()).toEqual(['meta', 'tiktok'])

    const { data } = (await shop.send(purchase('aimed'))).body
    expect(data).toMatchObject({ events_accepted: 1, duplicates: 0 })
    expect(data.notices.filter(({ code }) => code === 'PARTLY_DUPLICATE')).toHaveLength(2)
    await arrived('aimed')
  })

  it('takes the good events of a batch and answers once for each bad one', async () => {
    const { status, body } = await shop.send([
      purchase('good-1'),
      'no event',
      purchase('bad-1', { event_name: undefined }),
      purchase('bad-2', { evnt_time: 1 }),
      purchase('bad-3', { event_time: Math.floor(Date.now() / 1_000) + 3_600 }),
      purchase('bad-4', { destinations: ['meta', 'con_of_nobody'] }),
      purchase('bad-5', { custom_data: { note: 'x'.repeat(65 * 1_024) } }),
      purchase('good-2', { user_data: { email: ['good-2@customer.example', 'nonsense'], phone: 'call me' } }),
    ])
    expect(status).toBe(202)
    expect(body.data).toMatchObject({ events_received: 8, events_accepted: 2, duplicates: 0 })
    expect(body.data.errors.map(({ index, event_id: id, code }) => [index, id, code])).toEqual([
      [1, null, 'INVALID_EVENT'],
      [2, 'bad-1', 'INVALID_EVENT'],
      [3, 'bad-2', 'INVALID_EVENT'],
      [4, 'bad-3', 'INVALID_EVENT'],
      [5, 'bad-4', 'NO_DESTINATION'],
      [6, 'bad-5', 'PAYLOAD_TOO_LARGE'],
    ])
    expect(body.data.errors[2]).toMatchObject({ path: 'evnt_time', message: expect.stringContaining('event_time') })
    expect(body.data.notices).toContainEqual(
      expect.objectContaining({
        code: 'FIELDS_DROPPED',
        details: expect.objectContaining({
          fields: expect.arrayContaining([
            expect.objectContaining({ field: 'user_data.email[1]' }),
            expect.objectContaining({ field: 'user_data.phone' }),
          ]),
        }),
      }),
    )
    const lines = await shop.post(`${JSON.stringify(purchase('good-3'))}\n{broken\n`, { 'content-type': 'application/x-ndjson' })
    expect(lines.body.data).toMatchObject({ events_accepted: 1, errors: [{ index: 1, code: 'INVALID_EVENT' }] })
    await arrived('good-1', 'good-2', 'good-3')
  })
})

describe('refused requests', () => {
  const tooMany = { events: Array.from({ length: 1_001 }, (_, index) => ({ event_id: `m${index}`, event_name: 'Lead' })) }
  const bomb = gzipSync(JSON.stringify({ events: [{ event_name: 'Lead', custom_data: { note: 'x'.repeat(6 * 1_024 * 1_024) } }] }))

  it.each([
    ['no JSON', '{"event_name": "Lead"', {}, 400, 'MALFORMED_BODY'],
    ['an empty list', '{"events": []}', {}, 400, 'MALFORMED_BODY'],
    ['an empty body', '', {}, 400, 'MALFORMED_BODY'],
    ['a list that is none', '{"events": 1}', {}, 400, 'MALFORMED_BODY'],
    ['no gzip under that name', '{}', { 'content-encoding': 'gzip' }, 400, 'MALFORMED_BODY'],
    ['a wrong key', '{"event_name": "Lead"}', { authorization: 'Bearer rk_of_nobody' }, 401, 'UNAUTHORIZED'],
    ['no key', '{"event_name": "Lead"}', { authorization: '' }, 401, 'UNAUTHORIZED'],
    ['too many events', JSON.stringify(tooMany), {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['a body that inflates past the cap', bomb, { 'content-encoding': 'gzip' }, 413, 'PAYLOAD_TOO_LARGE'],
    ['a body that is too large', `"${'x'.repeat(5 * 1_024 * 1_024)}"`, {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['another media type', 'event_name=Lead', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['another packing', '{}', { 'content-encoding': 'br' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['nothing that is valid', '{"events": [{}, 7]}', {}, 422, 'NO_VALID_EVENT'],
  ])('%s', async (_what, body, headers, status, code) => {
    const answer = await shop.post(body, headers)
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
    expect(Object.keys(answer.body)).toEqual(['error'])
    expect(answer.body.error).toEqual({ code, message: expect.stringMatching(/\w/), details: expect.any(Object) })
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  it('a key without the scope is 403', async () => {
    const added = await system.relay(['keys', 'add', '--tenant', 'acme', '--scope', 'batches:read', '--json'])
    const { key } = JSON.parse(added.stdout) as { key: string }
    const answer = await postEvents(system, key, '{"event_name": "Lead"}')
    expect([answer.status, answer.body.error.code]).toEqual([403, 'FORBIDDEN'])
  })

  it('another address is 404', async () => {
    const answer = await fetch(`${system.fleet.ingestUrl}/v1/evnts`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND', message: expect.any(String), details: {} } })
  })

  it('says for each event why, where none is valid', async () => {
    const { body } = await shop.send([{ event_id: 'nameless' }, purchase('future', { event_time: 4_102_444_800 })])
    expect(body.error.details).toMatchObject({
      events_received: 2,
      errors: [
        { index: 0, event_id: 'nameless', code: 'INVALID_EVENT', path: 'event_name' },
        { index: 1, event_id: 'future', code: 'INVALID_EVENT', path: 'event_time' },
      ],
    })
  })

  it('leaves nothing behind: no delivery of a refused request', () => arrived())
})

describe('producers without HTTP', () => {
  it('a plain BullMQ client pushes into the inbox, and what is bad becomes a letter', async () => {
    const { hostname: host, port } = new URL(system.fleet.redisUrl)
    const queue = new Queue('inbox', { prefix: 'relay:{inbox}', connection: { host, port: Number(port) } })
    await queue.add('events', { tenant_id: 'acme', events: [purchase('pushed-1'), { event_id: 'pushed-bad' }, purchase('pushed-2')] })
    await queue.add('events', { events: [purchase('pushed-nowhere')] })
    await queue.add('events', { tenant_id: 'nobody', events: [purchase('pushed-unknown')] })
    const letters = await eventually(async () => {
      const found = await relayLines<{ code: string; tenant_id: string }>(system, ['dlq', 'list', '--platform', 'inbox'])
      return found.length === 3 && found
    }, ARRIVES_WITHIN_MS)
    expect(letters.map(({ code, tenant_id: tenant }) => `${tenant} ${code}`).toSorted()).toEqual([
      'acme INVALID_EVENT',
      'nobody NO_DESTINATION',
      'unknown INVALID_EVENT',
    ])
    await arrived('pushed-1', 'pushed-2')
    const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'completed', 'failed')
    expect(counts).toEqual({ wait: 0, active: 0, delayed: 0, completed: 0, failed: 0 })
    await queue.close()
  })

  it('the Node client sends over HTTP and into the inbox, and tells of bad events first', async () => {
    const overHttp = createProducer({ url: system.fleet.ingestUrl, key: shop.key })
    const result = await overHttp.send([purchase('client-1'), purchase('twice'), { event_id: 'client-bad' }] as never)
    expect(result).toMatchObject({ accepted: 1, duplicates: 1, errors: [{ index: 2, event_id: 'client-bad', code: 'INVALID_EVENT' }] })
    await overHttp.close()
    const overInbox = createProducer({ redisUrl: system.fleet.redisUrl, tenantId: 'acme' })
    expect(await overInbox.send([purchase('client-2'), purchase('client-3')] as never)).toMatchObject({ accepted: 2, errors: [] })
    await overInbox.close()
    await eventually(async () => (await countedIds(system, shop, 'meta')).includes('client-3'), ARRIVES_WITHIN_MS)
    await arrived('client-1', 'client-2', 'client-3')
  })
})
