import type { Connection } from '@relay/core/connection'
import { DeliveryError, type ErrorDetail } from '@relay/core/errors'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { Account, HttpRequest } from '@relay/platforms/contract'
import type { Verdict } from '@relay/state/breaker-rule'
import { createPayload, type JobPayload } from '@relay/queue/job'
import { markedDelivered } from '@relay/state/delivered-marks'
import type { Redis } from 'ioredis'
import type { Accounts } from './accounts.ts'
import { outcomeOf, type Row, type RowResult } from './row.ts'
import { type SendContext, type Sent, sendRequest } from './send-request.ts'
import type { Tokens } from './tokens.ts'

/*
 * One batch, from rows to a result for each:
 *
 * 1. marks: a row that may have been sent before and is marked delivered is not sent again.
 * 2. account: credentials opened, access token fresh. Where that fails, all rows share the reason.
 * 3. encode: rows that this platform will not take get their own outcome; the others go on.
 * 4. send: one request, more where bodies must not travel together, halved while its body is over the platform's cap. Where the platform judges later,
 *    the rows are kept for that before they are settled.
 * 5. refresh: an access token that the platform refuses is refreshed once and the request sent once more; no attempt is used.
 * 6. repair: a request refused because of some of its events is sent again without the ones that were named, or in halves; the rows stay here.
 */

export interface DeliverContext extends SendContext {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly tokens: Tokens
  /** Waits until the rate limits let so many more rows go: rows of repaired requests count too. */
  grantAgain(rows: number): Promise<void>
  /** Keeps a taken request until the platform has judged it; payloads by place in the request. */
  keepForVerdict(verdictId: string, account: Account, payloads: ReadonlyMap<number, JobPayload>, count: number): Promise<void>
  /** Told of every request, so that the breaker hears of each. */
  onRequest(sent: Sent): void
}

export interface Delivered {
  /** One per row, in order. */
  readonly results: readonly RowResult[]
  /** Of the first request, the one that a probe stands for; `neither` where nothing was sent. */
  readonly verdict: Verdict
}

interface Ready {
  readonly place: number
  readonly body: JsonObject
}

export async function deliver(context: DeliverContext, connection: Connection, rows: readonly Row[]): Promise<Delivered> {
  const results = Array.from<RowResult | undefined>({ length: rows.length })
  await settleMarked(context, rows, results)
  const ready = encodeAll(context, connection, rows, results)
  if (ready.length === 0) return { results: results as RowResult[], verdict: 'neither' }

  const testEventCode = rows[0]!.delivery.event.test_event_code
  let verdict: Verdict = 'neither'
  try {
    const account = await context.tokens.equip(await context.accounts.open(connection), connection)
    const transmission = { context, connection, testEventCode, results, rows }
    for (const [index, group] of separated(context, connection, ready).entries()) {
      const told = await transmit(transmission, account, group)
      if (index === 0) verdict = told
    }
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    const outcome = outcomeOfAccountFault(error.detail, context.clock())
    for (const { place } of ready) results[place] ??= outcomeOf(outcome)
  }
  return { results: results as RowResult[], verdict }
}

async function settleMarked(context: DeliverContext, rows: readonly Row[], results: (RowResult | undefined)[]): Promise<void> {
  const suspects = rows.filter((row) => row.maybeSentBefore).map(({ delivery }) => delivery.id)
  const marked = await markedDelivered(context.redis, context.platform.id, suspects)
  rows.forEach(({ delivery }, place) => {
    if (marked.has(delivery.id)) results[place] = outcomeOf({ kind: 'delivered', note: 'duplicate' })
  })
}

function encodeAll(context: DeliverContext, connection: Connection, rows: readonly Row[], results: (RowResult | undefined)[]): Ready[] {
  return rows.flatMap(({ delivery }, place) => {
    if (results[place] !== undefined) return []
    const encoded = context.platform.encodeEvent(delivery.event, connection.settings)
    if (encoded.kind === 'body') return [{ place, body: encoded.body }]
    results[place] = outcomeOf(encoded.refusal)
    return []
  })
}

/** No attempt was made, so a token server that is ill or a vault that cannot open makes the rows wait. */
function outcomeOfAccountFault(error: ErrorDetail, now: number): EventOutcome {
  if (error.code === 'CREDENTIALS_EXPIRED') return { kind: 'reject', error }
  return { kind: 'hold', error, until: now + (error.code === 'CREDENTIALS_UNREADABLE' ? 60_000 : 5_000) }
}

/** Bodies that must not travel together stand in different requests; nearly always there is one. */
function separated({ platform }: DeliverContext, { settings }: Connection, ready: readonly Ready[]): readonly (readonly Ready[])[] {
  if (platform.separate === undefined || ready.length === 1) return [ready]
  const bodies = ready.map(({ body }) => body)
  return platform.separate(bodies, settings).map((places) => places.map((place) => ready[place]!))
}

interface Transmission {
  readonly context: DeliverContext
  readonly connection: Connection
  readonly testEventCode: string | undefined
  readonly results: (RowResult | undefined)[]
  readonly rows: readonly Row[]
}

/** Sends what is ready, in as many requests as its size demands; the verdict of the first. */
async function transmit(transmission: Transmission, account: Account, ready: readonly Ready[]): Promise<Verdict> {
  const { context } = transmission
  const request = encode(transmission, account, ready)
  const bytes = Buffer.byteLength(request.body ?? '')
  if (bytes > context.platform.api.maxBodyBytes) {
    if (ready.length === 1) {
      const error = {
        code: 'PAYLOAD_TOO_LARGE',
        message: `The event makes a request of ${bytes} bytes; at most ${context.platform.api.maxBodyBytes} are sent`,
      } as const
      transmission.results[ready[0]!.place] = outcomeOf({ kind: 'reject', error })
      return 'neither'
    }
    return inHalves(transmission, account, ready)
  }
  const sent = await sendWithFreshToken(transmission, account, ready, request)
  for (const [index, { place }] of ready.entries()) {
    if (sent.outcomes[index]!.kind === 'delivered') transmission.rows[place]!.onTaken()
  }
  await keepTaken(transmission, account, ready, sent)
  const refused = settleSent(transmission, ready, sent)
  if (refused.length > 0) await repair(transmission, account, ready, refused)
  return sent.verdict
}

async function inHalves(transmission: Transmission, account: Account, ready: readonly Ready[]): Promise<Verdict> {
  const middle = Math.ceil(ready.length / 2)
  const verdict = await transmit(transmission, account, ready.slice(0, middle))
  await transmit(transmission, account, ready.slice(middle))
  return verdict
}

async function keepTaken({ context, rows }: Transmission, account: Account, ready: readonly Ready[], sent: Sent): Promise<void> {
  if (sent.verdictId === undefined) return
  const payloads = new Map<number, JobPayload>()
  for (const [index, { place }] of ready.entries()) {
    const { delivery, generation } = rows[place]!
    if (sent.outcomes[index]!.kind === 'delivered') payloads.set(index, createPayload(delivery, generation))
  }
  if (payloads.size > 0) await context.keepForVerdict(sent.verdictId, account, payloads, ready.length)
}

/** Rows that the answer leaves to the repair; the others have their result. */
function settleSent({ results }: Transmission, ready: readonly Ready[], sent: Sent): Ready[] {
  return ready.filter(({ place }, index) => {
    const outcome = sent.outcomes[index]!
    if (outcome.kind === 'hold' && outcome.error.code === 'BATCH_REFUSED') return true
    results[place] = outcomeOf(outcome, sent.attempt)
    return false
  })
}

/** Named rows are peeled off and the rest goes again as one; where none was named, in halves, so that good rows are found fast. */
async function repair(transmission: Transmission, account: Account, ready: readonly Ready[], refused: readonly Ready[]): Promise<void> {
  const { context } = transmission
  context.metrics.batchSplits.inc({ platform: context.platform.id })
  await context.grantAgain(refused.length)
  if (refused.length < ready.length) await transmit(transmission, account, refused)
  else await inHalves(transmission, account, refused)
}

/** Did the platform refuse the access token and nothing else? Snapchat does not tell a token that ran out from a grant that is dead. */
function refusesToken({ context }: Transmission, account: Account, sent: Sent): boolean {
  const isRefreshed = context.platform.refresh?.appliesTo(account.credentials) === true
  return sent.outcomes.every(
    (outcome) =>
      (outcome.kind === 'hold' && outcome.error.code === 'ACCESS_TOKEN_EXPIRED') ||
      (isRefreshed && outcome.kind === 'reject' && outcome.error.code === 'CREDENTIALS_EXPIRED'),
  )
}

const encode = ({ context, testEventCode }: Transmission, account: Account, ready: readonly Ready[]): HttpRequest =>
  context.platform.encodeRequest(
    ready.map(({ body }) => body),
    account,
    testEventCode,
  )

async function sendWithFreshToken(
  transmission: Transmission,
  account: Account,
  ready: readonly Ready[],
  request: HttpRequest,
): Promise<Sent> {
  const { context, connection, testEventCode } = transmission
  const bodies = ready.map(({ body }) => body)
  const first = await sendRequest(context, request, bodies, account, testEventCode)
  context.onRequest(first)
  if (!refusesToken(transmission, account, first)) return first
  await context.tokens.forget(account)
  const renewed = await context.tokens.equip(await context.accounts.open(connection), connection)
  const second = await sendRequest(context, encode(transmission, renewed, ready), bodies, renewed, testEventCode)
  context.onRequest(second)
  if (!refusesToken(transmission, renewed, second)) return second
  return { ...second, outcomes: bodies.map(() => ({ kind: 'reject', error: DEAD_GRANT })) }
}

const DEAD_GRANT = {
  code: 'CREDENTIALS_EXPIRED',
  message: 'The platform refuses a freshly refreshed access token: the grant is dead or was revoked',
} as const
