import { describe, expect, test } from 'vitest'
import { checkReadiness } from './health.ts'
import { createMetrics } from './metrics.ts'
import { createOpsRoutes, startOpsServer } from './ops-server.ts'

const metrics = createMetrics()
const ready = async () => ({ ready: true, checks: { redis: true } })

describe('ops routes', () => {
  test('/metrics is in the text format of Prometheus', async () => {
    const answer = await createOpsRoutes({ metrics, isReady: ready }).request('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await answer.text()).toContain('relay_events_received_total 0')
  })

  test('/healthz answers while the loop turns, and 503 where the process itself says that it is stuck', async () => {
    expect((await createOpsRoutes({ metrics, isReady: ready }).request('/healthz')).status).toBe(200)
    const stuck = await createOpsRoutes({ metrics, isReady: ready, isLive: () => false }).request('/healthz')
    expect([stuck.status, await stuck.json()]).toEqual([503, { live: false }])
  })

  test('/readyz says which need is not met', async () => {
    expect((await createOpsRoutes({ metrics, isReady: ready }).request('/readyz')).status).toBe(200)
    const answer = await createOpsRoutes({
      metrics,
      isReady: () => checkReadiness({ redis: () => Promise.reject(new Error('secret-host:6379')), vault: () => true }),
    }).request('/readyz')
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, checks: { redis: false, vault: true } }])
  })

  test('/readyz is 503 where it cannot even be asked', async () => {
    const answer = await createOpsRoutes({ metrics, isReady: () => Promise.reject(new Error('x')) }).request('/readyz')
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, checks: {} }])
  })
})

describe('readiness', () => {
  test('a need that does not answer in time is not met, and the others are still told', async () => {
    const readiness = await checkReadiness({ redis: () => new Promise<boolean>(() => {}), pools: () => Promise.resolve(true) }, 20)
    expect(readiness).toEqual({ ready: false, checks: { redis: false, pools: true } })
  })

  test('nothing to ask is ready', async () => {
    expect(await checkReadiness({})).toEqual({ ready: true, checks: {} })
  })
})

describe('ops server', () => {
  test('serves on a free port, and gives it back', async () => {
    const server = await startOpsServer({ metrics, isReady: ready, port: 0, host: '127.0.0.1' })
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200)
    await server.close()
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow()
  })

  test('a port that is taken is an error of the start', async () => {
    const server = await startOpsServer({ metrics, isReady: ready, port: 0, host: '127.0.0.1' })
    await expect(startOpsServer({ metrics, isReady: ready, port: server.port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    await server.close()
  })
})
