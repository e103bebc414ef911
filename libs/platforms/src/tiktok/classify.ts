import type { EpochMs } from '@relay/core/clock'
import type { ErrorDetail } from '@relay/core/errors'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer } from '../contract.ts'
import {
  batchRefused,
  delivered,
  faultOutcome,
  firstStepMs,
  forAll,
  holdUntil,
  MAINTENANCE_MS,
  parseJsonBody,
  rateLimited,
  refusedRequest,
  reject,
  retry,
  retryAfterMs,
  serverErrorOutcome,
  unknownCode,
  unreadable,
  type Answered,
} from '../verdict.ts'
import { TIKTOK_CODES, type TikTokClass } from './codes.ts'

const MISCONFIGURED_MS = 5 * 60_000

/** TikTok stopped waiting for itself: the events may be in. */
const TIMED_OUT_INSIDE: ReadonlySet<number> = new Set([50_002, 51_010])

/** Where a message names the bad event: `data.3.event_id`, or `Batch.3.…` from older parts of TikTok (stape-io/tiktok-tag#10, rudder-transformer `network.ts`, read 2026-11-24). */
const NAMED_ROW = /\b(?:data|batch)[.[](\d+)\b[\].\w]*/gi

interface Codes {
  readonly platformCode: string
  readonly platformRequestId?: string
}

/**
 * One outcome per event. The body's `code` decides, whatever the HTTP status; the status only where the body has none. Only code 0 is
 * delivered. One bad event refuses the whole request: the one that is named is rejected, the others wait for the repair.
 */
export function classify(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): EventOutcome[] {
  const { now } = context
  if (answer.kind === 'fault') {
    const outcome = faultOutcome(answer, now)
    return forAll(sent.length, answer.maybeTaken ? onceOnly(outcome, context) : outcome)
  }
  const body = answer.truncated ? undefined : parseJsonBody(answer.body)
  const code = body?.['code']
  if (body === undefined || typeof code !== 'number' || !Number.isInteger(code)) return byStatus(answer, sent.length, context)

  const requestId = body['request_id']
  const codes: Codes = { platformCode: String(code), ...(typeof requestId === 'string' ? { platformRequestId: requestId } : {}) }
  const known = TIKTOK_CODES[code]
  if (known === undefined) return forAll(sent.length, unknownCode(`TikTok answered the unknown code ${code}`, codes))
  const { name, class: kind } = known
  if (kind === 'reject') return rejectNamed(sent.length, name, typeof body['message'] === 'string' ? body['message'] : '', now, codes)
  if (kind === 'split') return tooLarge(sent.length, now, codes)
  const outcome = wholeRequest(name, kind, answer, context, codes)
  return forAll(sent.length, kind === 'ambiguous' || TIMED_OUT_INSIDE.has(code) ? onceOnly(outcome, context) : outcome)
}

/** What a code that is about the whole request means for each of its events. */
function wholeRequest(
  name: string,
  kind: Exclude<TikTokClass, 'reject' | 'split'>,
  answer: Answered,
  context: ClassifyContext,
  codes: Codes,
): EventOutcome {
  const { now } = context
  const waitMs = retryAfterMs(answer.headers, now)
  switch (kind) {
    case 'success':
      return delivered(codes.platformRequestId)
    case 'ambiguous':
      return maybeTaken(name, codes)
    case 'credentials':
      return reject({ code: 'CREDENTIALS_EXPIRED', message: `TikTok no longer accepts this access token (${name})`, ...codes })
    case 'permission':
      return reject({ code: 'PERMISSION_DENIED', message: `The token may not send events to this source (${name})`, ...codes })
    case 'config':
      return reject({ code: 'DESTINATION_INVALID', message: `TikTok does not know this event source or account (${name})`, ...codes })
    case 'rate':
      // Limits are counted per app, and which app a token belongs to is not known here: the token's own connection slows down.
      return rateLimited(now, { scope: 'connection', retryAfterMs: waitMs, firstStepMs: firstStepMs(context), ...codes })
    case 'transient':
      // A 503 stays one although its body has a code; the body's words do not count where there is a code.
      return (
        serverErrorOutcome({ ...answer, body: '' }, now, firstStepMs(context), codes) ??
        retry({ code: 'PLATFORM_ERROR', message: `TikTok failed inside (${name})`, ...codes })
      )
    case 'maintenance': {
      const estimatedEnd = waitMs === undefined ? {} : { estimatedEnd: now + waitMs }
      const error: ErrorDetail = { code: 'PLATFORM_MAINTENANCE', message: 'Platform is under maintenance', ...estimatedEnd, ...codes }
      return holdUntil(now + (waitMs ?? MAINTENANCE_MS), error)
    }
    case 'our-config':
      return holdUntil(now + MISCONFIGURED_MS, {
        code: 'PLATFORM_MISCONFIGURED',
        message: `TikTok refused how we call it (${name})`,
        ...codes,
      })
    case 'unknown':
      return unknownCode(`TikTok answered a code that does not belong to events (${name})`, codes)
  }
}

const maybeTaken = (name: string, codes: Codes): EventOutcome => ({
  kind: 'retry',
  resendOnce: true,
  error: { code: 'UNEXPECTED_RESPONSE', message: `TikTok may or may not have taken the events (${name})`, unreadable: false, ...codes },
})

function rejectNamed(count: number, name: string, message: string, now: EpochMs, codes: Codes): EventOutcome[] {
  const named = new Map([...message.matchAll(NAMED_ROW)].map((match) => [Number(match[1]), match[0]]))
  const verdict = (path: string | undefined): EventOutcome =>
    reject({
      code: 'EVENT_REJECTED',
      message: `TikTok refused this event (${name}${path === undefined ? '' : ` at ${path}`})`,
      ...codes,
    })
  const rows = [...named.keys()].filter((index) => index < count)
  if (count === 1 || rows.length === 0) return refusedRequest(count, now, verdict(named.get(0)))
  const others = batchRefused(now, 'TikTok refused the request because of another of its events')
  return Array.from({ length: count }, (_row, index) => (named.has(index) ? verdict(named.get(index)) : others))
}

const tooLarge = (count: number, now: EpochMs, codes: Partial<Codes>): EventOutcome[] =>
  refusedRequest(count, now, reject({ code: 'PAYLOAD_TOO_LARGE', message: 'TikTok calls this single event too large', ...codes }))

/** No code in the body: a gateway's answer rather than TikTok's own, which is HTTP 200 with a code. So a bare 401 or 403 says nothing about the token. */
function byStatus(answer: Answered, count: number, context: ClassifyContext): EventOutcome[] {
  const { status, headers } = answer
  const { now } = context
  if (status === 413) return tooLarge(count, now, {})
  if (status === 429) {
    return forAll(
      count,
      rateLimited(now, { scope: 'connection', retryAfterMs: retryAfterMs(headers, now), firstStepMs: firstStepMs(context) }),
    )
  }
  const serverError = serverErrorOutcome(answer, now, firstStepMs(context))
  if (serverError !== undefined) return forAll(count, serverError)
  if (status >= 400) return forAll(count, unknownCode(`TikTok answered ${status} without a code`))
  return forAll(count, onceOnly(unreadable(`TikTok answered ${status} with a body that holds no code`), context))
}

/** App events have no `event_id`: what may have been taken is not sent again, since TikTok would count it twice. */
function onceOnly(outcome: EventOutcome, context: ClassifyContext): EventOutcome {
  if (context.settings.event_source !== 'app' || outcome.kind !== 'retry') return outcome
  const { platformCode, platformRequestId, message } = outcome.error
  return reject({
    code: 'AMBIGUOUS',
    message: `TikTok may have taken this app event, and would count it twice (${message})`,
    ...(platformCode === undefined ? {} : { platformCode }),
    ...(platformRequestId === undefined ? {} : { platformRequestId }),
  })
}
