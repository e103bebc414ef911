import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { conformance } from '@relay/platforms/testing/conformance'
import { conversionEvent } from '@relay/platforms/testing/events'
import { answerOf } from '@relay/platforms/testing/fixtures'
import { expect, test } from 'vitest'
import { examples } from '../fifth-platform/pinboard/examples.ts'
import { pinboard } from '../fifth-platform/pinboard/index.ts'
import { createPinboard } from '../fifth-platform/simulator.ts'
import { ROOT } from '../support/source-tree.ts'

// The worked example of CONTRIBUTING.md, "A platform more". test/integration/fifth-platform.test.ts puts it in its place in a copy of the repository.

const settings = { pixel_id: '549755885175' }
const credentials = { access_token: 'pinboard-token-0123456789abcdef' }

conformance(pinboard, {
  credentials,
  settings,
  examples,
  sendable: conversionEvent({ user_data: { email: 'person@example.com' } }),
  unsendable: { event: conversionEvent({ user_data: {} }), code: 'IDENTITY_MISSING' },
  accepted: (count) =>
    answerOf(200, { num_events_received: count, events: Array.from({ length: count }, () => ({ status: 'processed' })) }),
  deadCredentials: (message) => answerOf(401, { code: 2, message }),
  rateLimited: () => answerOf(429, { code: 8, message: 'Too many calls' }),
})

test('a bad event does not take its neighbours with it', () => {
  const answer = answerOf(200, { events: [{ status: 'processed' }, { status: 'failed', error_message: 'user_data' }] })
  const context = { now: 0, settings, credentialsSavedAt: 0, retryDelaysMs: [1_000] }
  expect(pinboard.classify(answer, [{}, {}], context)).toMatchObject([
    { kind: 'delivered' },
    { kind: 'reject', error: { code: 'EVENT_REJECTED' } },
  ])
})

test('its simulator has the addresses that the adapter calls', () => {
  const account = { connectionId: 'c' as never, settings, credentials, baseUrl: '', credentialsSavedAt: 0 }
  const { url, body = '' } = pinboard.encodeRequest([], account, undefined)
  const incoming = { no: 1, at: 0, method: 'POST', path: url, query: () => undefined, header: () => undefined, text: body }
  expect(createPinboard({} as never).read(incoming)).toMatchObject({ door: 'events' })
})

test('what CONTRIBUTING.md shows of it is what stands in the files', async () => {
  const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
  const shown = [...text.matchAll(/```ts\n\/\/ (test\/fifth-platform\/\S+)\n([^]*?)```/g)]
  expect(shown.length).toBeGreaterThan(1)
  for (const [, path = '', code] of shown) expect(await readFile(join(ROOT, path), 'utf8'), path).toBe(code)
})
