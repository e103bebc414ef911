import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import type { Platform } from '@relay/platforms/contract'
import { readAnswerLine } from './explain-line.ts'
import type { NdjsonLine } from './ndjson-lines.ts'

interface OutcomeView {
  readonly kind: EventOutcome['kind']
  readonly code: string | null
  readonly platform_code?: string
  readonly message: string | null
  /** How long the event waits by this answer, in ms; absent where the answer names no wait of its own. */
  readonly retry_after_ms?: number
}

type AnswerExplanation =
  | { readonly outcomes: readonly OutcomeView[] }
  | { readonly error: { readonly code: string; readonly message: string } }

interface ExplainContext {
  readonly platform: Platform
  readonly settings: ConnectionSettings
}

/** Pure. What one answer means for each event of its request, in their order; a line that cannot be read is an error of that line alone. */
export function explainAnswer(line: NdjsonLine, { platform, settings }: ExplainContext, now: EpochMs): AnswerExplanation {
  const read = readAnswerLine(line)
  if (!read.ok) return { error: read.fault }
  const { answer, events, api } = read.given
  // What was sent is not known, only how many.
  const sent: readonly JsonObject[] = Array.from({ length: events }, () => ({}))
  try {
    const outcomes = platform.classify(answer, sent, {
      now,
      settings: api === undefined ? settings : { ...settings, api },
      // Nothing is known of the credentials' age: they count as such that the platform has long known.
      credentialsSavedAt: 0,
      retryDelaysMs: PLATFORM_DEFAULTS[platform.id].retryDelaysMs,
    })
    return { outcomes: outcomes.map((outcome) => viewOutcome(outcome, now)) }
  } catch {
    return { error: { code: 'INTERNAL', message: 'The answer could not be processed, which is a fault of ours' } }
  }
}

/** Holds that end with something other than time: the repair of their request, a new access token. */
const ENDS_OTHERWISE: ReadonlySet<string> = new Set(['BATCH_REFUSED', 'ACCESS_TOKEN_EXPIRED'])

function viewOutcome(outcome: EventOutcome, now: EpochMs): OutcomeView {
  if (outcome.kind === 'delivered') return { kind: 'delivered', code: null, message: null }
  const { code, platformCode, message } = outcome.error
  const waitMs = waitMsOf(outcome, now)
  return {
    kind: outcome.kind,
    code,
    ...(platformCode === undefined ? {} : { platform_code: platformCode }),
    message,
    ...(waitMs === undefined ? {} : { retry_after_ms: waitMs }),
  }
}

function waitMsOf(outcome: EventOutcome, now: EpochMs): number | undefined {
  if (outcome.kind === 'retry') return outcome.retryAfterMs
  if (outcome.kind !== 'hold' || ENDS_OTHERWISE.has(outcome.error.code)) return undefined
  return Math.max(0, outcome.until - now)
}
