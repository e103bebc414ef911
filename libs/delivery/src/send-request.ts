import type { Clock } from '@relay/core/clock'
import { countsForBreaker, type ErrorDetail } from '@relay/core/errors'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { Metrics } from '@relay/observe/metrics'
import type { Account, Http, HttpAnswer, HttpRequest, Platform } from '@relay/platforms/contract'
import type { Verdict } from '@relay/state/breaker-rule'
import type { RowAttempt } from './row.ts'

/** What one request to a platform came to. */
export interface Sent {
  /** One per body, in order. */
  readonly outcomes: readonly EventOutcome[]
  readonly attempt: RowAttempt
  readonly verdict: Verdict
  /** What to ask the later verdict by; undefined where this answer is the last word. */
  readonly verdictId: string | undefined
  /** Share of a quota that the platform says is used, in percent. */
  readonly usedPercent: number | undefined
  /** HTTP status, or the code of the transport's fault. */
  readonly status: number | string
}

export interface SendContext {
  readonly platform: Platform
  readonly http: Http
  /** For questions without side effects (inquiry-http.ts). */
  readonly inquiryHttp: Http
  readonly clock: Clock
  readonly metrics: Metrics
  readonly retryDelaysMs: readonly number[]
}

/** Sends a request that carries these bodies of one connection and reads the answer, with the platform's inquiry where the answer leaves something open. */
export async function sendRequest(
  context: SendContext,
  request: HttpRequest,
  bodies: readonly JsonObject[],
  account: Account,
  testEventCode: string | undefined,
): Promise<Sent> {
  const { platform, http, clock, metrics } = context
  const startedAt = clock()
  const answer = await http.send(request)
  const durationMs = clock() - startedAt
  const settled = platform.inquire === undefined ? answer : await platform.inquire(answer, bodies, account, context.inquiryHttp)
  const classifyContext = {
    now: clock(),
    settings: account.settings,
    testEventCode,
    credentialsSavedAt: account.credentialsSavedAt,
    retryDelaysMs: context.retryDelaysMs,
  }
  const outcomes = exactly(bodies.length, platform.classify(settled, bodies, classifyContext))
  metrics.requestDuration.observe({ platform: platform.id, outcome: summaryOf(outcomes) }, durationMs / 1_000)
  metrics.batchEvents.observe({ platform: platform.id }, bodies.length)
  return {
    outcomes,
    attempt: { startedAt, durationMs, maybeTaken: mayBeTaken(answer, outcomes) },
    verdict: verdictOf(outcomes),
    usedPercent: answer.kind === 'answer' ? platform.usedPercent?.(answer.headers) : undefined,
    verdictId: platform.verdict?.requestIdOf(settled, { settings: account.settings, testEventCode }),
    status: answer.kind === 'answer' ? answer.status : answer.error.code,
  }
}

/** An adapter that miscounts would settle rows with their neighbours' outcomes: all of them are unknown then. */
function exactly(count: number, outcomes: readonly EventOutcome[]): readonly EventOutcome[] {
  if (outcomes.length === count) return outcomes
  const error = { code: 'INTERNAL', message: `The adapter gave ${outcomes.length} outcomes for ${count} events` } as const
  return Array.from({ length: count }, () => ({ kind: 'retry', error }) as const)
}

const errorOf = (outcome: EventOutcome): ErrorDetail | undefined => (outcome.kind === 'delivered' ? undefined : outcome.error)

const SAYS_NOTHING: ReadonlySet<string> = new Set(['RATE_LIMITED', 'QUOTA_EXHAUSTED', 'POOL_EXHAUSTED', 'PLATFORM_MAINTENANCE', 'INTERNAL'])

/** What a request tells of the platform: a fault of its own, health (any readable answer below 500 but a 429), or neither. Pure. */
export function verdictOf(outcomes: readonly EventOutcome[]): Verdict {
  const errors = outcomes.map(errorOf)
  // A request of which something was taken is no failure of the platform, whatever became of single rows.
  if (errors.every((error) => error !== undefined) && errors.some(countsForBreaker)) return 'failure'
  return errors.length > 0 && errors.every((error) => error !== undefined && SAYS_NOTHING.has(error.code)) ? 'neither' : 'success'
}

/** The label of the request: what became of most of its rows. */
function summaryOf(outcomes: readonly EventOutcome[]): string {
  const kinds = new Set(outcomes.map(({ kind }) => kind))
  if (kinds.size === 1) return [...kinds][0]!
  return kinds.has('delivered') ? 'partial' : 'mixed'
}

/** No answer after the request had left, or a 200 that nobody can read: the platform may have the events. */
function mayBeTaken(answer: HttpAnswer, outcomes: readonly EventOutcome[]): boolean {
  if (answer.kind === 'fault') return answer.maybeTaken
  return answer.status === 200 && outcomes.some((outcome) => outcome.kind === 'retry' && outcome.error.code === 'UNEXPECTED_RESPONSE')
}
