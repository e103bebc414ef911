import { expect } from 'vitest'
import type { PlatformId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import type { System } from './system.ts'

// A tenant as it comes to be: made, given a key and connections by the real command line, its events sent over HTTP.

/** What it takes to open a shop: the command line, and where the ingest is. */
type Market = Pick<System, 'relay'> & { readonly fleet: Pick<System['fleet'], 'ingestUrl'> }

/** The file of `relay connections add`. */
export interface ConnectionFile {
  readonly name?: string
  readonly credentials: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly tookMs: number
  /** As far as the text is JSON of the one shape or the other. */
  readonly body: AnswerBody
}

interface AnswerBody {
  readonly success: boolean
  readonly data: {
    readonly batch_id: string
    readonly events_received: number
    readonly events_accepted: number
    readonly duplicates: number
    readonly errors: readonly { readonly index: number; readonly event_id: string | null; readonly code: string; readonly path: string }[]
    readonly notices: readonly { readonly code: string; readonly count: number }[]
  }
  readonly error: { readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }
}

export interface Shop {
  readonly tenant: string
  readonly key: string
  /** Connection ids. */
  readonly connections: Readonly<Record<PlatformId, string>>
  /** Under which account the ledger books what arrives; Google's has the conversion action behind it. */
  readonly accounts: Readonly<Record<PlatformId, string>>
  /** One event, or a list of them, as JSON. */
  send(events: unknown): Promise<Answer>
  /** `body` as it is, with these headers on top of the key. */
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

/** Digits that make accounts of one system differ; a Snapchat pixel must be a UUID. */
const accountsOf = (number: number): Record<PlatformId, string> => ({
  meta: `10000000000000${number}`,
  google: `100000000${number}`,
  tiktok: `C000000000000000000${number}`,
  snapchat: `00000000-0000-4000-8000-00000000000${number}`,
})

/** Credentials that the simulator takes, for an account of its own. */
export function connectionFiles(tenant: string, number: number): Record<PlatformId, ConnectionFile> {
  const account = accountsOf(number)
  const common = { default_country: 'DE' }
  return {
    meta: { credentials: { access_token: `meta-token-of-${tenant}` }, settings: { ...common, pixel_id: account.meta } },
    google: {
      credentials: { client_id: `client-of-${tenant}`, client_secret: `secret-of-${tenant}`, refresh_token: `refresh-of-${tenant}` },
      settings: { ...common, operating_account: account.google, conversion_actions: { '*': '100001' } },
    },
    tiktok: { credentials: { access_token: `tiktok-token-of-${tenant}` }, settings: { ...common, event_source_id: account.tiktok } },
    snapchat: { credentials: { access_token: `snapchat-token-of-${tenant}` }, settings: { ...common, pixel_id: account.snapchat } },
  }
}

/** A tenant with a key and a connection on each platform. `number`, one digit, sets its accounts apart from those of others. */
export async function openShop(system: Market, tenant: string, number: number, files = connectionFiles(tenant, number)): Promise<Shop> {
  await relayJson(system, ['tenants', 'add', tenant])
  const [{ key }, ...added] = await Promise.all([
    relayJson<{ key: string }>(system, ['keys', 'add', '--tenant', tenant]),
    ...PLATFORM_IDS.map((platform) => connect(system, tenant, platform, files[platform])),
  ])
  const connections = Object.fromEntries(PLATFORM_IDS.map((platform, index) => [platform, added[index]!])) as Record<PlatformId, string>
  const accounts = { ...accountsOf(number), google: `${accountsOf(number).google}/100001` }
  const post: Shop['post'] = (body, headers) => postEvents(system, key, body, headers)
  return {
    tenant,
    key,
    connections,
    accounts,
    send: (events) => post(JSON.stringify(Array.isArray(events) ? { events: events as unknown[] } : events)),
    post,
  }
}

/** The connection's id. */
export async function connect(system: Pick<System, 'relay'>, tenant: string, platform: PlatformId, file: ConnectionFile): Promise<string> {
  const args = ['connections', 'add', '--tenant', tenant, '--platform', platform, '--file', '-']
  return (await relayJson<{ connection_id: string }>(system, args, JSON.stringify(file))).connection_id
}

/** The one object that `relay … --json` prints; the command must end with 0. */
export async function relayJson<T = unknown>(system: Pick<System, 'relay'>, args: readonly string[], input?: string): Promise<T> {
  const { exitCode, stdout, stderr } = await system.relay([...args, '--json'], input === undefined ? {} : { input })
  expect(exitCode, `relay ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
  return JSON.parse(stdout) as T
}

/** The objects that `relay … --json` prints line by line; the command must end with 0. */
export async function relayLines<T>(system: Pick<System, 'relay'>, args: readonly string[]): Promise<T[]> {
  const { exitCode, stdout, stderr } = await system.relay([...args, '--json'])
  expect(exitCode, `relay ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

export async function postEvents(
  system: Pick<Market, 'fleet'>,
  key: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const startedAt = performance.now()
  const response = await fetch(`${system.fleet.ingestUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  const tookMs = performance.now() - startedAt
  return { status: response.status, headers: response.headers, text, tookMs, body: JSON.parse(text) as AnswerBody }
}

/** An event that every platform takes. */
export const purchase = (id: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  event_id: id,
  event_name: 'Purchase',
  event_time: Math.floor(Date.now() / 1_000) - 60,
  event_source_url: 'https://shop.example/thanks',
  user_data: {
    email: `${id}@customer.example`,
    phone: '+49 30 1234567',
    client_ip_address: '203.0.113.7',
    client_user_agent: 'Mozilla/5.0 (e2e)',
  },
  custom_data: { currency: 'EUR', value: 49.9, order_id: id },
  ...changes,
})

export const purchases = (prefix: string, count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, index) => purchase(`${prefix}-${index}`))
