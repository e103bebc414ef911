import type { EpochMs } from '@relay/core/clock'
import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, Platform } from '../contract.ts'
import {
  batchRefused,
  delivered,
  faultOutcome,
  firstStepMs,
  forAll,
  holdUntil,
  parseJsonBody,
  quote,
  rateLimited,
  refusedRequest,
  reject,
  retry,
  retryAfterMs,
  serverErrorOutcome,
  tooLarge,
  unknownCode,
  unreadable,
  type Answered,
  type Codes,
} from '../verdict.ts'
import { TOKEN_ACTIVATION_MS, TOKEN_PENDING_MS, type Page } from './api.ts'

export type SnapchatClass =
  | 'delivered'
  | 'invalid'
  | 'too-big'
  | 'credentials'
  | 'permission'
  | 'destination'
  | 'rate'
  | 'server'
  | 'transient'
  | 'unknown'

/** What an answer shows; Snapchat publishes no list of codes, so shape and status are all there is (read 2026-11-24). */
interface Shape {
  readonly status: number
  readonly bodyStatus: string | undefined
  readonly isJson: boolean
  /** JSON of the API (`status` or `reason`), or a `WWW-Authenticate: Bearer error=…`: not a gateway's page. */
  readonly isOfApi: boolean
}

export interface SnapchatRow {
  readonly signal: string
  readonly fits: (shape: Shape) => boolean
  readonly class: SnapchatClass
  readonly scope: 'event' | 'connection' | 'platform'
  readonly page: Page
}

/** One row per signal; the first that fits decides. */
export const ANSWER_ROWS: readonly SnapchatRow[] = [
  { signal: '413, any body', fits: (a) => a.status === 413, class: 'too-big', scope: 'event', page: 'ERRORS' },
  { signal: '200 VALID', fits: (a) => a.status === 200 && a.bodyStatus === 'VALID', class: 'delivered', scope: 'event', page: 'USE' },
  {
    signal: '400 or 200 INVALID',
    fits: (a) => (a.status === 400 || a.status === 200) && a.bodyStatus === 'INVALID',
    class: 'invalid',
    scope: 'event',
    page: 'SDK',
  },
  { signal: '401 of the API', fits: (a) => a.status === 401 && a.isOfApi, class: 'credentials', scope: 'connection', page: 'ERRORS' },
  { signal: '403 of the API', fits: (a) => a.status === 403 && a.isOfApi, class: 'permission', scope: 'connection', page: 'ERRORS' },
  { signal: '404 with JSON', fits: (a) => a.status === 404 && a.isJson, class: 'destination', scope: 'connection', page: 'ERRORS' },
  { signal: '429', fits: (a) => a.status === 429, class: 'rate', scope: 'connection', page: 'RATE' },
  { signal: '5xx', fits: (a) => a.status >= 500, class: 'server', scope: 'platform', page: 'ERRORS' },
  { signal: '408', fits: (a) => a.status === 408, class: 'transient', scope: 'platform', page: 'ERRORS' },
]

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function codesOf(answer: Answered, body: JsonObject | undefined): Codes {
  const errors = body?.['errors']
  const codes: unknown = isJsonObject(errors) ? errors['codes'] : undefined
  const first: unknown = Array.isArray(codes) ? codes[0] : undefined
  const requestId = text(body?.['request_id']) ?? text(answer.headers['x-request-id'])
  return {
    ...(typeof first === 'string' || typeof first === 'number' ? { platformCode: String(first) } : {}),
    ...(requestId === undefined ? {} : { platformRequestId: requestId }),
  }
}

const isBearerError = (headers: Readonly<Record<string, string>>): boolean =>
  /\bbearer\b[^]*\berror\s*=/i.test(headers['www-authenticate'] ?? '')

export function shapeOf(answer: Answered, body: JsonObject | undefined): Shape {
  return {
    status: answer.status,
    bodyStatus: text(body?.['status']),
    isJson: body !== undefined,
    isOfApi: text(body?.['status']) !== undefined || text(body?.['reason']) !== undefined || isBearerError(answer.headers),
  }
}

/** The row that fits, if any; used by the credentials check and by `inquire` too, so that all read answers alike. */
export const rowOf = (answer: Answered): SnapchatRow | undefined => {
  const shape = shapeOf(answer, parseJsonBody(answer.body))
  return ANSWER_ROWS.find((row) => row.fits(shape))
}

/** Where `inquire` leaves what it found out: positions in the request, from 0, of the events that Snapchat's validator refuses. */
export const FOUND_INVALID = 'invalid_positions'

const saidOf = (body: JsonObject | undefined): string => {
  const reason = quote(text(body?.['reason']) ?? '')
  return reason === '' ? '' : `: ${reason}`
}

function invalidOutcomes(body: JsonObject | undefined, codes: Codes, count: number, now: EpochMs): EventOutcome[] {
  const verdict = reject({ code: 'EVENT_REJECTED', message: `Snapchat refused the event${saidOf(body)}`, ...codes })
  const positions: unknown = body?.[FOUND_INVALID]
  if (count === 1 || !Array.isArray(positions) || positions.length === 0) return refusedRequest(count, now, verdict)
  const named = new Set<unknown>(positions)
  return Array.from({ length: count }, (_, index) =>
    named.has(index) ? verdict : batchRefused(now, 'Snapchat refused the request because of other events in it'),
  )
}

/** A token that Snapchat may not know yet is not condemned: asked again once an hour until it is a day old. */
function deadCredentials(
  code: 'CREDENTIALS_EXPIRED' | 'PERMISSION_DENIED',
  body: JsonObject | undefined,
  codes: Codes,
  context: ClassifyContext,
): EventOutcome {
  const knownBy = context.credentialsSavedAt + TOKEN_ACTIVATION_MS
  if (context.now < knownBy) {
    return holdUntil(Math.min(context.now + TOKEN_PENDING_MS, knownBy), {
      code: 'CREDENTIALS_PENDING',
      message: `Snapchat does not accept the credentials; new ones may take up to 24 hours${saidOf(body)}`,
      ...codes,
    })
  }
  const message =
    code === 'CREDENTIALS_EXPIRED'
      ? 'Platform credentials have expired or been revoked'
      : 'Snapchat refused the call for want of a permission'
  return reject({ code, message: `${message}${saidOf(body)}`, ...codes })
}

function outcomeOfUntabled(answer: Answered, body: JsonObject | undefined, codes: Codes): EventOutcome {
  if (body === undefined) return unreadable(`Snapchat answered ${answer.status} with a body that cannot be read`, codes)
  return unknownCode(`Snapchat answered ${answer.status} in a way that stands in no table${saidOf(body)}`, codes)
}

/**
 * Snapchat takes or refuses a request whole, as far as is published. `status` in the body decides, never the HTTP status alone: a 200 can be
 * INVALID. The index that an INVALID may name has an unconfirmed base, so it alone condemns no event; `inquire` asks the validator.
 */
export const classify: Platform['classify'] = (answer, sent, context) => {
  const { now } = context
  const stepMs = firstStepMs(context)
  const count = sent.length
  if (count === 0) return []
  if (answer.kind === 'fault') return forAll(count, faultOutcome(answer, now))
  const body = parseJsonBody(answer.body)
  const codes = codesOf(answer, body)
  switch (rowOf(answer)?.class ?? 'unknown') {
    case 'delivered':
      return forAll(count, delivered(codes.platformRequestId))
    case 'invalid':
      return invalidOutcomes(body, codes, count, now)
    case 'too-big':
      return tooLarge(count, now, codes)
    case 'credentials':
      return forAll(count, deadCredentials('CREDENTIALS_EXPIRED', body, codes, context))
    case 'permission':
      return forAll(count, deadCredentials('PERMISSION_DENIED', body, codes, context))
    case 'destination':
      return forAll(
        count,
        reject({
          code: 'DESTINATION_INVALID',
          message: `Snapchat does not know this asset, or the token is of another organisation${saidOf(body)}`,
          ...codes,
        }),
      )
    case 'rate':
      return forAll(
        count,
        rateLimited(now, { scope: 'connection', retryAfterMs: retryAfterMs(answer.headers, now), firstStepMs: stepMs, ...codes }),
      )
    case 'transient':
    case 'server':
      return forAll(
        count,
        serverErrorOutcome(answer, now, stepMs, codes) ??
          retry({ code: 'PLATFORM_ERROR', message: `Snapchat answered ${answer.status}`, ...codes }),
      )
    case 'unknown':
      return forAll(count, outcomeOfUntabled(answer, body, codes))
  }
}
