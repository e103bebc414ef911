import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { createConnectionSlots } from './connection-slots.ts'
import type { ConnectionSlots, SlotCounts } from './connection-slots.ts'
import type { Http, HttpAnswer, HttpRequest } from './contract.ts'
import { networkFault, poolFault, timeoutFault } from './transport-fault.ts'
import type { RequestPhase } from './transport-fault.ts'

/*
 * One request:
 *  1. waits for a connection of its origin, `poolWaitMs` at most (POOL_EXHAUSTED, nothing sent);
 *  2. from then on has `requestTimeoutMs` for connecting, the headers and the body together (TIMEOUT with the phase it was in);
 *  3. connects or takes a kept connection; a failure here is certain not to have been taken by the platform;
 *  4. is written; from here on a failure leaves open whether the platform took it (`maybeTaken`);
 *  5. collects at most `maxResponseBytes` of the body, and hangs up on more (`truncated`).
 */

export interface HttpOptions {
  /** For the whole request once it has a connection; default 30,000. */
  readonly requestTimeoutMs?: number
  /** Requests in flight per origin; default 32. */
  readonly maxConnectionsPerOrigin?: number
  /** Default 10,000. */
  readonly poolWaitMs?: number
  /** Default 4 MiB. */
  readonly maxResponseBytes?: number
  /** Called after each change of an origin's counts. */
  readonly onPoolChange?: (origin: string, counts: SlotCounts) => void
}

export interface PooledHttp extends Http {
  /** Per origin, such as `https://graph.facebook.com`. */
  stats(): Readonly<Record<string, SlotCounts>>
  /** Lets what is in flight finish, turns away what waits or comes later (POOL_EXHAUSTED), and closes the sockets. */
  close(): Promise<void>
}

interface Origin {
  readonly pool: Pool
  readonly slots: ConnectionSlots
}

interface Limits {
  readonly requestTimeoutMs: number
  readonly maxResponseBytes: number
}

/** Sends for all platforms. Never throws and never follows a redirect: whatever happens is an answer or a fault. */
export function createHttp(options: HttpOptions = {}): PooledHttp {
  const { maxConnectionsPerOrigin = 32, poolWaitMs = 10_000, onPoolChange } = options
  const limits: Limits = {
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    maxResponseBytes: options.maxResponseBytes ?? 4 * 1024 * 1024,
  }
  const origins = new Map<string, Origin>()
  let closed = false

  const openOrigin = (name: string): Origin => {
    const known = origins.get(name)
    if (known !== undefined) return known
    // HTTP/1.1 only: with one request per connection, "in flight" and "connections" are the same bound.
    const pool = new Pool(name, {
      connections: maxConnectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: limits.requestTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const origin = { pool, slots: createConnectionSlots(maxConnectionsPerOrigin, (counts) => onPoolChange?.(name, counts)) }
    origins.set(name, origin)
    return origin
  }

  return {
    async send(request) {
      const url = URL.parse(request.url)
      if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
        return networkFault(undefined, 'an address that is no URL', 'connect', limits.requestTimeoutMs)
      }
      if (closed) return poolFault(url.host, 0)
      const { pool, slots } = openOrigin(url.origin)
      if (!(await slots.acquire(poolWaitMs))) return poolFault(url.host, poolWaitMs)
      try {
        return await exchange(pool, url, request, limits)
      } finally {
        slots.release()
      }
    },

    stats: () => Object.fromEntries([...origins].map(([name, origin]) => [name, origin.slots.counts()])),

    async close() {
      if (closed) return
      closed = true
      for (const { slots } of origins.values()) slots.close()
      await Promise.all([...origins.values()].map((origin) => origin.pool.close()))
    },
  }
}

function exchange(pool: Pool, url: URL, request: HttpRequest, limits: Limits): Promise<HttpAnswer> {
  const { promise, resolve } = Promise.withResolvers<HttpAnswer>()
  let phase: RequestPhase = 'connect'
  let settled = false
  let hangUp: (() => void) | undefined

  const settle = (answer: HttpAnswer): void => {
    if (settled) return
    settled = true
    clearTimeout(deadline)
    resolve(answer)
  }
  const deadline = setTimeout(() => {
    settle(timeoutFault(phase, limits.requestTimeoutMs))
    hangUp?.()
  }, limits.requestTimeoutMs)
  const fail = (error: unknown): void => settle(networkFault(error, url.host, phase, limits.requestTimeoutMs))

  const { onResponseStart, onResponseData, finish } = collect(limits.maxResponseBytes, settle)
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      hangUp = () => controller.abort(new Error('given up'))
      // Its deadline passed while it waited for a socket: it must not be written any more.
      if (settled) hangUp()
      else phase = 'headers'
    },
    onResponseStart(controller, status, headers) {
      if (status < 200) return
      phase = 'body'
      onResponseStart(controller, status, headers)
    },
    onResponseData,
    onResponseEnd: () => finish(false),
    onResponseError: (_controller, error) => fail(error),
  }
  try {
    const body = request.body === undefined ? null : request.body
    const headers = { 'accept-encoding': 'identity', ...request.headers }
    pool.dispatch({ path: `${url.pathname}${url.search}`, method: request.method, headers, body }, handler)
  } catch (error) {
    fail(error)
  }
  return promise
}

/** Gathers status, headers and at most `maxBytes` of the body, then settles; hangs up on a longer one. */
function collect(maxBytes: number, settle: (answer: HttpAnswer) => void) {
  const chunks: Buffer[] = []
  let bytes = 0
  let status = 0
  let headers: Record<string, string> = {}

  const finish = (truncated: boolean): void => {
    // A decoder rather than toString: it leaves out a byte order mark, which JSON.parse would choke on.
    const body = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxBytes))
    settle({ kind: 'answer', status, headers, body, truncated })
  }

  return {
    finish,
    onResponseStart: (_controller: Dispatcher.DispatchController, code: number, fields: NodeJS.Dict<string | string[]>): void => {
      status = code
      headers = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]),
      )
    },
    onResponseData: (controller: Dispatcher.DispatchController, chunk: Buffer): void => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes <= maxBytes) return
      finish(true)
      controller.abort(new Error('longer than the cap'))
    },
  }
}
