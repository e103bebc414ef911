import { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Readiness } from './health.ts'
import type { Metrics } from './metrics.ts'

export interface OpsRoutes {
  readonly metrics: Pick<Metrics, 'expose' | 'contentType'>
  readonly isReady: () => Promise<Readiness>
  /** `/v1/health`; absent: there is none. */
  readonly health?: () => Promise<HealthAnswer>
  /** Absent: that it answers proves that the loop turns, and no more is asked. */
  readonly isLive?: () => boolean
}

/** Any JSON with a status; `unhealthy` is answered with 503. */
export interface HealthAnswer {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
}

/** The route of `/v1/health`, for any server: no key is asked for. */
export const answerHealth =
  (health: () => Promise<HealthAnswer>) =>
  async (context: Context): Promise<Response> => {
    const answer = await health()
    context.header('cache-control', 'no-store')
    return context.json(answer, answer.status === 'unhealthy' ? 503 : 200)
  }

export interface OpsServer {
  readonly port: number
  /** Resolves when the port is free; requests under way are cut off. */
  close(): Promise<void>
}

/** `/metrics`, `/healthz` (200 or 503 `{"live"}`) and `/readyz` (200 or 503 `{"ready", "checks"}`) and, where given, `/v1/health`, for a port of their own or beside other routes. */
export function createOpsRoutes({ metrics, isReady, health, isLive = () => true }: OpsRoutes): Hono {
  const routes = new Hono()
  routes.get('/metrics', async (context) => context.body(await metrics.expose(), 200, { 'content-type': metrics.contentType }))
  routes.get('/healthz', (context) => {
    const live = isLive()
    return context.json({ live }, live ? 200 : 503)
  })
  if (health !== undefined) routes.get('/v1/health', answerHealth(health))
  routes.get('/readyz', async (context) => {
    const readiness = await isReady().catch((): Readiness => ({ ready: false, checks: {} }))
    return context.json(readiness, readiness.ready ? 200 : 503)
  })
  return routes
}

/** Serves the routes on a port of their own; 0 takes a free one. Rejects where it cannot listen (EADDRINUSE). `host` defaults to all interfaces. */
export function startOpsServer(options: OpsRoutes & { readonly port: number; readonly host?: string }): Promise<OpsServer> {
  const { fetch } = createOpsRoutes(options)
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port: options.port, hostname: options.host ?? '0.0.0.0' }, ({ port }) => {
      server.off('error', reject)
      resolve({
        port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            if (server instanceof Server) server.closeAllConnections()
          }),
      })
    })
    server.once('error', reject)
  })
}
