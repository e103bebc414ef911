import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ErrorDetail } from '@relay/core/errors'
import type { LearnedRates, LearnedScope } from '@relay/state/learned-rates'
import { ratesOf, type RatesContext } from './rates.ts'
import type { RowResult } from './row.ts'
import type { Sent } from './send-request.ts'

export interface LearnContext extends RatesContext {
  readonly learned: LearnedRates
  readonly clock: Clock
  readonly retryDelaysMs: readonly number[]
}

interface Limited {
  readonly kind: 'hold'
  readonly error: Extract<ErrorDetail, { readonly scope: unknown }>
  readonly until: EpochMs
}

const asLimited = (result: RowResult): Limited | undefined =>
  result.kind === 'outcome' && result.outcome.kind === 'hold' && result.outcome.error.code === 'RATE_LIMITED'
    ? (result.outcome as Limited)
    : undefined

/**
 * What a batch teaches about the platform's limits: a 429 cuts the rate of its scope, a quota that is nearly used slows it, what is taken lets it recover. Rows
 * of a 429 that names no time get the hold that follows from it.
 */
export async function learn(
  context: LearnContext,
  connection: Connection,
  results: readonly RowResult[],
  requests: readonly Sent[],
): Promise<RowResult[]> {
  const first = requests[0]
  if (first === undefined) return [...results]
  const limit = (await ratesOf(context, connection)).limit
  const limited = results.map(asLimited).find((outcome) => outcome !== undefined)
  if (limited === undefined) {
    const used = Math.max(0, ...requests.map(({ usedPercent }) => usedPercent ?? 0))
    if (used > 0) await context.learned.used(connection.id, limit, used)
    await noteTaken(context, connection, results, first)
    return [...results]
  }
  const scope: LearnedScope = limited.error.scope === 'platform' ? 'platform' : connection.id
  const answer = { sentAt: first.attempt.startedAt, firstHoldMs: context.retryDelaysMs[0] ?? 1_000 }
  const holdMs = await context.learned.throttled(scope, limit, answer)
  const until = context.clock() + holdMs
  return results.map((result) => {
    const outcome = asLimited(result)
    return outcome === undefined || outcome.error.retryAfterMs !== undefined
      ? result
      : ({ ...result, outcome: { ...outcome, until } } as RowResult)
  })
}

async function noteTaken(
  { learned }: LearnContext,
  connection: Connection,
  results: readonly RowResult[],
  { attempt }: Sent,
): Promise<void> {
  if (!results.some((result) => result.kind === 'outcome' && result.outcome.kind === 'delivered')) return
  await Promise.all([learned.taken(connection.id, attempt.startedAt), learned.taken('platform', attempt.startedAt)])
}
