import type { EpochMs } from '@relay/core/clock'
import type { ErrorDetail } from '@relay/core/errors'
import type { Attempt } from '@relay/queue/letter'

/*
 * What a delivery's past says about sending it again, pure:
 *
 * - a send that was not answered may have been taken. Under the same id it may be repeated while the platform still recognises repeats; after that a
 *   person has to decide.
 * - a process that died with it in flight may have died of it: after two deaths it travels alone, after three alone it is given up.
 */

const DEATHS_BEFORE_ALONE = 2
const DEATHS_ALONE_MAX = 3

export type Suspicion = { readonly kind: 'go'; readonly alone: boolean } | { readonly kind: 'stop'; readonly error: ErrorDetail }

export function suspect(attempts: readonly Attempt[], now: EpochMs, deduplicationWindowMs: number | null): Suspicion {
  const deaths = attempts.filter(({ died }) => died !== undefined)
  if (deaths.filter(({ died }) => died === 'alone').length >= DEATHS_ALONE_MAX) return { kind: 'stop', error: POISONOUS }
  const firstOpen = Math.min(...attempts.filter(({ maybe_taken }) => maybe_taken === true).map(({ at }) => at))
  if (deduplicationWindowMs !== null && now - firstOpen > deduplicationWindowMs) return { kind: 'stop', error: AMBIGUOUS }
  return { kind: 'go', alone: deaths.length >= DEATHS_BEFORE_ALONE }
}

export const AMBIGUOUS = {
  code: 'AMBIGUOUS',
  message: 'The platform may have taken this event and does not say so; a person has to decide whether to send it again',
} as const satisfies ErrorDetail

const POISONOUS: ErrorDetail = {
  code: 'POISONOUS',
  message: 'Processes died each time this event was in flight alone; it is not sent again by itself',
}
