import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { ClassifyContext, HttpAnswer } from '../../contract.ts'
import {
  batchRefused,
  delivered,
  faultOutcome,
  firstStepMs,
  forAll,
  parseJsonBody,
  unknownCode,
  unreadable,
  type Answered,
  type Codes,
} from '../../verdict.ts'
import { byStatusAlone, tooLarge } from '../by-status.ts'
import { outcomeOf, type Around } from '../verdict-of.ts'
import { failureIdOf } from './failure-body.ts'
import { readRefusal } from './refusal.ts'
import { bears, blameOf, collect, type Blame } from './row-verdicts.ts'

/*
 * The answer to `uploadClickConversions` with partial failure (https://developers.google.com/google-ads/api/docs/best-practices/partial-failures,
 * read 2026-11-24): a 200 says nothing of the rows. `partialFailureError` names the ones that failed; `results` has one entry a row, in order,
 * empty for those, and is left out of a validation. Errors that are of no row come as an ordinary error, and then nothing was processed.
 */

/** One outcome per row. Rows that Google calls recorded before are delivered, as duplicates. */
export function classifyUpload(answer: HttpAnswer, sent: readonly JsonObject[], context: ClassifyContext): EventOutcome[] {
  const count = sent.length
  const { now } = context
  if (answer.kind === 'fault') return forAll(count, faultOutcome(answer, now))
  const body = answer.truncated ? undefined : parseJsonBody(answer.body)
  const stepMs = firstStepMs(context)
  if (answer.status >= 200 && answer.status < 300) {
    if (body === undefined) return forAll(count, unreadable('Google answered 200 without a body that can be read'))
    return byResults(body, sent, { answer, codes: idOf(answer), now, stepMs }, context.testEventCode !== undefined)
  }
  const refusal = readRefusal(answer.status, body)
  if (refusal === undefined) return byStatusAlone(answer, count, now, stepMs)
  return byRefusal(refusal.blames, sent, { answer, codes: { ...idOf(answer), ...refusal.codes }, now, stepMs })
}

/** Every answer has the id in a header, failures in their body too. */
const idOf = ({ headers }: Answered): Codes => {
  const id = headers['request-id']
  return id !== undefined && /^[\w-]{1,128}$/.test(id) ? { platformRequestId: id } : {}
}

/** Nothing of the request was processed: what is named bears its verdict, the rest waits for the repair or shares what is everybody's. */
function byRefusal(blames: readonly Blame[], sent: readonly JsonObject[], around: Around): EventOutcome[] {
  const count = sent.length
  const { rows, whole, unnamed } = collect(blames.map(ofRequest), sent)
  const rest = count === 1 ? (whole ?? unnamed) : whole
  return Array.from(sent, (_row, index) => {
    const blame = rows.get(index) ?? rest
    if (blame !== undefined) return bear(blame, count, around)
    return batchRefused(around.now, 'Google refused the request because of others of its events')
  })
}

/** What would fail all rows alike is about all, whichever it names; so is what nobody knows and names none. */
function ofRequest(blame: Blame): Blame {
  if (blame.reach === 'whole') return { ...blame, row: undefined }
  return blame.class === 'unknown' && blame.row === undefined ? { ...blame, reach: 'whole' } : blame
}

/** The verdict, unless it is one on the request as it was put together. */
function bear(blame: Blame, count: number, around: Around): EventOutcome {
  if (blame.class === 'split') return tooLarge(count, around.now, around.codes)[0]!
  return blame.class === 'collision' && count > 1
    ? batchRefused(around.now, 'Two rows of this request are one conversion for Google: they travel apart')
    : outcomeOf(bears(blame), around)
}

function byResults(body: JsonObject, sent: readonly JsonObject[], around: Around, isTest: boolean): EventOutcome[] {
  const count = sent.length
  const partial = body['partialFailureError'] ?? {}
  if (!isJsonObject(partial)) return forAll(count, unreadable('Google answered 200 with a failure that cannot be read'))
  const results = resultsOf(body['results'], count)
  const blames = partial['code'] === 0 ? [] : blamesOf(partial)
  if (blames.length > 0) return byRows(blames, results, sent, { ...around, codes: { ...around.codes, ...codesOf(partial) } })
  const taken = delivered(around.codes.platformRequestId)
  if (results === 'absent' && isTest) return forAll(count, taken)
  if (typeof results === 'string') return forAll(count, unreadable('Google answered 200 without one result for each event'))
  return results.map((isTaken) => (isTaken ? taken : NO_RESULT))
}

const NO_RESULT = unknownCode('Google recorded no result for this event and named no error')

/** For each row whether Google recorded it. `absent` in a validation; `odd` where they are not as many as the rows. */
function resultsOf(results: JsonValue | undefined, count: number): readonly boolean[] | 'absent' | 'odd' {
  if (results === undefined || results === null) return 'absent'
  if (!Array.isArray(results)) return 'odd'
  const list = results as readonly JsonValue[]
  if (list.length === 0 && count > 0) return 'absent'
  return list.length === count ? list.map((result) => isJsonObject(result) && Object.keys(result).length > 0) : 'odd'
}

/** What the failure says; one that says nothing readable is about no row and unknown. */
function blamesOf(partial: JsonObject): readonly Blame[] {
  const blames = blameOf(partial['details'])
  const isFailure = partial['code'] !== undefined && partial['code'] !== null
  return blames.length > 0 || !isFailure ? blames : [{ class: 'unknown', name: 'partialFailureError', reach: 'whole', row: undefined }]
}

const codesOf = (partial: JsonObject): Codes => {
  const id = failureIdOf(partial['details'])
  return id === undefined ? {} : { platformRequestId: id }
}

/**
 * Rows that errors name have their verdict. An error that names none falls on the rows that nothing shows to be recorded: if it is about them
 * all, or they are one; else they are sent again to find which it is, since those recorded by then come back as duplicates.
 */
function byRows(
  blames: readonly Blame[],
  results: readonly boolean[] | 'absent' | 'odd',
  sent: readonly JsonObject[],
  around: Around,
): EventOutcome[] {
  const count = sent.length
  const isTaken = (index: number): boolean => typeof results !== 'string' && results[index] === true
  const { rows, whole, unnamed } = collect(
    blames.map((blame) => (blame.isGuess === true && isTaken(0) ? { ...blame, row: undefined } : blame)),
    sent,
  )
  const open = [...sent.keys()].filter((index) => !rows.has(index) && !isTaken(index))
  const rest = whole ?? (open.length === 1 ? unnamed : undefined)
  return Array.from(sent, (_row, index) => {
    const blame = rows.get(index)
    if (blame !== undefined) return bear(blame, count, around)
    if (isTaken(index)) return delivered(around.codes.platformRequestId)
    if (rest !== undefined) return bear(rest, count, around)
    if (unnamed !== undefined) return batchRefused(around.now, 'Google refused some of these events without saying which')
    if (results === 'absent') return delivered(around.codes.platformRequestId)
    return results === 'odd' ? unreadable('Google answered with another number of results than events') : NO_RESULT
  })
}
