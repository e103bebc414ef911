import { mapPlatforms } from '@relay/core/ids'
import { sum } from '@relay/state/books'
import { describe, expect, test } from 'vitest'
import { type HealthReading, healthOf } from './health-report.ts'
import { bodiesOf, type PlatformCondition } from './platform-condition.ts'

const NOW = Date.UTC(2026, 10, 24, 10)
const BOOKS = sum({ accepted: 0, imported: 0, delivered: 0, waiting: 0, held: 0, active: 0, dead: 0, skipped: 0, removed: 0 })
const WELL: PlatformCondition = {
  breaker: { state: 'closed', failureCount: 0, probesOut: 0, probeSuccesses: 0 },
  pauses: [],
  books: BOOKS,
  eventsPerMinute: 600,
}
const OPEN: PlatformCondition['breaker'] = {
  ...WELL.breaker,
  state: 'open',
  failureCount: 5,
  openedAt: NOW - 1_000,
  recoveryAt: NOW + 59_000,
  holdsUntil: NOW + 59_000,
}
const WORKER = { kind: 'worker', platforms: ['meta', 'google', 'tiktok', 'snapchat'] } as const

function reading(meta: Partial<HealthReading['platforms']['meta']> = {}, changes: Partial<HealthReading> = {}): HealthReading {
  const well = { condition: WELL, oldestSeconds: 0, outcomes: { delivered: 10, dead: 0 } }
  const platforms = { ...mapPlatforms(() => well), meta: { ...well, ...meta } }
  return { now: NOW, platforms, connections: [], processes: [WORKER], memoryRatio: undefined, ...changes }
}

describe('the health of the integrations', () => {
  test.each([
    ['all is well', reading(), 'healthy'],
    ['events wait for the limit', reading({ condition: { ...WELL, books: { ...BOOKS, waiting: 6_000 } } }), 'healthy'],
    ['an open circuit', reading({ condition: { ...WELL, breaker: OPEN } }), 'degraded'],
    [
      'a queue that is paused',
      reading({ condition: { ...WELL, pauses: [{ reason: 'operator', until: NOW + 1, message: '' }] } }),
      'degraded',
    ],
    ['nine tenths delivered', reading({ outcomes: { delivered: 9, dead: 1 } }), 'healthy'],
    ['fewer', reading({ outcomes: { delivered: 89, dead: 11 } }), 'degraded'],
    ['nothing ended', reading({ outcomes: { delivered: 0, dead: 0 } }), 'healthy'],
    [
      'nobody serves what waits',
      reading({ condition: { ...WELL, books: { ...BOOKS, held: 1 } } }, { processes: [{ ...WORKER, platforms: ['google'] }] }),
      'degraded',
    ],
    ['no worker at all', reading({}, { processes: [{ kind: 'ingest', platforms: [] }] }), 'unhealthy'],
    ['a Redis that is nearly full', reading({}, { memoryRatio: 0.8 }), 'unhealthy'],
  ] as const)('%s', (_name, found, status) => {
    expect(healthOf(found).status).toBe(status)
  })

  test('what processes tell is added up', () => {
    const processes = [
      { ...WORKER, stats: { pool: { open: 3, waiting: 0, max: 32 } } },
      { ...WORKER, stats: { pool: { open: 1, waiting: 2, max: 64 } } },
      { kind: 'ingest', platforms: [], stats: { received: { events: 3, duplicates: 1 } } },
    ] as const
    expect(healthOf(reading({}, { processes })).checks).toMatchObject({
      connection_pool: { workers: 2, open: 4, waiting: 2, max: 96 },
      deduplicator: { ingests: 1, events_received: 3, duplicates: 1, duplicate_rate: 0.3333, window_seconds: 900 },
    })
  })
})

describe('what is told of a platform', () => {
  const codes = (condition: Partial<PlatformCondition>): string[] =>
    bodiesOf('tiktok', { ...WELL, ...condition }, 150, NOW).map(({ code }) => code)

  test('a limit only where no other reason holds, and from ten seconds on', () => {
    const queued = (waiting: number) => ({ books: { ...BOOKS, waiting } })
    expect(codes(queued(99))).toEqual([])
    expect(bodiesOf('tiktok', { ...WELL, ...queued(600) }, 150, NOW)).toMatchObject([
      { code: 'RATE_LIMITED', details: { retry_after_seconds: 60, events_queued: 150 } },
    ])
    expect(codes({ ...queued(6_000), breaker: OPEN })).toEqual(['CIRCUIT_OPEN'])
    expect(codes({ books: { ...BOOKS, held: 6_000 } })).toEqual([])
  })

  test('every reason for which the queue waits', () => {
    const pauses = [
      { reason: 'maintenance', until: NOW + 5_000, message: '' },
      { reason: 'limit', until: NOW + 1_500, message: '' },
    ] as const
    expect(codes({ breaker: OPEN, pauses })).toEqual(['CIRCUIT_OPEN', 'PLATFORM_MAINTENANCE', 'RATE_LIMITED'])
  })

  test('an open circuit that may probe already is no news', () => {
    const { holdsUntil: _over, ...probing } = OPEN
    expect(codes({ breaker: probing })).toEqual([])
  })
})
