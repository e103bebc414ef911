import type { Accept } from '@relay/accept/accept'
import { createBatchId } from '@relay/accept/batch-id'
import { REQUEST_STATUS, RequestError } from '@relay/core/request-errors'
import type { Logger } from '@relay/observe/logger'
import { answerHealth, type HealthAnswer } from '@relay/observe/ops-server'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Authenticate } from './authenticate.ts'
import { discardBody } from './discard-body.ts'
import { type ReadBatch, readWait } from './read-batch.ts'
import { readFormat, readText } from './read-body.ts'
import { readEvents } from './read-events.ts'

export interface AppOptions {
  readonly authenticate: Authenticate
  readonly accept: Accept
  readonly maxRequestBytes: number
  readonly maxEvents: number
  readonly log: Logger
  /** Answers then ask the producer to open a new connection, which another process will take. */
  readonly isDraining: () => boolean
  readonly health: () => Promise<HealthAnswer>
  readonly readBatch: ReadBatch
}

/** The routes of the API port. Every answer is JSON; every error is `{"error": {code, message, details}}`. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    if (options.isDraining()) context.header('connection', 'close')
  })
  app.get('/healthz', (context) => context.json({ live: true }))
  app.get('/v1/health', answerHealth(options.health))
  app.post('/v1/events', (context) => postEvents(context, options))
  app.get('/v1/batches/:id', (context) => getBatch(context, options))
  app.all('/v1/events', (context) => {
    context.header('allow', 'POST')
    return context.json(new RequestError('NOT_FOUND', 'Events are sent with POST').toBody(), 405)
  })
  app.notFound((context) => refuse(context, new RequestError('NOT_FOUND', 'There is nothing here: events go to POST /v1/events')))
  app.onError((error, context) => answerError(error, context, options.log))
  return app
}

/** Values of `track` that ask for a record of the batch. */
const TRACKED: ReadonlySet<string> = new Set(['true', '1'])

async function postEvents(context: Context, options: AppOptions): Promise<Response> {
  const { tenantId } = await options.authenticate(context.req.header('authorization'), 'events:write')
  const { format, isGzip } = readFormat(context.req.raw.headers)
  const text = await readText(context.req.raw, isGzip, options.maxRequestBytes)
  const events = readEvents(text, format, options.maxEvents)
  const isTracked = TRACKED.has(context.req.query('track') ?? '')
  const data = await options.accept({ tenantId, batchId: createBatchId(), events, isTracked })
  if (data.events_accepted === 0 && data.duplicates === 0) {
    const { batch_id, events_received, errors } = data
    throw new RequestError('NO_VALID_EVENT', 'No event of the request could be taken: details.errors says why for each', {
      details: { batch_id, events_received, errors },
    })
  }
  return context.json({ success: true, data }, 202)
}

async function getBatch(context: Context, options: AppOptions): Promise<Response> {
  const { tenantId } = await options.authenticate(context.req.header('authorization'), 'batches:read')
  const waitMs = readWait(context.req.query('wait'))
  const id = context.req.param('id') ?? ''
  context.header('cache-control', 'no-store')
  return context.json(await options.readBatch({ tenantId, id, waitMs, signal: context.req.raw.signal }))
}

async function answerError(error: Error, context: Context, log: Logger): Promise<Response> {
  if (!(await discardBody(context.req.raw))) context.header('connection', 'close')
  if (error instanceof RequestError) {
    if (error.code === 'STORE_UNAVAILABLE') log.warn({ code: error.code, cause: causeOf(error) }, 'a request could not be stored')
    return refuse(context, error)
  }
  log.error({ err: error }, 'a request failed')
  return context.json({ error: { code: 'INTERNAL', message: 'A fault of ours: send the request again later', details: {} } }, 500)
}

/** In a few words: in an outage there is a line for every request. */
const causeOf = ({ cause, message }: RequestError): string => (cause instanceof Error ? cause.message : message)

function refuse(context: Context, error: RequestError): Response {
  if (error.retryAfterSeconds !== undefined) context.header('retry-after', String(error.retryAfterSeconds))
  if (error.code === 'UNAUTHORIZED') context.header('www-authenticate', 'Bearer')
  return context.json(error.toBody(), REQUEST_STATUS[error.code] as ContentfulStatusCode)
}
