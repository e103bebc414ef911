import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { Account, Http, HttpAnswer, Platform } from '../contract.ts'
import { parseJsonBody, type Answered } from '../verdict.ts'
import { FOUND_INVALID, rowOf } from './classify.ts'
import type { SnapchatCredentials } from './credentials.ts'
import { assetRequest } from './encode.ts'

type On = Account<SnapchatCredentials>

export const statsRequest = (on: On): ReturnType<typeof assetRequest> => assetRequest(on, 'events/validate/stats')

const bodyStatusOf = (answer: HttpAnswer): string | undefined => {
  const status = answer.kind === 'answer' ? parseJsonBody(answer.body)?.['status'] : undefined
  return typeof status === 'string' ? status : undefined
}

export const isStatsSuccess = (answer: HttpAnswer): boolean =>
  answer.kind === 'answer' && answer.status === 200 && bodyStatusOf(answer) === 'SUCCESS'

const isInvalidLog = (log: JsonValue): log is JsonObject => isJsonObject(log) && log['status'] === 'INVALID'

/** Positions, from 0, of the events that a validator's answer calls invalid. Its logs count from 1 (second-hand, read 2026-11-24); one log per event tells by its place. */
export function invalidPositions(answer: HttpAnswer, count: number): readonly number[] {
  const body = answer.kind === 'answer' ? parseJsonBody(answer.body) : undefined
  const logs = body?.['event_logs']
  if (!Array.isArray(logs)) return []
  const list = logs as readonly JsonValue[]
  const positions = list.flatMap((log, place) => {
    if (!isInvalidLog(log)) return []
    return [list.length === count ? place : Number(log['event']) - 1]
  })
  return [...new Set(positions)].filter((position) => Number.isInteger(position) && position >= 0 && position < count)
}

/** What stats said, in the form in which the API refuses a token, whatever form it had: any readable refusal there is one. */
const asCredentialsAnswer = (stats: Answered, status: 401 | 403): Answered => ({
  ...stats,
  status,
  body: JSON.stringify({ status: 'FAILURE', ...parseJsonBody(stats.body) }),
})

/** What stats says of the token in place of an INVALID that names no event: undefined where it is fine. */
async function blameCredentials(on: On, http: Http): Promise<HttpAnswer | undefined> {
  const stats = await http.send(statsRequest(on))
  if (isStatsSuccess(stats)) return undefined
  // Nothing was taken of the refused request, whatever became of the question.
  if (stats.kind === 'fault') return { ...stats, maybeTaken: false }
  const isReadable = parseJsonBody(stats.body) !== undefined && stats.status !== 429 && stats.status < 500
  if (!isReadable) return stats.status === 200 ? { ...stats, status: 502 } : stats
  return asCredentialsAnswer(stats, 401)
}

/**
 * What an INVALID leaves open, settled by calls without side effects.
 *  1. It names no event: `validate/stats` first, since a bad token was seen to arrive as a 400. A readable refusal there: credentials;
 *     nothing readable: try again later.
 *  2. It names an index whose base is unconfirmed: the two candidates alone go to the validator.
 *  3. It names none, or the candidates are clean: the same events go to the validator, and its logs name the bad ones.
 * A bare 401 or 403, perhaps a gateway's, is put to `validate/stats` too; refused there with JSON, it is the credentials.
 */
export const inquire: NonNullable<Platform<SnapchatCredentials>['inquire']> = async (answer, sent, on, http) => {
  if (answer.kind === 'fault') return answer
  const row = rowOf(answer)
  if (row === undefined && (answer.status === 401 || answer.status === 403)) {
    const stats = await http.send(statsRequest(on))
    const isRefused =
      stats.kind === 'answer' &&
      parseJsonBody(stats.body) !== undefined &&
      stats.status < 500 &&
      stats.status !== 429 &&
      !isStatsSuccess(stats)
    return isRefused ? asCredentialsAnswer(stats, answer.status) : answer
  }
  if (row?.class !== 'invalid') return answer
  const body = parseJsonBody(answer.body) ?? {}
  const index = body['event']
  if (typeof index !== 'number') {
    const blamed = await blameCredentials(on, http)
    if (blamed !== undefined) return blamed
  }
  if (sent.length === 1) return answer
  const found = typeof index === 'number' ? await validateCandidates(index, sent, on, http) : []
  const positions = found.length > 0 ? found : invalidPositions(await validate(sent, on, http), sent.length)
  return { ...answer, body: JSON.stringify({ ...body, [FOUND_INVALID]: positions }), truncated: false }
}

const validate = (events: readonly JsonObject[], on: On, http: Http): Promise<HttpAnswer> =>
  http.send(assetRequest(on, 'events/validate', { data: events }))

/** The event at the index counted from 1 and the one counted from 0, in one request. */
async function validateCandidates(index: number, sent: readonly JsonObject[], on: On, http: Http): Promise<readonly number[]> {
  const candidates = [index - 1, index].filter((position) => sent[position] !== undefined)
  if (candidates.length === 0) return []
  const answer = await validate(
    candidates.map((position) => sent[position]!),
    on,
    http,
  )
  const isAloneRefused = candidates.length === 1 && bodyStatusOf(answer) === 'INVALID'
  if (isAloneRefused) return candidates
  return invalidPositions(answer, candidates.length).map((position) => candidates[position]!)
}
