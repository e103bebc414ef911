import type { EpochMs } from '@relay/core/clock'
import type { EventOutcome } from '@relay/core/outcome'
import { holdUntil, rateLimited, reject, retry, retryAfterMs, serverErrorOutcome, unknownCode, type Answered } from '../verdict.ts'
import type { GoogleError } from './error-body.ts'
import type { GoogleClass } from './reasons.ts'

const MISCONFIGURED_MS = 5 * 60_000
/** When a day's quota begins anew is unpublished: one probe an hour. */
const DAY_QUOTA_PROBE_MS = 3_600_000

export interface Verdict {
  readonly class: Exclude<GoogleClass, 'split'>
  /** The reason or status that decided, for people. */
  readonly name: string
  readonly field?: string
}

/** One Google error, and what stands around it. */
export interface Around {
  readonly answer: Answered
  readonly error: GoogleError
  readonly now: EpochMs
  /** The hold where Google names no time. */
  readonly stepMs: number
}

export interface Codes {
  readonly platformCode: string
  readonly platformRequestId?: string
}

/** `ErrorInfo.reason`, else the status. */
export const codesOf = (error: GoogleError): Codes => ({
  platformCode: error.reason ?? error.status,
  ...(error.requestId === undefined ? {} : { platformRequestId: error.requestId }),
})

/** The outcome of an event that a verdict falls on. `reject` and `config` are for good; a refused token waits for one refresh. */
export function outcomeOf(verdict: Verdict, around: Around): EventOutcome {
  const { answer, error, now, stepMs } = around
  const codes = codesOf(error)
  const because = `(${verdict.name}${verdict.field === undefined || verdict.field === '' ? '' : ` at ${verdict.field}`})`
  switch (verdict.class) {
    case 'reject':
      return reject({ code: 'EVENT_REJECTED', message: `Google refused this event ${because}`, ...codes })
    case 'config':
      return reject({ code: 'DESTINATION_INVALID', message: `Google refused the conversion action or account ${because}`, ...codes })
    case 'permission':
      return reject({ code: 'PERMISSION_DENIED', message: `The credentials may not write to this account ${because}`, ...codes })
    case 'credentials':
      return reject({ code: 'CREDENTIALS_EXPIRED', message: `The grant does not cover conversions: consent again ${because}`, ...codes })
    case 'token-expired':
      return holdUntil(now, { code: 'ACCESS_TOKEN_EXPIRED', message: `Google no longer takes the access token ${because}`, ...codes })
    case 'quota':
      return quotaOutcome(around)
    case 'retry':
      // The body's words do not count where there is a code.
      return (
        serverErrorOutcome({ ...answer, body: '' }, now, stepMs, codes) ??
        retry({ code: 'PLATFORM_ERROR', message: `Google failed inside ${because}`, ...codes })
      )
    case 'our-project':
      return holdUntil(now + MISCONFIGURED_MS, {
        code: 'PLATFORM_MISCONFIGURED',
        message: `The Cloud project of the OAuth client may not call the API ${because}`,
        ...codes,
      })
    case 'our-encoder':
    case 'unknown':
      return unknownCode(`Google answered what no table explains ${because}`, codes)
  }
}

/** Quotas are counted per Cloud project, which all connections of one OAuth client share. */
function quotaOutcome({ answer, error, now, stepMs }: Around): EventOutcome {
  const waitMs = retryAfterMs(answer.headers, now)
  const limit = error.metadata['quota_limit']
  if (typeof limit !== 'string' || !/PerDay/i.test(limit)) {
    return rateLimited(now, { scope: 'application', retryAfterMs: waitMs, firstStepMs: stepMs, ...codesOf(error) })
  }
  return holdUntil(now + (waitMs ?? DAY_QUOTA_PROBE_MS), {
    code: 'QUOTA_EXHAUSTED',
    message: "The Cloud project's requests of today are used up",
    scope: 'application',
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...codesOf(error),
  })
}
