import { createServer } from 'node:http'
import type { RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createHttp } from './http.ts'
import type { HttpOptions, PooledHttp } from './http.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

const closer = (server: Server): { close(): Promise<void> } => ({
  close: () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(closer(server))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function http(options: HttpOptions = {}): PooledHttp {
  const made = createHttp(options)
  open.unshift(made)
  return made
}

const post = (base: string, extra: { headers?: Record<string, string>; body?: string } = {}) => ({
  method: 'POST' as const,
  url: `${base}/v3/events?access_token=topsecret`,
  headers: { authorization: 'Bearer topsecret', ...extra.headers },
  body: extra.body ?? '{"data":[]}',
})

test('an answer comes back with its status, lower-case headers and text', async () => {
  let seen: { url: string | undefined; encoding: string | undefined; body: string } | undefined
  const base = await serve((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen = { url: request.url, encoding: request.headers['accept-encoding'], body }
      response.writeHead(400, { 'Retry-After': '7', 'X-Many': ['a', 'b'] }).end('\uFEFF{"é":1}')
    })
  })
  const answer = await http().send(post(base))
  expect(seen).toEqual({ url: '/v3/events?access_token=topsecret', encoding: 'identity', body: '{"data":[]}' })
  expect(answer).toMatchObject({
    kind: 'answer',
    status: 400,
    truncated: false,
    body: '{"é":1}',
    headers: { 'retry-after': '7', 'x-many': 'a, b' },
  })
})

test('a redirect is an answer, not a second request', async () => {
  let requests = 0
  const base = await serve((_request, response) => {
    requests += 1
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  expect(await http().send(post(base))).toMatchObject({ kind: 'answer', status: 307 })
  expect(requests).toBe(1)
})

test('a refused connection is known not to have been taken, and its message holds no secret', async () => {
  const gone = createTcpServer()
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const answer = await http().send(post(`http://127.0.0.1:${port}`))
  expect(answer).toEqual({
    kind: 'fault',
    maybeTaken: false,
    error: { code: 'NETWORK_ERROR', message: `127.0.0.1:${port} refused the connection` },
  })
})

test('a name that does not exist is a network error before anything was sent', async () => {
  const answer = await http().send(post('http://does-not-exist.invalid'))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR' } })
  expect(JSON.stringify(answer)).not.toContain('topsecret')
})

test('plain text where TLS is due is a network error before anything was sent', async () => {
  const base = await serve((_request, response) => response.end('hello'))
  const answer = await http().send(post(base.replace('http:', 'https:')))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR' } })
})

test('no headers in time: TIMEOUT in phase headers, and the request may have been taken', async () => {
  const base = await serve(() => {})
  const answer = await http({ requestTimeoutMs: 80 }).send(post(base))
  expect(answer).toEqual({
    kind: 'fault',
    maybeTaken: true,
    error: { code: 'TIMEOUT', message: 'Request timeout after 0.08 seconds', phase: 'headers', limitMs: 80 },
  })
})

test('a body that drips past the deadline is a TIMEOUT in phase body: the deadline is for all of it', async () => {
  const base = await serve((_request, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(drip))
  })
  const answer = await http({ requestTimeoutMs: 120 }).send(post(base))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: true, error: { code: 'TIMEOUT', phase: 'body' } })
})

test('a server that accepts but never speaks TLS runs into the deadline while connecting', async () => {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createHttp({ requestTimeoutMs: 80 })
  const answer = await client.send(post(`https://127.0.0.1:${(server.address() as AddressInfo).port}`))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: false, error: { code: 'TIMEOUT', phase: 'connect', limitMs: 80 } })
  await client.close()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test.each([
  ['before the headers', (response: ServerResponse) => response.socket?.resetAndDestroy()],
  [
    'in the middle of the body',
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"events_received"', () => response.socket?.resetAndDestroy())
    },
  ],
])('a reset %s is a network error of a request that may have been taken', async (_when, act) => {
  const base = await serve((_request, response) => {
    act(response)
  })
  const answer = await http().send(post(base))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: true, error: { code: 'NETWORK_ERROR' } })
  expect(JSON.stringify(answer)).not.toContain('topsecret')
})

test('a body over the cap is cut and marked, and the connection is given up', async () => {
  const base = await serve((_request, response) => response.end('y'.repeat(300_000)))
  const answer = await http({ maxResponseBytes: 1_000 }).send(post(base))
  expect(answer).toMatchObject({ kind: 'answer', status: 200, truncated: true, body: 'y'.repeat(1_000) })
})

test('a body of exactly the cap is whole', async () => {
  const base = await serve((_request, response) => response.end('y'.repeat(1_000)))
  expect(await http({ maxResponseBytes: 1_000 }).send(post(base))).toMatchObject({ truncated: false })
})

test('more requests than connections wait in a row, and one that waits too long is POOL_EXHAUSTED', async () => {
  const held: ServerResponse[] = []
  const arrived = Promise.withResolvers<void>()
  const base = await serve((_request, response) => {
    held.push(response)
    arrived.resolve()
  })
  const counts: string[] = []
  const client = http({
    maxConnectionsPerOrigin: 1,
    poolWaitMs: 60,
    onPoolChange: (_origin, { open: inUse, waiting }) => counts.push(`${inUse}/${waiting}`),
  })
  const first = client.send(post(base))
  await arrived.promise
  const second = client.send(post(base))
  expect(client.stats()).toEqual({ [base]: { open: 1, waiting: 1 } })
  expect(await second).toMatchObject({ kind: 'fault', maybeTaken: false, error: { code: 'POOL_EXHAUSTED' } })
  held[0]?.end('ok')
  expect(await first).toMatchObject({ kind: 'answer', body: 'ok' })
  expect(counts).toEqual(['1/0', '1/1', '1/0', '0/0'])
})

test('a waiting request goes out when a connection comes free', async () => {
  const held: ServerResponse[] = []
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const base = await serve((_request, response) => {
    held.push(response)
    arrived[held.length - 1]?.resolve()
  })
  const client = http({ maxConnectionsPerOrigin: 1 })
  const sends = [client.send(post(base)), client.send(post(base))]
  await arrived[0]?.promise
  held[0]?.end('1')
  await arrived[1]?.promise
  held[1]?.end('2')
  expect((await Promise.all(sends)).map((answer) => (answer.kind === 'answer' ? answer.body : answer.error.code))).toEqual(['1', '2'])
  expect(client.stats()).toEqual({ [base]: { open: 0, waiting: 0 } })
})

test('closing lets the request in flight finish and turns away who waits or comes later', async () => {
  const held = Promise.withResolvers<ServerResponse>()
  const base = await serve((_request, response) => held.resolve(response))
  const client = createHttp({ maxConnectionsPerOrigin: 1 })
  const flying = client.send(post(base))
  const response = await held.promise
  const waiting = client.send(post(base))
  const closing = client.close()
  expect(await waiting).toMatchObject({ kind: 'fault', error: { code: 'POOL_EXHAUSTED' } })
  expect(await client.send(post(base))).toMatchObject({ kind: 'fault', error: { code: 'POOL_EXHAUSTED' } })
  response.end('done')
  expect(await flying).toMatchObject({ kind: 'answer', body: 'done' })
  await closing
})

test.each(['not a url', 'ftp://files.example/x'])('%s is a fault, not a throw', async (url) => {
  expect(await http().send({ method: 'GET', url, headers: {} })).toMatchObject({
    kind: 'fault',
    maybeTaken: false,
    error: { code: 'NETWORK_ERROR' },
  })
})

test('a header value that cannot be sent is a fault that does not quote it', async () => {
  const base = await serve((_request, response) => response.end())
  const answer = await http().send(post(base, { headers: { authorization: 'Bearer top\nsecret' } }))
  expect(answer).toMatchObject({ kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR' } })
  expect(JSON.stringify(answer)).not.toContain('secret')
})
