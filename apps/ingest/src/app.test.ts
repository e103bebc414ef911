import { gzipSync } from 'node:zlib'
import type { AcceptResult } from '@relay/accept/accept-result'
import type { AcceptRequest } from '@relay/accept/accept'
import type { BatchId } from '@relay/core/ids'
import { RequestError } from '@relay/core/request-errors'
import { createLogger } from '@relay/observe/logger'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AppOptions, createApp } from './app.ts'

const MAX_BYTES = 10_000

function setUp(changes: Partial<AppOptions> = {}) {
  const requests: AcceptRequest[] = []
  const lines: string[] = []
  const app = createApp({
    authenticate: async () => ({ keyId: 'k', tenantId: 'shop' as AcceptRequest['tenantId'], scopes: ['events:write'], createdAt: 0 }),
    accept: async (request) => {
      requests.push(request)
      return resultOf(request, request.events.length)
    },
    maxRequestBytes: MAX_BYTES,
    maxEvents: 5,
    log: createLogger({ process: 'test', level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
    isDraining: () => false,
    health: async () => ({ status: 'healthy' }),
    readBatch: async ({ id }) => ({ success: true, data: { batch_id: id as BatchId, done: true, events_received: 0, connections: [] } }),
    ...changes,
  })
  const post = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const answer = await app.request('/v1/events', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
    return { status: answer.status, headers: answer.headers, json: (await answer.json()) as { error: { code: string } } }
  }
  return { app, post, requests, lines }
}

const resultOf = (request: AcceptRequest, accepted: number): AcceptResult => ({
  batch_id: request.batchId,
  events_received: request.events.length,
  events_accepted: accepted,
  duplicates: 0,
  errors: request.events.slice(accepted).map((_, index) => ({ index, event_id: null, code: 'INVALID_EVENT', message: 'no', path: '' })),
  notices: [],
})

const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' }

describe('POST /v1/events', () => {
  it('takes one event, a list, and one per line, plain or gzipped', async () => {
    const { post, requests } = setUp()
    expect((await post('{"event_name":"Lead"}')).json).toEqual({ success: true, data: expect.objectContaining({ events_received: 1 }) })
    expect((await post('{"events":[{"event_name":"Lead"},5]}')).status).toBe(202)
    expect((await post('{"event_name":"Lead"}\n\n{oops\r\n7', ndjson)).status).toBe(202)
    expect((await post(gzipSync('{"events":[1,2,3]}'), { 'content-encoding': 'gzip' })).status).toBe(202)
    expect(requests.map(({ events }) => events.map((event) => (event.ok ? event.value : 'unreadable')))).toEqual([
      [{ event_name: 'Lead' }],
      [{ event_name: 'Lead' }, 5],
      [{ event_name: 'Lead' }, 'unreadable', 7],
      [1, 2, 3],
    ])
    expect(new Set(requests.map(({ batchId }) => batchId)).size).toBe(4)
  })

  it.each([
    ['', 400, 'MALFORMED_BODY'],
    ['{"event_name":"Le', 400, 'MALFORMED_BODY'],
    ['[{"event_name":"Lead"}]', 400, 'MALFORMED_BODY'],
    ['"Lead"', 400, 'MALFORMED_BODY'],
    ['null', 400, 'MALFORMED_BODY'],
    ['{"events":[]}', 400, 'MALFORMED_BODY'],
    ['{"events":{}}', 400, 'MALFORMED_BODY'],
    ['{"events":[1],"test_event_code":"T"}', 400, 'MALFORMED_BODY'],
    ['{"events":[1,2,3,4,5,6]}', 413, 'PAYLOAD_TOO_LARGE'],
    [`{"event_name":"${'x'.repeat(MAX_BYTES)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
  ])('refuses %.40s with %i %s', async (body, status, code) => {
    const { post, requests } = setUp()
    const answer = await post(body)
    expect(answer.status).toBe(status)
    expect(answer.json).toEqual({ error: { code, message: expect.any(String), details: expect.any(Object) } })
    expect(requests).toEqual([])
  })

  it('refuses what it cannot read by its headers', async () => {
    const { post } = setUp()
    expect((await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post('{}', { 'content-encoding': 'br' })).json.error.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).json.error.code).toBe('MALFORMED_BODY')
  })

  it('counts lines of a stream, empty ones not', async () => {
    const { post } = setUp()
    expect((await post('1\n2\n3\n4\n5\n\n', ndjson)).status).toBe(202)
    expect((await post('1\n2\n3\n4\n5\n6', ndjson)).status).toBe(413)
    expect((await post('\n \n', ndjson)).status).toBe(400)
  })

  it('lets go of a body that inflates beyond the cap, and of one that is cut off or no gzip', async () => {
    const { post } = setUp()
    const gzip = { 'content-encoding': 'gzip' }
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeGreaterThan(MAX_BYTES)
    const small = gzipSync(Buffer.alloc(MAX_BYTES * 100))
    expect(small.length).toBeLessThan(MAX_BYTES)
    expect((await post(bomb, gzip)).status).toBe(413)
    expect((await post(small, gzip)).status).toBe(413)
    expect((await post(gzipSync('{"event_name":"Lead"}').subarray(0, -6), gzip)).json.error.code).toBe('MALFORMED_BODY')
    expect((await post('{"event_name":"Lead"}', gzip)).json.error.code).toBe('MALFORMED_BODY')
  })

  it('answers 400 for a body that breaks off on the way', async () => {
    const { app } = setUp()
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"event_name":'))
        controller.error(new Error('aborted'))
      },
    })
    const request = new Request('http://localhost/v1/events', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    })
    const answer = await app.request(request)
    expect(answer.status).toBe(400)
  })

  it('answers 422 with every fault where no event can be taken', async () => {
    const { post } = setUp({ accept: async (request) => resultOf(request, 0) })
    const answer = await post('{"events":[1,2]}')
    expect(answer.status).toBe(422)
    expect(answer.json.error).toMatchObject({ code: 'NO_VALID_EVENT', details: { errors: [{ index: 0 }, { index: 1 }] } })
  })

  it('passes on when to come again', async () => {
    const full = new RequestError('BACKLOG_FULL', 'later', { retryAfterSeconds: 30 })
    const { post } = setUp({ accept: () => Promise.reject(full) })
    const answer = await post('{"event_name":"Lead"}')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30'])
  })

  it('answers a fault of ours in the shape of every error, and its words stay in the log', async () => {
    const { post, lines } = setUp({ accept: () => Promise.reject(new TypeError('inner words')) })
    const answer = await post('{"event_name":"Lead"}')
    expect(answer.status).toBe(500)
    expect(answer.json.error.code).toBe('INTERNAL')
    expect(JSON.stringify(answer.json)).not.toContain('inner words')
    expect(lines.join('')).toContain('inner words')
  })

  it('asks for a new connection while it drains', async () => {
    const { post } = setUp({ isDraining: () => true })
    expect((await post('{"event_name":"Lead"}')).headers.get('connection')).toBe('close')
  })

  it('answers any text with JSON and no failure of its own', async () => {
    const { post } = setUp()
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    )
    const headers = fc.constantFrom({}, ndjson, { 'content-encoding': 'gzip' })
    await fc.assert(
      fc.asyncProperty(body, headers, async (text, extra) => {
        const answer = await post(text, extra)
        expect([202, 400, 413, 422]).toContain(answer.status)
      }),
      { numRuns: 60 },
    )
  })
})

describe('elsewhere', () => {
  it('answers 404 for unknown paths and 405 for other methods, in the shape of every error', async () => {
    const { app } = setUp()
    for (const [path, method, status] of [
      ['/', 'GET', 404],
      ['/v2/events', 'POST', 404],
      ['/v1/events', 'GET', 405],
      ['/v1/events', 'DELETE', 405],
    ] as const) {
      const answer = await app.request(path, { method })
      expect(answer.status).toBe(status)
      expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
    }
    expect((await app.request('/healthz')).status).toBe(200)
  })
})
