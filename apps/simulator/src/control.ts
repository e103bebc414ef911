import { Hono } from 'hono'
import type { Context } from 'hono'
import { PLATFORMS } from './call.ts'
import type { PlatformApi, PlatformId } from './call.ts'
import type { Entry, EntryFilter } from './entries.ts'
import type { Tools } from './exchange.ts'
import { isFields, isText, parseJson } from './fields.ts'
import type { Ledger } from './ledger.ts'
import type { Tokens } from './tokens.ts'

export interface ControlParts extends Tools {
  readonly tokens: Tokens
  readonly apis: readonly PlatformApi[]
}

const LINES_A_CHUNK = 2000

/** The HTTP API that tells the simulator what to do and asks what has arrived; README.md lists its routes. Errors: `{"error": {code, message, path?}}`. */
export function createControl(parts: ControlParts): Hono {
  const app = new Hono()
  app.get('/', (c) =>
    c.json({ simulator: 'conversion-relay', platforms: PLATFORMS, control: ['/ledger', '/faults', '/requests', '/settings', '/tokens'] }),
  )
  addLedgerRoutes(app, parts)
  addFaultRoutes(app, parts)
  addSettingRoutes(app, parts)
  app.post('/reset', (c) => {
    parts.faults.clear()
    parts.settings.clear()
    parts.tokens.clear()
    forget(parts)
    return c.json({ reset: true })
  })
  return app
}

/** For addresses that belong neither to a platform nor to the control API. */
export function answerNotFound(c: Context): Response {
  return fail(c, 404, 'NOT_FOUND', `There is no ${c.req.method} ${c.req.path} here; GET / lists what there is.`)
}

function addLedgerRoutes(app: Hono, parts: ControlParts): void {
  const { ledger, bodies } = parts
  app.get('/ledger/summary', (c) => c.json(ledger.summary()))
  app.get('/ledger/doubled', (c) => c.json({ doubled: ledger.doubled() }))
  app.get('/ledger/windows', (c) => {
    const windowMs = Number(c.req.query('window_ms') ?? 60_000)
    if (!(windowMs > 0)) return fail(c, 400, 'BAD_QUERY', 'window_ms is a number above 0', 'window_ms')
    return withPlatform(c, (platform) => c.json(ledger.windows(platform, windowMs, c.req.query('account'))))
  })
  app.get('/ledger/bodies', (c) => {
    const last = Number(c.req.query('last') ?? 50)
    if (!(Number.isInteger(last) && last > 0)) return fail(c, 400, 'BAD_QUERY', 'last is a whole number above 0', 'last')
    return withPlatform(c, (platform) => c.json({ bodies: bodies.last(platform, last) }))
  })
  app.get('/ledger', (c) => {
    const { platform, account, event_id, counted } = c.req.query()
    if (platform !== undefined && !isPlatform(platform)) return wrongPlatform(c)
    const filter: EntryFilter = {
      ...(platform === undefined ? {} : { platform }),
      ...(account === undefined ? {} : { account }),
      ...(event_id === undefined ? {} : { event_id }),
      ...(counted === undefined ? {} : { counted }),
    }
    return c.body(toNdjson(ledger, filter), 200, { 'content-type': 'application/x-ndjson' })
  })
  app.delete('/ledger', (c) => {
    forget(parts)
    return c.json({ cleared: true })
  })
  app.get('/requests/summary', (c) => c.json(ledger.requests()))
}

function addFaultRoutes(app: Hono, { faults }: ControlParts): void {
  app.get('/faults', (c) => c.json({ faults: faults.list() }))
  app.post('/faults', async (c) => {
    const added = faults.add(parseJson(await c.req.text()))
    return 'problem' in added ? fail(c, 400, 'BAD_FAULT', added.problem, added.path) : c.json({ fault_id: added.fault_id }, 201)
  })
  app.delete('/faults', (c) => {
    const removed = faults.list().length
    faults.clear()
    return c.json({ removed })
  })
  app.delete('/faults/:id', (c) => {
    const id = c.req.param('id')
    return faults.remove(id) ? c.json({ removed: 1 }) : fail(c, 404, 'NOT_FOUND', `There is no fault ${id}; it may be used up.`)
  })
}

function addSettingRoutes(app: Hono, { settings, tokens }: ControlParts): void {
  app.get('/settings', (c) => c.json(Object.fromEntries(PLATFORMS.map((platform) => [platform, settings.of(platform)]))))
  app.put('/settings/:platform', async (c) => {
    const platform = c.req.param('platform')
    if (!isPlatform(platform)) return wrongPlatform(c)
    const wrong = settings.change(platform, parseJson(await c.req.text()))
    if (wrong !== undefined)
      return fail(c, 400, 'BAD_SETTING', `${wrong === '' ? 'the body' : wrong} is no setting, or its value is wrong`, wrong)
    return c.json(settings.of(platform))
  })
  app.post('/tokens', async (c) => {
    const input = parseJson(await c.req.text())
    const { platform, token, accounts } = isFields(input) ? input : {}
    if (!isText(platform) || !isPlatform(platform)) return wrongPlatform(c)
    if (!isText(token)) return fail(c, 400, 'BAD_TOKEN', 'token is a text', 'token')
    if (!Array.isArray(accounts) || !accounts.every(isText)) return fail(c, 400, 'BAD_TOKEN', 'accounts is a list of texts', 'accounts')
    tokens.grant(platform, token, accounts)
    return c.json({ granted: accounts.length }, 201)
  })
}

/** Everything that has arrived, with what the platforms remember of it. Faults, settings and tokens stay. */
function forget({ ledger, bodies, quota, apis }: ControlParts): void {
  ledger.clear()
  bodies.clear()
  quota.clear()
  for (const api of apis) api.clear?.()
}

function isPlatform(name: string): name is PlatformId {
  return PLATFORMS.some((each) => each === name)
}

function withPlatform(c: Context, act: (platform: PlatformId) => Response): Response {
  const platform = c.req.query('platform') ?? ''
  return isPlatform(platform) ? act(platform) : wrongPlatform(c)
}

function wrongPlatform(c: Context): Response {
  return fail(c, 400, 'BAD_PLATFORM', `platform is one of ${PLATFORMS.join(', ')}`, 'platform')
}

function fail(c: Context, status: 400 | 404, code: string, message: string, path?: string): Response {
  return c.json({ error: { code, message, ...(path === undefined ? {} : { path }) } }, status)
}

/** Made as it is read, so that a long ledger never stands in memory twice. */
function toNdjson(ledger: Ledger, filter: EntryFilter): ReadableStream<Uint8Array> {
  const entries: Iterator<Entry> = ledger.entries(filter)
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull(controller) {
      let text = ''
      for (let lines = 0; lines < LINES_A_CHUNK; lines += 1) {
        const next = entries.next()
        if (next.done === true) {
          if (text !== '') controller.enqueue(encoder.encode(text))
          controller.close()
          return
        }
        text += `${JSON.stringify(next.value)}\n`
      }
      controller.enqueue(encoder.encode(text))
    },
  })
}
