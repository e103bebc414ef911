import type { Connection } from '@relay/core/connection'
import type { ConnectionId, DeliveryId, TenantId } from '@relay/core/ids'
import type { DeliveryRecord } from '@relay/observe/delivery-log'
import type { Located, LocatedJob } from '@relay/queue/locate'
import type { FoundRow } from '@relay/state/trace-entry'
import { describe, expect, test } from 'vitest'
import { createPrinter } from '../print.ts'
import { candidatesOf, type Target } from './candidates.ts'
import { storyLines } from './lines.ts'
import { type Known, type Story, tellStory } from './story.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const at = (second: number): number => NOW - 3_600_000 + second * 1_000
const iso = (ms: number): string => new Date(ms).toISOString()

const connection: Connection = {
  id: 'con_one' as ConnectionId,
  tenantId: 'acme' as TenantId,
  platform: 'meta',
  name: 'Shop',
  settings: { pixel_id: '1111111111' },
  status: { state: 'active' },
  createdAt: 0,
  credentialsSavedAt: 0,
}
const target: Target = { platform: 'meta', tenantId: connection.tenantId, connectionId: connection.id, connection }
const candidate = candidatesOf('order-1', target, [])[0]!
const ID = candidate.id

const job = (changes: Partial<LocatedJob>): LocatedJob => ({
  state: 'waiting',
  ahead: 0,
  dueAt: undefined,
  takenAt: undefined,
  generation: 0,
  waits: [],
  ...changes,
})

function located(changes: Partial<Located>): Located {
  const delivery = {
    id: ID,
    tenantId: target.tenantId,
    connectionId: target.connectionId,
    platform: 'meta',
    receivedAt: at(0),
    deadlineAt: NOW + 86_400_000,
    event: {} as never,
  } as const
  return { id: ID, delivery, job: undefined, letter: undefined, attempts: [], claimedUntil: NOW, endedAtDoor: false, ...changes }
}

const row = (second: number, fate: FoundRow['fate'], changes: Partial<FoundRow> = {}): FoundRow => ({
  id: ID,
  receivedAt: at(0),
  platform: 'meta',
  entry: { at: at(second), kind: 'request', statuses: [fate.outcome === 'delivered' ? 200 : 500] },
  fate,
  ...changes,
})

const tell = (changes: Partial<Known>): Story =>
  tellStory(
    'order-1',
    { candidate, located: undefined, rows: [], records: [], queue: { all: [], inForce: [] }, verdictAt: undefined, ...changes },
    NOW,
  )

const letter = (changes: object): NonNullable<Located['letter']> =>
  ({
    id: ID,
    state: 'dead',
    code: 'TIMEOUT',
    message: 'No answer',
    exhausted: true,
    ambiguous: false,
    replay_count: 0,
    died_at: iso(at(30)),
    waits: [],
    ...changes,
  }) as unknown as NonNullable<Located['letter']>

describe('candidates', () => {
  test('the ids that an event could have are those of all names and test codes that are known', () => {
    const settings = { pixel_id: '1', event_names: { 'Order Completed': 'Purchase', quiz: 'Lead' }, test_event_code: 'TEST1' }
    const all = candidatesOf('order-1', { ...target, connection: { ...connection, settings } }, [
      { eventName: 'signup_step_2', testEventCode: 'T9' },
    ])
    const kinds = all.map(({ eventName, testEventCode }) => `${eventName} ${testEventCode ?? ''}`)
    expect(kinds).toEqual(expect.arrayContaining(['Purchase ', 'Purchase TEST1', 'quiz ', 'signup_step_2 T9']))
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  })
})

describe('the story of a delivery', () => {
  test('one request is told once, though three sources know of it', () => {
    const sentAt = at(10)
    const fate = { outcome: 'retry', code: 'TIMEOUT', message: 'No answer', sentAt, durationMs: 900, maybeTaken: true } as const
    const record = { sent_at: iso(sentAt), outcome: 'retry', code: 'TIMEOUT', duration_ms: 900 } as DeliveryRecord
    const story = tell({
      located: located({
        job: job({ state: 'held', dueAt: at(60), ahead: undefined }),
        attempts: [{ at: sentAt, code: 'TIMEOUT', message: 'No answer', duration_ms: 900, maybe_taken: true }],
      }),
      rows: [row(11, fate)],
      records: [{ ...record, at: iso(at(11)), received_at: iso(at(0)), waits: [], batch_id: null }],
    })
    expect(story.attempts).toMatchObject([{ at: iso(sentAt), outcome: 'retry', statuses: [500], maybe_taken: true, message: 'No answer' }])
    expect(story.waits).toMatchObject([{ from: iso(sentAt + 900), until: iso(at(60)), cause: 'the pause after a failed attempt' }])
    expect(story).toMatchObject({ state: 'held', due_at: iso(at(60)) })
  })

  test('the time between death and replay is no pause after an attempt', () => {
    const failed = { at: at(10), code: 'TIMEOUT', message: 'No answer', duration_ms: 5 } as const
    const story = tell({
      located: located({
        letter: letter({ state: 'delivered', replay_count: 1, replayedAt: at(1_000), deliveredAt: at(1_001) }),
        attempts: [failed],
      }),
      rows: [row(1_001, { outcome: 'delivered', sentAt: at(1_000) + 5, durationMs: 9 })],
    })
    expect(story.waits).toEqual([])
    expect(story).toMatchObject({ state: 'delivered', delivered_at: iso(at(1_001)), replayed_at: iso(at(1_000)), end: null })
  })

  test('why a delivered one had waited is told, though not when', () => {
    const fate = { outcome: 'delivered', sentAt: at(20), durationMs: 9 } as const
    const story = tell({ rows: [row(20, fate, { heldBy: ['RATE_LIMITED'] })] })
    expect(story).toMatchObject({ state: 'delivered', received_at: iso(at(0)), waits: [{ code: 'RATE_LIMITED', from: null }] })
  })

  test('the queue held it only where the queue waited while it was on its way', () => {
    const wait = (from: number, until: number) => ({ reason: 'breaker', from: at(from), until: at(until), message: '5 failures in a row' })
    const story = tell({
      rows: [row(100, { outcome: 'delivered', sentAt: at(100) })],
      queue: { all: [wait(-90, -30), wait(40, 95), wait(500, 560)], inForce: [] },
    })
    expect(story.waits).toMatchObject([{ scope: 'queue', code: 'breaker', from: iso(at(40)), until: iso(at(95)) }])
  })

  test.each([
    ['an active connection', {}, connection, `relay dlq replay ${ID}`],
    ['one that may have been taken', { ambiguous: true }, connection, `relay dlq replay ${ID} --include-ambiguous`],
    ['one that was replayed twice', { replay_count: 2 }, connection, `relay dlq replay ${ID} --again`],
    [
      'a connection in error',
      {},
      { ...connection, status: { state: 'error', code: 'CREDENTIALS_EXPIRED', message: '', since: 0, actionRequired: '' } } as const,
      'relay connections update con_one --replay',
    ],
    ['a disabled connection', {}, { ...connection, status: { state: 'disabled', since: 0 } } as const, 'relay connections enable con_one'],
    ['a connection that is gone', {}, undefined, null],
  ])('what moves a dead one on: %s', (_, changes, of, command) => {
    const story = tell({ candidate: { ...candidate, connection: of }, located: located({ letter: letter(changes) }) })
    expect(story).toMatchObject({ state: 'dead', end: { code: 'TIMEOUT', exhausted: true }, next: { command } })
  })

  test('past its deadline a dead one is never sent again', () => {
    const { delivery, ...rest } = located({ letter: letter({}) })
    const story = tell({ located: { ...rest, delivery: { ...delivery!, deadlineAt: NOW - 1 } } })
    expect(story.next).toMatchObject({ command: null, what: expect.stringContaining('deadline') as string })
  })

  test('nothing but a claim: it has ended, and no more is said', () => {
    expect(tell({ located: located({ delivery: undefined }) })).toMatchObject({ state: 'ended', received_at: null, attempts: [] })
  })

  test('words of a platform cannot write on the terminal', () => {
    const message = 'no\u001B[2Jway\nnow   delivered'
    const story = tell({ rows: [row(5, { outcome: 'reject', code: 'EVENT_REJECTED', message, sentAt: at(5) })] })
    const said = storyLines(createPrinter({ json: false }), story)
    expect(said).not.toContain('\u001B[2J')
    expect(said.split('\n').filter((line) => line.trimStart().startsWith('now '))).toHaveLength(1)
    expect(story.delivery_id).toBe(ID satisfies DeliveryId)
  })
})
