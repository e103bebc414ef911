import type { AcceptRequest } from '@relay/accept/accept'
import type { InboxRefusal } from '@relay/queue/inbox-letters'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UNREADABLE } from './read-inbox-job.ts'
import { takeInboxJob } from './take-inbox-job.ts'

/** Accepts every event that is an object. */
function setUp() {
  const requests: AcceptRequest[] = []
  const letters: InboxRefusal[] = []
  const take = (data: unknown): Promise<void> =>
    takeInboxJob('job-1', data, {
      maxEvents: 2,
      bury: async (refusals) => void letters.push(...refusals),
      accept: async (request) => {
        requests.push(request)
        const errors = request.events.flatMap((event, index) =>
          event.ok && typeof event.value === 'object'
            ? []
            : [{ index, event_id: null, code: 'INVALID_EVENT' as const, message: 'An event must be a JSON object', path: '' }],
        )
        const { batchId: batch_id, events } = request
        return {
          batch_id,
          events_received: events.length,
          events_accepted: events.length - errors.length,
          duplicates: 0,
          errors,
          notices: [],
        }
      },
    })
  return { take, requests, letters }
}

describe('a job of the inbox', () => {
  it('goes through the door of HTTP in slices, and each bad event becomes a letter with its place in the job', async () => {
    const { take, requests, letters } = setUp()
    await take({ tenant_id: 'shop', events: [{}, 1, {}, 'two', {}] })
    expect(requests.map(({ tenantId, events }) => [tenantId, events.length])).toEqual([
      ['shop', 2],
      ['shop', 2],
      ['shop', 1],
    ])
    expect(letters).toMatchObject([
      { tenantId: 'shop', jobId: 'job-1', index: 1, error: { code: 'INVALID_EVENT' }, body: 1 },
      { tenantId: 'shop', jobId: 'job-1', index: 3, body: 'two' },
    ])
  })

  it.each([
    [null, ''],
    ['text', ''],
    [{ [UNREADABLE]: '{"tenant_id":' }, ''],
    [{ events: [{}] }, 'tenant_id'],
    [{ tenant_id: 'a:b', events: [{}] }, 'tenant_id'],
    [{ tenant_id: 'shop' }, 'events'],
    [{ tenant_id: 'shop', events: {} }, 'events'],
    [{ tenant_id: 'shop', events: [] }, 'events'],
  ])('that cannot be read becomes one letter: %j', async (data, path) => {
    const { take, requests, letters } = setUp()
    await take(data)
    expect(requests).toEqual([])
    expect(letters).toMatchObject([{ jobId: 'job-1', index: undefined, error: { code: 'INVALID_EVENT', path }, body: data }])
  })

  it('never throws for what a producer has pushed, and loses none of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.jsonValue(), fc.record({ tenant_id: fc.constant('shop'), events: fc.array(fc.jsonValue()) })),
        async (data) => {
          const { take, requests, letters } = setUp()
          await take(data)
          const taken = requests.flatMap(({ events }) => events).length
          expect(taken + letters.filter(({ index }) => index === undefined).length).toBeGreaterThan(0)
        },
      ),
    )
  })
})
