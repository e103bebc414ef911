import { systemClock } from '@relay/core/clock'
import type { Connection, ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import { createAccounts } from '@relay/delivery/accounts'
import { deliver, type DeliverContext } from '@relay/delivery/deliver'
import { endpointsOf } from '@relay/delivery/endpoints'
import { createInquiryHttp } from '@relay/delivery/inquiry-http'
import type { Row, RowResult } from '@relay/delivery/row'
import { createTokens } from '@relay/delivery/tokens'
import type { Http, Platform } from '@relay/platforms/contract'
import { google } from '@relay/platforms/google/index'
import { createHttp } from '@relay/platforms/http'
import { meta } from '@relay/platforms/meta/index'
import { snapchat } from '@relay/platforms/snapchat/index'
import { tiktok } from '@relay/platforms/tiktok/index'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../apps/simulator/src/server.ts'
import { buildDelivery } from '../support/deliveries.ts'
import { createTestFleet, type TestFleet } from '../support/fleet.ts'
import { type FreshDatabase, freshDatabase } from '../support/redis.ts'

const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
const ROWS = 1_000

interface Case {
  readonly platform: Platform
  readonly settings: ConnectionSettings
  readonly credentials: unknown
  readonly user: JsonObject
  /** The path of the request that carries events. */
  readonly door: RegExp
  /** Does the platform name the bad row, so that it is peeled off at once? */
  readonly isNamed: boolean
}

const CASES: readonly Case[] = [
  {
    platform: meta,
    settings: { pixel_id: '111' },
    credentials: { access_token: 't' },
    user: { em: [HASH] },
    door: /\/events/,
    isNamed: false,
  },
  {
    platform: google,
    settings: { operating_account: '1234567890', conversion_actions: { Purchase: '777' } },
    credentials: { client_id: 'c', client_secret: 's', refresh_token: 'r' },
    user: { userIdentifiers: [{ emailAddress: HASH }] },
    door: /events:ingest/,
    isNamed: true,
  },
  {
    platform: tiktok,
    settings: { event_source_id: 'C1' },
    credentials: { access_token: 't' },
    user: { email: [HASH] },
    door: /event\/track/,
    isNamed: true,
  },
  {
    platform: snapchat,
    settings: { pixel_id: '00000000-0000-4000-8000-000000000001' },
    credentials: { access_token: 't' },
    user: { em: [HASH] },
    door: /\/events(\/validate)?\?/,
    isNamed: true,
  },
]

let database: FreshDatabase
let simulator: Simulator
let fleet: TestFleet
let url: string

beforeAll(async () => {
  database = await freshDatabase()
})
beforeEach(async () => {
  simulator = createSimulator()
  url = await simulator.listen(0)
  fleet = createTestFleet(database.url, url)
  await fleet.redis.flushdb()
})
afterEach(async () => {
  await fleet[Symbol.asyncDispose]()
  await simulator.close()
})
afterAll(async () => {
  await database.release()
})

async function sendAll(each: Case, rows: readonly Row[]): Promise<{ results: readonly RowResult[]; requests: number }> {
  const { platform } = each
  const http = createHttp()
  let requests = 0
  const counting: Http = {
    send(request) {
      if (each.door.test(request.url)) requests += 1
      return http.send(request)
    },
  }
  const connection: Connection = await fleet.connect(platform, 'con_one', each.settings, each.credentials)
  const parts = { platform, redis: fleet.redis, keyRing: fleet.keyRing, http: counting, clock: systemClock, metrics: fleet.metrics }
  const accounts = createAccounts({ ...parts, endpoints: endpointsOf(platform, { baseUrl: `${url}/${platform.id}` }) })
  const context: DeliverContext = {
    ...parts,
    retryDelaysMs: [1],
    inquiryHttp: createInquiryHttp(counting, systemClock),
    accounts,
    tokens: createTokens({ ...parts, accounts }),
    grantAgain: async () => {},
    keepForVerdict: async () => {},
    onRequest() {},
  }
  const { results } = await deliver(context, connection, rows)
  await http.close()
  return { results, requests }
}

describe.each(CASES)('$platform.id', (each) => {
  const build = (): Row[] =>
    Array.from({ length: ROWS }, () => ({
      delivery: buildDelivery({ platform: each.platform.id, event: { user: each.user, custom_data: { currency: 'EUR', value: 1 } } }),
      generation: 0,
      alone: false,
      maybeSentBefore: false,
      onTaken() {},
    }))

  test.each([
    { bad: [617], extra: each.isNamed ? 2 : 20 },
    { bad: [0, 999], extra: 40 },
  ])('of 1,000 rows with bad ones at $bad all others arrive, in at most $extra requests more', async ({ bad, extra }) => {
    const rows = build()
    for (const place of bad)
      simulator.faults.add({ platform: each.platform.id, kind: 'bad_event', event_id: rows[place]!.delivery.event.event_id })
    const { results, requests } = await sendAll(each, rows)
    const kinds = results.map((result) => (result.kind === 'outcome' ? result.outcome.kind : result.kind))
    expect(kinds.flatMap((kind, place) => (kind === 'delivered' ? [] : [`${place} ${kind}`]))).toEqual(
      bad.map((place) => `${place} reject`),
    )
    expect(requests - 1).toBeLessThanOrEqual(extra)
    expect(simulator.ledger.summary()[each.platform.id]).toMatchObject({ counted: ROWS - bad.length, repeated: 0 })
  })
})
