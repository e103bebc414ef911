import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'

/** A request that has not come in whole by then, in ms, is given up: a producer that stalls must not hold a connection. */
const REQUEST_MAX_MS = 60_000
const IDLE_CHECK_MS = 100

export interface ApiServer {
  readonly port: number
  /** Takes no new connections, lets requests under way end, and cuts off what is left after `withinMs`. */
  drain(withinMs: number): Promise<void>
}

/** Rejects where it can't listen (EADDRINUSE). Port 0 takes a free one. */
export function startApiServer(app: Hono, options: { readonly host: string; readonly port: number }): Promise<ApiServer> {
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, port: options.port, hostname: options.host, serverOptions: { requestTimeout: REQUEST_MAX_MS } },
      ({ port }) => {
        server.off('error', reject)
        resolve({ port, drain: (withinMs) => drain(server as Server, withinMs) })
      },
    )
    server.once('error', reject)
  })
}

function drain(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), withinMs)
    // A kept-alive connection falls idle only when its answer is out.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
    server.close(() => {
      clearTimeout(cutOff)
      clearInterval(idle)
      resolve()
    })
  })
}
