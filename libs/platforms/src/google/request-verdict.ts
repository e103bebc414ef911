import type { EpochMs } from '@relay/core/clock'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { VerdictReading, VerdictSummary } from '../contract.ts'
import { delivered, holdUntil, reject, unknownCode } from '../verdict.ts'
import { referenceOf } from './destinations.ts'
import { bareReason, PROCESSING_REASONS, type ProcessingReason } from './processing-reasons.ts'
import type { DestinationStatus } from './request-status.ts'

const HOUR_MS = 3_600_000
const TERMINAL: ReadonlySet<string> = new Set(['SUCCESS', 'PARTIAL_SUCCESS', 'FAILED'])
/** What nobody knows, or what is not said. */
const UNKNOWN = 'PROCESSING_ERROR_REASON_UNSPECIFIED'

const classOf = (reason: string): ProcessingReason['class'] => meaningOf(reason).class

function meaningOf(reason: string): ProcessingReason {
  const name = bareReason(reason)
  return Object.hasOwn(PROCESSING_REASONS, name) ? PROCESSING_REASONS[name]! : PROCESSING_REASONS['UNSPECIFIED']!
}

/**
 * The verdict on each event of a request, once all its destinations have one:
 *
 * 1. An event that a reason names by its position has that reason, whatever the destination's state is called.
 * 2. FAILED: the other events of that destination have the reason given. Of reasons of several classes nobody can say whose is which: unknown.
 * 3. PARTIAL_SUCCESS with refused events that are not named: nobody is blamed. They all go again, unchanged, if the reason is one that passes
 *    and each has a transaction id, which makes a repeat harmless; else they stay as accepted, and the summary counts them.
 * 4. Everything else is as accepted.
 */
export function judgeRequest(statuses: readonly DestinationStatus[], sent: readonly JsonObject[], now: EpochMs): VerdictReading {
  const owners = sent.map((body) => ownerOf(body, statuses))
  if (statuses.some(({ state }) => !TERMINAL.has(state)) || owners.includes(undefined)) return { kind: 'pending' }
  const named = reasonsByEvent(statuses, owners)
  const rests = new Map(statuses.map((status) => [status, restOf(status, owners, sent, named)]))
  const outcomes = sent.map((body, index) => {
    const rest = rests.get(owners[index]!)
    const reason = named.get(index) ?? (rest?.kind === 'reason' ? rest.reason : undefined)
    return reason === undefined ? delivered() : outcomeOf(reason, { body, sent, index, now })
  })
  return { kind: 'final', outcomes, warnings: statuses.flatMap(({ warnings }) => warnings), summary: summaryOf(statuses, rests) }
}

/** By reference; a request with one destination needs none. */
function ownerOf(body: JsonObject, statuses: readonly DestinationStatus[]): DestinationStatus | undefined {
  const reference = referenceOf(body)
  const [only] = statuses
  return (
    statuses.find((status) => status.reference === reference) ?? (statuses.length === 1 && only?.reference === undefined ? only : undefined)
  )
}

type Owners = readonly (DestinationStatus | undefined)[]

/** The gravest where several name the same event: one that was there before and is refused is refused. */
const GRAVITY: readonly ProcessingReason['class'][] = ['config', 'reject', 'later', 'unknown', 'duplicate']
const isGraver = (reason: string, than: string | undefined): boolean =>
  than === undefined || GRAVITY.indexOf(classOf(reason)) < GRAVITY.indexOf(classOf(than))

/** A position that lies outside the request, or at another destination, names nobody. */
function reasonsByEvent(statuses: readonly DestinationStatus[], owners: Owners): ReadonlyMap<number, string> {
  const named = new Map<number, string>()
  for (const status of statuses) {
    for (const { reason, indices } of status.errors) {
      for (const index of indices) if (owners[index] === status && isGraver(reason, named.get(index))) named.set(index, reason)
    }
  }
  return named
}

/** What becomes of a destination's events that no position names. */
type Rest =
  | { readonly kind: 'reason'; readonly reason: string }
  /** `unnamed` of them were refused, nobody knows which. */
  | { readonly kind: 'accepted'; readonly unnamed: number }

function restOf(status: DestinationStatus, owners: Owners, sent: readonly JsonObject[], named: ReadonlyMap<number, string>): Rest {
  const open = sent.filter((_body, index) => owners[index] === status && !named.has(index))
  if (open.length === 0 || status.state === 'SUCCESS') return { kind: 'accepted', unnamed: 0 }
  const vague = status.errors.filter(({ count, indices }) => count > indices.filter((index) => owners[index] === status).length)
  if (status.state === 'FAILED')
    return { kind: 'reason', reason: commonReason((vague.length > 0 ? vague : status.errors).map(({ reason }) => reason)) }
  const refused = vague.filter(({ reason }) => classOf(reason) !== 'duplicate')
  if (refused.length === 0 && status.errors.length > 0) return { kind: 'accepted', unnamed: 0 }
  const reason = commonReason(refused.map((each) => each.reason))
  if (classOf(reason) === 'later' && open.every(hasTransactionId)) return { kind: 'reason', reason }
  const unnamed = refused.reduce((sum, { count, indices }) => sum + count - indices.length, 0)
  return { kind: 'accepted', unnamed: Math.min(open.length, Math.max(1, unnamed)) }
}

/** The first of them where all mean the same, else what nobody knows. */
function commonReason(reasons: readonly string[]): string {
  const [first] = reasons
  return first !== undefined && reasons.every((reason) => classOf(reason) === classOf(first)) ? first : UNKNOWN
}

const hasTransactionId = (body: JsonObject): boolean => typeof body['transactionId'] === 'string' && body['transactionId'] !== ''

interface Place {
  readonly body: JsonObject
  readonly sent: readonly JsonObject[]
  readonly index: number
  readonly now: EpochMs
}

function outcomeOf(reason: string, { body, sent, index, now }: Place): EventOutcome {
  const { class: kind, laterHours = 1, advice } = meaningOf(reason)
  const because = `(${bareReason(reason)})${advice === undefined ? '' : `: ${advice}`}`
  const codes = { platformCode: reason }
  switch (kind) {
    case 'duplicate':
      if (bareReason(reason) === 'DUPLICATE_TRANSACTION_ID' && sent.some((other, at) => at !== index && isRestated(body, other))) {
        return reject({
          code: 'EVENT_REJECTED',
          message: `Google has this order with another value, and the change was lost ${because}`,
          ...codes,
        })
      }
      return delivered(undefined, 'duplicate')
    case 'reject':
      return reject({ code: 'EVENT_REJECTED', message: `Google took this event and refused it later ${because}`, ...codes })
    case 'config':
      return reject({ code: 'DESTINATION_INVALID', message: `Google refused the conversion action or account later ${because}`, ...codes })
    case 'later': {
      const message = `Google could not process this event yet: it goes again, unchanged ${because}`
      return holdUntil(now + laterHours * HOUR_MS, { code: 'DEFERRED_BY_PLATFORM', message, ...codes })
    }
    case 'unknown':
      return unknownCode(`Google refused this event later, for a reason that no table knows ${because}`, codes)
  }
}

/** The same conversion in the same request with another value or currency: only one of the two can stand. */
const isRestated = (body: JsonObject, other: JsonObject): boolean =>
  body['transactionId'] === other['transactionId'] &&
  referenceOf(body) === referenceOf(other) &&
  (body['conversionValue'] !== other['conversionValue'] || body['currency'] !== other['currency'])

function summaryOf(statuses: readonly DestinationStatus[], rests: ReadonlyMap<DestinationStatus, Rest>): VerdictSummary {
  return {
    states: statuses.map(({ state }) => state),
    reasons: statuses.flatMap(({ errors, reference }) =>
      errors.map(({ reason, count }) => ({ reason: bareReason(reason), count, destination: reference ?? '' })),
    ),
    unnamed: [...rests.values()].reduce((sum, rest) => sum + (rest.kind === 'accepted' ? rest.unnamed : 0), 0),
  }
}
