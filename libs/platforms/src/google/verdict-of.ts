import type { EpochMs } from '@relay/core/clock'
import type { FaultScope } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'
import {
  delivered,
  holdUntil,
  rateLimited,
  reject,
  retry,
  retryAfterMs,
  serverErrorOutcome,
  unknownCode,
  type Answered,
  type Codes,
} from '../verdict.ts'
import type { GoogleClass } from './reasons.ts'

const HOUR_MS = 3_600_000
const MISCONFIGURED_MS = 5 * 60_000
/** When a day's quota begins anew is unpublished: one probe an hour. */
const DAY_QUOTA_PROBE_MS = HOUR_MS

export interface Verdict {
  /** `split` is about a request, and is seen to before. */
  readonly class: Exclude<GoogleClass, 'split'>
  /** The reason, error code or status that decided, for people. */
  readonly name: string
  readonly field?: string
  /** What the tenant or operator can do about it. */
  readonly advice?: string
  readonly laterHours?: number
  /** Of the class `quota`. */
  readonly quota?: Quota
  /** Where this verdict has a code of its own. */
  readonly platformCode?: string
}

export interface Quota {
  readonly daily: boolean
  /** Quotas of a Cloud project are shared by all connections of one OAuth client. */
  readonly scope: FaultScope
  /** Where the error names a time; else the answer's headers may. */
  readonly waitMs?: number
}

/** What stands around a verdict. */
export interface Around {
  readonly answer: Answered
  readonly codes: Codes
  readonly now: EpochMs
  /** The hold where Google names no time. */
  readonly stepMs: number
}

/** The outcome of an event that a verdict falls on. `reject` and `config` are for good; a refused token waits for one refresh. */
export function outcomeOf(verdict: Verdict, around: Around): EventOutcome {
  const { now } = around
  const codes = verdict.platformCode === undefined ? around.codes : { ...around.codes, platformCode: verdict.platformCode }
  const at = verdict.field === undefined || verdict.field === '' ? '' : ` at ${verdict.field}`
  const because = `(${verdict.name}${at})${verdict.advice === undefined ? '' : `: ${verdict.advice}`}`
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
      return quotaOutcome(verdict.quota ?? { daily: false, scope: 'application' }, around, codes)
    case 'retry':
      // The body's words do not count where there is a code.
      return (
        serverErrorOutcome({ ...around.answer, body: '' }, now, around.stepMs, codes) ??
        retry({ code: 'PLATFORM_ERROR', message: `Google failed inside ${because}`, ...codes })
      )
    case 'later': {
      const message = `Google takes this event later, unchanged ${because}`
      return holdUntil(now + (verdict.laterHours ?? 1) * HOUR_MS, { code: 'DEFERRED_BY_PLATFORM', message, ...codes })
    }
    case 'duplicate':
      return delivered(codes.platformRequestId, 'duplicate')
    case 'our-project': {
      const message = `The Cloud project of the OAuth client may not call the API ${because}`
      return holdUntil(now + MISCONFIGURED_MS, { code: 'PLATFORM_MISCONFIGURED', message, ...codes })
    }
    case 'collision':
    case 'our-encoder':
    case 'unknown':
      return unknownCode(`Google answered what no table explains ${because}`, codes)
  }
}

function quotaOutcome(quota: Quota, { answer, now, stepMs }: Around, codes: Codes): EventOutcome {
  const waitMs = quota.waitMs ?? retryAfterMs(answer.headers, now)
  if (!quota.daily) return rateLimited(now, { scope: quota.scope, retryAfterMs: waitMs, firstStepMs: stepMs, ...codes })
  return holdUntil(now + (waitMs ?? DAY_QUOTA_PROBE_MS), {
    code: 'QUOTA_EXHAUSTED',
    message: "Google's quota of today is used up",
    scope: quota.scope,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...codes,
  })
}
