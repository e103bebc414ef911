import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { EventInput } from './event-input.ts'
import { createProducer, createProducerFor, type Producer } from './producer.ts'
import type { ProducerError } from './producer-error.ts'

type Answer = (
  events: { event_id: string }[],
  request: IncomingMessage,
) => { status: number; body: unknown; headers?: Record<string, string> } | 'hang up'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A door of the fleet on a free port, and a producer that is as patient as the real one in a hundredth of the time. */
async function setUp(answer: Answer): Promise<{ producer: Producer; requests: string[][] }> {
  const requests: string[][] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const { events } = (text === '' ? { events: [] } : JSON.parse(text)) as { events: { event_id: string }[] }
      requests.push(events.map(({ event_id: id }) => id))
      const result = answer(events, request)
      if (result === 'hang up') {
        request.socket.destroy()
        return
      }
      response.writeHead(result.status, { 'content-type': 'application/json', ...result.headers }).end(JSON.stringify(result.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const producer = createProducer({ url: `http://127.0.0.1:${port}`, key: 'rk_test', giveUpAfterMs: 3_000 })
  closing.push(
    () => void server.close(),
    () => producer.close(),
  )
  return { producer, requests }
}

const ok = (events: { event_id: string }[], errors: object[] = []) => ({
  status: 202,
  body: { success: true, data: { batch_id: 'b_1', events_accepted: events.length - errors.length, duplicates: 0, errors, notices: [] } },
})
const refusal = (status: number, code: string, headers: Record<string, string> = {}, details: object = {}) => ({
  status,
  headers,
  body: { error: { code, message: code, details } },
})
const events = (count: number): EventInput[] =>
  Array.from({ length: count }, (_, index) => ({ event_id: `e${index}`, event_name: 'Purchase' }))

describe('a producer over HTTP', () => {
  it('sends in chunks, in order, with its key, and adds up what it is told', async () => {
    const keys = new Set<string | undefined>()
    const { producer, requests } = await setUp((list, request) => {
      keys.add(request.headers.authorization)
      return ok(list, list.length === 1_000 ? [{ index: 7, event_id: 'e7', code: 'NO_DESTINATION', message: '', path: '' }] : [])
    })
    const result = await producer.send(events(2_500))
    expect(requests.map((ids) => ids.length)).toEqual([1_000, 1_000, 500])
    expect([...keys]).toEqual(['Bearer rk_test'])
    expect(result).toMatchObject({
      accepted: 2_498,
      duplicates: 0,
      errors: [{ index: 7 }, { index: 1_007 }],
      batchIds: ['b_1', 'b_1', 'b_1'],
    })
  })

  it('keeps bad events back and says what is wrong, by their place in the list', async () => {
    const { producer, requests } = await setUp((list) => ok(list))
    const cycle: Record<string, unknown> = { event_name: 'Lead' }
    cycle['self'] = cycle
    const bad = [{ event_name: 'Lead', custom_data: { value: 'ten' } }, cycle as unknown as EventInput, { event_name: '' }]
    const result = await producer.send([...bad, { event_id: 'good', event_name: 'Lead', event_time: new Date() }])
    expect(requests).toEqual([['good']])
    expect(result.accepted).toBe(1)
    expect(result.errors.map(({ index, path }) => [index, path])).toEqual([
      [0, 'custom_data.value'],
      [1, ''],
      [2, 'event_name'],
    ])
  })

  it('splits by bytes too', async () => {
    const { producer, requests } = await setUp((list) => ok(list))
    const large = events(200).map((event) => ({ ...event, custom_data: { note: 'x'.repeat(60_000) } }))
    expect((await producer.send(large)).accepted).toBe(200)
    expect(requests.length).toBe(3)
  })

  it('sends the same events again after 503, 429, a lost connection and an answer that is no answer', async () => {
    const answers: ReturnType<Answer>[] = [
      refusal(503, 'STORE_UNAVAILABLE', { 'retry-after': '0' }),
      'hang up',
      refusal(429, 'BACKLOG_FULL', { 'retry-after': '0' }),
      { status: 502, body: 'bad gateway' },
      { status: 202, body: {} },
    ]
    const { producer, requests } = await setUp((list) => answers.shift() ?? ok(list))
    expect(await producer.send(events(2))).toMatchObject({ accepted: 2, errors: [] })
    expect(requests).toEqual(Array.from({ length: 6 }, () => ['e0', 'e1']))
  })

  it('takes 422 for the fate of the events, not of the request', async () => {
    const errors = [{ index: 0, event_id: 'e0', code: 'EVENT_TOO_OLD', message: '', path: 'event_time' }]
    const { producer } = await setUp(() => refusal(422, 'NO_VALID_EVENT', {}, { errors, batch_id: 'b_2' }))
    expect(await producer.send(events(1))).toMatchObject({ accepted: 0, errors: [{ index: 0, code: 'EVENT_TOO_OLD' }], batchIds: ['b_2'] })
  })

  it('gives up at once where trying again is in vain, and says what is not confirmed', async () => {
    const { producer, requests } = await setUp((list) => (requests.length === 1 ? ok(list) : refusal(401, 'UNAUTHORIZED')))
    const error = await producer.send(events(1_002)).catch((error: unknown) => error as ProducerError)
    expect(error).toMatchObject({ name: 'ProducerError', code: 'UNAUTHORIZED', unsent: [1_000, 1_001], result: { accepted: 1_000 } })
    expect(requests.length).toBe(2)
  })
})

describe('a tracked batch', () => {
  it('is asked for when it is sent, and read until it is done', async () => {
    const urls: (string | undefined)[] = []
    const report = { success: true, data: { batch_id: 'b_1', done: true, events_received: 1, connections: [] } }
    const { producer } = await setUp((list, request) => {
      urls.push(request.url)
      return request.method === 'GET' ? { status: 200, body: report } : ok(list)
    })
    const { batchIds } = await producer.send(events(1), { track: true })
    await producer.send(events(1))
    expect(await producer.batch(batchIds[0]!, { waitMs: 90_000 })).toEqual(report)
    expect(urls).toEqual(['/v1/events?track=true', '/v1/events', '/v1/batches/b_1?wait=30000ms'])
  })

  it('that nobody knows is an error with the code of the fleet', async () => {
    const { producer } = await setUp(() => refusal(404, 'NOT_FOUND'))
    await expect(producer.batch('b_gone')).rejects.toMatchObject({ name: 'ProducerError', code: 'NOT_FOUND' })
  })
})

describe('patience', () => {
  it('waits as it is told, else in growing steps, and ends', async () => {
    let now = 0
    const waits: number[] = []
    const told = [5_000, undefined, undefined]
    const producer = createProducerFor(
      {
        attempt: async () => {
          const retryAfterMs = told.shift()
          return { kind: 'later', code: 'UNREACHABLE', message: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
        },
        readBatch: async () => {
          throw new Error('no batch is read here')
        },
        close: async () => {},
      },
      {
        giveUpAfterMs: 10_000,
        now: () => now,
        wait: async (ms) => {
          waits.push(ms)
          now += ms
        },
      },
    )
    await expect(producer.send(events(1))).rejects.toMatchObject({ code: 'UNREACHABLE', unsent: [0] })
    expect(waits).toEqual([5_000, 200, 400, 800, 1_600])
  })
})
