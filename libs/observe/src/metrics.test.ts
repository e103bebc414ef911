import { afterEach, describe, expect, test, vi } from 'vitest'
import { METRICS } from './metric-definitions.ts'
import { createMetrics } from './metrics.ts'

const LABELS_ALLOWED = ['platform', 'code', 'outcome', 'state', 'status', 'kind', 'within', 'alert']

const linesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name))

afterEach(() => {
  vi.useRealTimers()
})

describe('metrics', () => {
  test('each has one name of our kind, a help, and only labels whose values are few', () => {
    const definitions = Object.values(METRICS)
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length)
    for (const { name, type, help, labels } of definitions) {
      expect(name).toMatch(/^relay_[a-z_]+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(help.length).toBeGreaterThan(10)
      for (const label of labels) expect(LABELS_ALLOWED).toContain(label)
    }
  })

  test('every one of them is exposed, beside those of the process', async () => {
    const text = await createMetrics().expose()
    for (const { name, type } of Object.values(METRICS)) expect(text).toContain(`# TYPE ${name} ${type}`)
    expect(text).toContain('process_resident_memory_bytes')
  })

  test('what is counted can be read', async () => {
    const metrics = createMetrics()
    metrics.eventsReceived.inc(3)
    metrics.deliveriesHeld.inc({ platform: 'meta', code: 'CIRCUIT_OPEN' })
    metrics.requestDuration.observe({ platform: 'google', outcome: 'delivered' }, 0.2)
    const text = await metrics.expose()
    expect(text).toContain('relay_events_received_total 3')
    expect(text).toContain('relay_deliveries_held_total{platform="meta",code="CIRCUIT_OPEN"} 1')
    expect(text).toContain('relay_platform_request_duration_seconds_count{platform="google",outcome="delivered"} 1')
  })

  test('a counter by platform starts at 0 for each platform', async () => {
    const text = await createMetrics().expose()
    expect(linesOf(text, 'relay_deliveries_delivered_total')).toHaveLength(4)
  })

  test('two registries in one process know nothing of each other', async () => {
    const [one, other] = [createMetrics(), createMetrics()]
    one.eventsReceived.inc()
    expect(await other.expose()).toContain('relay_events_received_total 0')
  })

  test('the collector runs once a second, whoever asks, and requests at the same time share a run', async () => {
    let nowMs = 0
    let runs = 0
    const metrics = createMetrics({ now: () => nowMs })
    metrics.onCollect(async () => {
      runs += 1
      metrics.deadLetters.set({ platform: 'meta' }, runs)
    })
    await Promise.all([metrics.expose(), metrics.expose()])
    nowMs = 999
    expect(await metrics.expose()).toContain('relay_dead_letters{platform="meta"} 1')
    nowMs = 1_000
    expect(await metrics.expose()).toContain('relay_dead_letters{platform="meta"} 2')
    expect(runs).toBe(2)
  })

  test('a label that the fleet no longer has is gone, and one of this process stays', async () => {
    let nowMs = 0
    let status = 'error'
    const metrics = createMetrics({ now: () => nowMs })
    metrics.httpPoolWaiting.set({ platform: 'meta' }, 7)
    metrics.onCollect(async () => metrics.connections.set({ platform: 'meta', status }, 1))
    await metrics.expose()
    nowMs = 5_000
    status = 'active'
    const text = await metrics.expose()
    expect(linesOf(text, 'relay_connections{')).toEqual(['relay_connections{platform="meta",status="active"} 1'])
    expect(text).toContain('relay_http_pool_waiting{platform="meta"} 7')
  })

  test('where the truth cannot be read the rest is exposed, and no old truth', async () => {
    let nowMs = 0
    let isRedisAway = false
    const errors: unknown[] = []
    const metrics = createMetrics({ now: () => nowMs, onCollectError: (error) => errors.push(error) })
    metrics.onCollect(async () => {
      if (isRedisAway) throw new Error('Redis is away')
      metrics.unaccountedDeliveries.set({ platform: 'meta' }, 0)
      metrics.redisMemoryRatio.set(0.5)
    })
    expect(await metrics.expose()).toContain('relay_redis_memory_ratio 0.5')
    isRedisAway = true
    nowMs = 2_000
    const text = await metrics.expose()
    expect(text).toContain('relay_events_received_total 0')
    expect(linesOf(text, 'relay_unaccounted_deliveries{')).toEqual([])
    expect(linesOf(text, 'relay_redis_memory_ratio ')).toEqual([])
    expect(errors).toEqual([new Error('Redis is away')])
  })

  test('a collector that hangs holds a scrape up for 2 s and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const errors: unknown[] = []
    const metrics = createMetrics({ onCollectError: (error) => errors.push(error) })
    metrics.onCollect(() => new Promise(() => {}))
    const exposed = metrics.expose()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await exposed).toContain('relay_events_received_total 0')
    expect(String(errors[0])).toContain('within 2000 ms')
  })
})
