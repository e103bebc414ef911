import { systemClock } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import { sha256Hex } from '@relay/prepare/hash'
import type { Account, CheckReport, Http, HttpAnswer } from '../contract.ts'
import { parseJsonBody } from '../verdict.ts'
import { MAX_DESTINATIONS } from './api.ts'
import { classOfStatus } from './by-status.ts'
import { clicksOnly, fieldOfAction, refusal, unverified, type Refused } from './check-report.ts'
import type { GoogleCredentials } from './credentials.ts'
import { ingestRequest } from './encode.ts'
import { parseGoogleError, type FieldViolation, type GoogleError } from './error-body.ts'
import { googleReason } from './reasons.ts'

type Probe = { readonly kind: 'taken' } | { readonly kind: 'report'; readonly report: CheckReport; readonly reasons: readonly string[] }

const MADE_UP_ID = 'conversion-relay-check'

/** A connection that sends click ids alone works without these, so they are told and not refused (google/ads/datamanager/v1/error.proto, 33 to 35, read 2026-11-24). */
const USER_DATA_NOT_TAKEN: ReadonlySet<string> = new Set([
  'DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
  'DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS',
  'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
])

/**
 * Proves each conversion action by `validateOnly` requests of the Data Manager API, which ingest nothing: one event with a made-up click id and,
 * if that is taken, one with a hashed e-mail.
 */
export async function checkIngest(on: Account<GoogleCredentials>, accessToken: string, http: Http): Promise<CheckReport> {
  const byClick = await probe(on, accessToken, { adIdentifiers: { gclid: MADE_UP_ID } }, http)
  if (byClick.kind === 'report') return byClick.report
  const identifiers = [{ emailAddress: sha256Hex(`${MADE_UP_ID}@example.com`) }]
  const byUserData = await probe(on, accessToken, { userData: { userIdentifiers: identifiers } }, http)
  if (byUserData.kind === 'taken') return { verdict: 'verified' }
  const [reason] = byUserData.reasons
  if (reason === undefined || !byUserData.reasons.every((name) => USER_DATA_NOT_TAKEN.has(name))) return byUserData.report
  return clicksOnly(reason)
}

/** One synthetic event to every conversion action of the connection, at most 10 of them a request. */
async function probe(on: Account<GoogleCredentials>, accessToken: string, identity: JsonObject, http: Http): Promise<Probe> {
  const actions = [...new Set(Object.values(on.settings.conversion_actions ?? {}))]
  for (let from = 0; from < actions.length; from += MAX_DESTINATIONS) {
    const references = actions.slice(from, from + MAX_DESTINATIONS)
    const event = {
      destinationReferences: references,
      transactionId: MADE_UP_ID,
      eventTimestamp: new Date(systemClock()).toISOString(),
      eventSource: 'WEB',
      ...identity,
    }
    const outcome = readProbe(await http.send(ingestRequest(on, accessToken, references, [event], true)), on.settings, references)
    if (outcome.kind === 'report') return outcome
  }
  return { kind: 'taken' }
}

const unproven = (why: string, reasons: readonly string[] = []): Probe => ({ kind: 'report', report: unverified(why), reasons })

function readProbe(answer: HttpAnswer, settings: ConnectionSettings, references: readonly string[]): Probe {
  if (answer.kind === 'fault') return unproven(`Google could not be asked: ${answer.error.message}`)
  const body = parseJsonBody(answer.body)
  if (answer.status === 200 && typeof body?.['requestId'] === 'string') return { kind: 'taken' }
  const error = parseGoogleError(body)
  if (error === undefined) return unproven(`Google answered ${answer.status} without an error of its own`)
  const violations = error.violations.filter((violation) => violation.reason !== undefined)
  const reasons = violations.length > 0 ? violations.map((violation) => violation.reason!) : [error.reason ?? error.status]
  for (const [index, reason] of reasons.entries()) {
    const report = refusalOf(reason, violations[index], error, { settings, references, http: answer.status })
    if (report !== undefined) return { kind: 'report', report, reasons }
  }
  if (reasons.some((reason) => googleReason(reason)?.class === 'our-project')) {
    return unproven(`The Data Manager API cannot be called from the Cloud project of this OAuth client (${reasons.join(', ')})`, reasons)
  }
  return unproven(`Google did not take a made-up event, which proves nothing (${reasons.join(', ')})`, reasons)
}

interface Asked {
  readonly settings: ConnectionSettings
  readonly references: readonly string[]
  readonly http: number
}

/** Undefined where the reason proves nothing against the input. */
function refusalOf(reason: string, violation: FieldViolation | undefined, error: GoogleError, asked: Asked): Refused | undefined {
  const words = error.message === '' ? reason : error.message
  const accessField = asked.settings.login_account === undefined ? 'settings.operating_account' : 'settings.login_account'
  switch (googleReason(reason)?.class ?? (violation === undefined ? classOfStatus(error.status, asked.http) : undefined)) {
    case 'token-expired':
    case 'credentials':
      return refusal('Authentication failed with Google API', reason, words, 'credentials.refresh_token')
    case 'permission':
      return refusal('Google refuses access to this account', reason, words, accessField)
    case 'config':
      return refusal('Google refuses the conversion action', reason, words, fieldOfDestination(violation, asked))
    default:
      return undefined
  }
}

function fieldOfDestination(violation: FieldViolation | undefined, { settings, references }: Asked): string {
  if (violation !== undefined && /account/i.test(violation.field)) return 'settings.operating_account'
  const id = violation?.destination === undefined ? undefined : references[violation.destination]
  return fieldOfAction(id, settings)
}
