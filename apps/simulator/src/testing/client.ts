import { createSimulator } from '../server.ts'
import type { Simulator } from '../server.ts'
import { NOW, SNAPCHAT_PIXEL, googleDestination } from './samples.ts'

type Json = Readonly<Record<string, unknown>>

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body read as JSON; {} where it is none. */
  readonly body: Json
}

interface Sending {
  readonly token?: string
  /** Laid over the body that is sent otherwise. */
  readonly body?: Json
}

/** A simulator with a clock that a test can move, and the one request of each platform that sends events. */
export interface Client {
  readonly simulator: Simulator
  readonly move: (ms: number) => void
  readonly call: (path: string, init?: RequestInit) => Promise<Reply>
  /** Orders a fault and fails where it was not accepted; returns its id. */
  readonly order: (fault: Json) => Promise<string>
  readonly sendMeta: (events: readonly unknown[], more?: Sending & { readonly pixel?: string; readonly version?: string }) => Promise<Reply>
  readonly sendGoogle: (events: readonly unknown[], more?: Sending) => Promise<Reply>
  readonly sendTikTok: (
    events: readonly unknown[],
    more?: Sending & { readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Reply>
  readonly sendSnapchat: (
    events: readonly unknown[],
    more?: Sending & { readonly asset?: string; readonly path?: string },
  ) => Promise<Reply>
}

export function createClient({ random = () => 0 }: { readonly random?: () => number } = {}): Client {
  let now = NOW
  const simulator = createSimulator({ now: () => now, random })

  async function call(path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await simulator.fetch(new Request(`http://simulator.test${path}`, init))
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: toJson(text) }
  }

  const post = (path: string, headers: Readonly<Record<string, string>>, body: Json): Promise<Reply> =>
    call(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

  return {
    simulator,
    move(ms) {
      now += ms
    },
    call,
    async order(fault) {
      const { status, body, text } = await post('/faults', {}, fault)
      if (status !== 201) throw new Error(`The fault was not accepted: ${text}`)
      return String(body['fault_id'])
    },
    sendMeta: (events, { pixel = '1001', token = 'EAAG-token-1', body = {}, version = 'v26.0' } = {}) =>
      post(`/meta/${version}/${pixel}/events`, { authorization: `Bearer ${token}` }, { data: events, ...body }),
    sendGoogle: (events, { token = 'ya29-token-1', body = {} } = {}) =>
      post(
        '/google/v1/events:ingest',
        { authorization: `Bearer ${token}` },
        { destinations: [googleDestination()], encoding: 'HEX', events, ...body },
      ),
    sendTikTok: (events, { token = 'tiktok-token-1', body = {}, headers = {} } = {}) =>
      post(
        '/tiktok/open_api/v1.3/event/track/',
        { 'access-token': token, ...headers },
        { event_source: 'web', event_source_id: 'C4PIXEL', data: events, ...body },
      ),
    sendSnapchat: (events, { token = 'snap-token-1', body = {}, asset = SNAPCHAT_PIXEL, path = 'events' } = {}) =>
      post(`/snapchat/v3/${asset}/${path}?access_token=${token}`, {}, { data: events, ...body }),
  }
}

function toJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}
