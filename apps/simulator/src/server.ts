import type { ServerResponse } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { createBodies } from './bodies.ts'
import { PLATFORMS } from './call.ts'
import type { Desk, EpochMs, PlatformApi, PlatformId } from './call.ts'
import { answerNotFound, createControl } from './control.ts'
import { exchange } from './exchange.ts'
import type { Effect, Tools } from './exchange.ts'
import { createFaults } from './faults.ts'
import type { Faults } from './faults.ts'
import { createGoogle } from './google.ts'
import { createLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { createMeta } from './meta.ts'
import { createQuota } from './quota.ts'
import { createSettings } from './settings.ts'
import { createSnapchat } from './snapchat.ts'
import { createTikTok } from './tiktok.ts'
import { createTokens } from './tokens.ts'

export interface SimulatorOptions {
  /** Judges windows and lifetimes; default is the machine's clock. */
  readonly now?: () => EpochMs
  /** 0 ≤ x < 1; decides about faults with a probability. Default Math.random. */
  readonly random?: () => number
}

export interface Simulator {
  /** One request without a socket. A dropped connection rejects with a TypeError, as fetch does; silence lasts until the request is aborted. */
  fetch(request: Request): Promise<Response>
  /** Listens on the loopback interface unless told otherwise; port 0 is any free one. Returns the address to send to. */
  listen(port: number, host?: string): Promise<string>
  /** Stops listening and breaks off whatever is open. */
  close(): Promise<void>
  /** The address listened on; throws before `listen`. */
  readonly url: string
  readonly ledger: Ledger
  readonly faults: Faults
}

type Env = { Bindings: { outgoing?: ServerResponse } }

/** Every platform, one line each. */
const CREATE: Readonly<Record<PlatformId, (desk: Desk) => PlatformApi>> = {
  meta: createMeta,
  google: createGoogle,
  tiktok: createTikTok,
  snapchat: createSnapchat,
}

/** Each platform's API under its id (`/meta`, `/google`, …), and the control API of README.md beside them. */
export function createSimulator({ now = Date.now, random = Math.random }: SimulatorOptions = {}): Simulator {
  const settings = createSettings()
  const faults = createFaults({ now, random })
  const tokens = createTokens({ now, faults })
  const tools: Tools = { faults, ledger: createLedger(), quota: createQuota(), bodies: createBodies(), settings, random }
  const desk = createDesk({ now, settings, faults, tokens })
  const apis = PLATFORMS.map((platform) => CREATE[platform](desk))
  const closing = new AbortController()
  let requestNo = 0

  const app = new Hono<Env>()
  app.onError((error) => {
    throw error
  })
  app.notFound(answerNotFound)
  app.route('/', createControl({ ...tools, tokens, apis }))
  for (const api of apis) {
    app.all(`/${api.id}/*`, async (c) => {
      const text = await c.req.text()
      requestNo += 1
      return perform(c, await exchange(api, readIncoming(c, api, text, requestNo, now()), tools), closing.signal)
    })
  }
  const listener = createListener(app, closing)
  return {
    fetch: async (request) => app.fetch(request),
    listen: (port, host) => listener.listen(port, host),
    close: () => listener.close(),
    get url() {
      return listener.url
    },
    ledger: tools.ledger,
    faults,
  }
}

function createDesk(parts: {
  readonly now: () => EpochMs
  readonly settings: ReturnType<typeof createSettings>
  readonly faults: Faults
  readonly tokens: ReturnType<typeof createTokens>
}): Desk {
  const { now, settings, faults, tokens } = parts
  return {
    now,
    settings: (platform) => settings.of(platform),
    judgeToken: (platform, token) => tokens.judge(platform, token),
    judgeAccount: (platform, account, token) => tokens.judgeAccount(platform, account, token),
    grantsOf: (platform, token) => tokens.grantsOf(platform, token),
    issueToken(platform, refreshToken) {
      const lifetimeS = settings.of(platform).token_lifetime_s
      return { accessToken: tokens.issue(platform, refreshToken, lifetimeS), lifetimeS }
    },
    rotateRefreshToken: (platform, refreshToken) => tokens.rotate(platform, refreshToken),
    markedEvents(kind, platform, account, token) {
      const marks = faults.applying(kind, { platform, door: 'events', accounts: [account], token })
      return new Map(marks.map((fault) => [fault.params.event_id ?? '', fault]))
    },
    useFault: (fault) => faults.use(fault),
  }
}

function readIncoming(c: Context<Env>, api: PlatformApi, text: string, no: number, at: EpochMs) {
  const path = new URL(c.req.url).pathname.slice(api.id.length + 1)
  return {
    no,
    at,
    method: c.req.method,
    path,
    text,
    query: (name: string) => c.req.query(name),
    header: (name: string) => c.req.header(name),
  }
}

/** Breaking off and keeping silent need the socket; without one (in-process) the same is told to the caller of fetch. */
async function perform(c: Context<Env>, effect: Effect, closing: AbortSignal): Promise<Response> {
  if (effect.kind === 'answer') return new Response(effect.answer.body, effect.answer)
  const outgoing = c.env?.outgoing
  if (effect.kind === 'hang') await silence(outgoing, c.req.raw.signal, closing)
  if (outgoing === undefined) throw new TypeError('fetch failed', { cause: new Error('other side closed') })
  outgoing.destroy()
  return RESPONSE_ALREADY_SENT
}

/** Ends when the other side gives up or the simulator closes. */
async function silence(outgoing: ServerResponse | undefined, ...signals: readonly AbortSignal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  outgoing?.once('close', resolve)
  const gone = AbortSignal.any(signals as AbortSignal[])
  if (gone.aborted) resolve()
  gone.addEventListener('abort', () => resolve(), { once: true })
  await promise
}

function createListener(app: Hono<Env>, closing: AbortController): Pick<Simulator, 'listen' | 'close' | 'url'> {
  // Node's 5 s would close idle connections under a client's pool, and its next request would meet a reset nobody ordered.
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { keepAliveTimeout: 65_000 } })
  let address = ''
  return {
    get url() {
      if (address === '') throw new Error('The simulator is not listening yet: call listen first.')
      return address
    },
    async listen(port, host = '127.0.0.1') {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', reject)
      server.listen(port, host, resolve)
      await promise
      server.off('error', reject)
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('The simulator listens on no port.')
      address = `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`
      return address
    },
    async close() {
      closing.abort()
      if (!server.listening) return
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
      await promise
    },
  }
}
