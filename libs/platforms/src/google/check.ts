import { systemClock } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import { sha256Hex } from '@relay/prepare/hash'
import type { Account, CheckReport, Http, HttpAnswer } from '../contract.ts'
import { parseJsonBody, quote } from '../verdict.ts'
import { MAX_DESTINATIONS } from './api.ts'
import type { GoogleCredentials } from './credentials.ts'
import { ingestRequest } from './encode.ts'
import { parseGoogleError, type FieldViolation, type GoogleError } from './error-body.ts'
import { GOOGLE_REASONS } from './reasons.ts'
import { refreshToken } from './refresh.ts'

type Refused = Extract<CheckReport, { readonly verdict: 'refused' }>
type Probe = { readonly kind: 'taken' } | { readonly kind: 'report'; readonly report: CheckReport; readonly reasons: readonly string[] }

const MADE_UP_ID = 'conversion-relay-check'

/** A connection that sends click ids alone works without these, so they are told and not refused (google/ads/datamanager/v1/error.proto, 33 to 35, read 2026-11-24). */
const USER_DATA_NOT_TAKEN: ReadonlySet<string> = new Set([
  'DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
  'DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS',
  'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
])

const refusal = (message: string, code: string, words: string, field: string): Refused => ({
  verdict: 'refused',
  message,
  details: { platform: 'google', error_code: code, error_message: quote(words), field },
})

/**
 * Proves the grant by a refresh, then each conversion action by `validateOnly` requests, which ingest nothing: one event with a made-up
 * click id and, if that is taken, one with a hashed e-mail.
 */
export async function check(on: Account<GoogleCredentials>, http: Http): Promise<CheckReport> {
  const token = await refreshToken(on, http)
  if (token.kind === 'unavailable') return { verdict: 'unverified', why: token.error.message }
  if (token.kind === 'dead') {
    const code = token.error.platformCode ?? ''
    return refusal('Authentication failed with Google API', code, token.error.message, fieldOfGrant(code))
  }
  const byClick = await probe(on, token.accessToken, { adIdentifiers: { gclid: MADE_UP_ID } }, http)
  if (byClick.kind === 'report') return byClick.report
  const identifiers = [{ emailAddress: sha256Hex(`${MADE_UP_ID}@example.com`) }]
  const byUserData = await probe(on, token.accessToken, { userData: { userIdentifiers: identifiers } }, http)
  if (byUserData.kind === 'taken') return { verdict: 'verified' }
  const [reason] = byUserData.reasons
  if (reason === undefined || !byUserData.reasons.every((name) => USER_DATA_NOT_TAKEN.has(name))) return byUserData.report
  return {
    verdict: 'verified',
    remark: `Only events with a click id will be taken until enhanced conversions are turned on, with their terms, in Google Ads (${reason})`,
  }
}

const fieldOfGrant = (code: string): string => {
  if (code === 'invalid_grant') return 'credentials.refresh_token'
  return code === 'invalid_client' ? 'credentials.client_secret' : 'credentials.client_id'
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

const unverified = (why: string, reasons: readonly string[] = []): Probe => ({
  kind: 'report',
  report: { verdict: 'unverified', why },
  reasons,
})

function readProbe(answer: HttpAnswer, settings: ConnectionSettings, references: readonly string[]): Probe {
  if (answer.kind === 'fault') return unverified(`Google could not be asked: ${answer.error.message}`)
  const body = parseJsonBody(answer.body)
  if (answer.status === 200 && typeof body?.['requestId'] === 'string') return { kind: 'taken' }
  const error = parseGoogleError(body)
  if (error === undefined) return unverified(`Google answered ${answer.status} without an error of its own`)
  const violations = error.violations.filter((violation) => violation.reason !== undefined)
  const reasons = violations.length > 0 ? violations.map((violation) => violation.reason!) : [error.reason ?? error.status]
  for (const [index, reason] of reasons.entries()) {
    const report = refusalOf(reason, violations[index], error, settings, references)
    if (report !== undefined) return { kind: 'report', report, reasons }
  }
  if (reasons.some((reason) => GOOGLE_REASONS[reason]?.class === 'our-project')) {
    return unverified(`The Data Manager API cannot be called from the Cloud project of this OAuth client (${reasons.join(', ')})`, reasons)
  }
  return unverified(`Google did not take a made-up event, which proves nothing (${reasons.join(', ')})`, reasons)
}

const STATUS_CLASS: Readonly<Record<string, 'token-expired' | 'permission' | 'config'>> = {
  UNAUTHENTICATED: 'token-expired',
  PERMISSION_DENIED: 'permission',
  NOT_FOUND: 'config',
}

/** Undefined where the reason proves nothing against the input. */
function refusalOf(
  reason: string,
  violation: FieldViolation | undefined,
  error: GoogleError,
  settings: ConnectionSettings,
  references: readonly string[],
): Refused | undefined {
  const words = error.message === '' ? reason : error.message
  const accessField = settings.login_account === undefined ? 'settings.operating_account' : 'settings.login_account'
  switch (GOOGLE_REASONS[reason]?.class ?? (violation === undefined ? STATUS_CLASS[error.status] : undefined)) {
    case 'token-expired':
    case 'credentials':
      return refusal('Authentication failed with Google API', reason, words, 'credentials.refresh_token')
    case 'permission':
      return refusal('Google refuses access to this account', reason, words, accessField)
    case 'config':
      return refusal('Google refuses the conversion action', reason, words, fieldOfDestination(violation, settings, references))
    default:
      return undefined
  }
}

function fieldOfDestination(violation: FieldViolation | undefined, settings: ConnectionSettings, references: readonly string[]): string {
  if (violation !== undefined && /account/i.test(violation.field)) return 'settings.operating_account'
  const id = violation?.destination === undefined ? undefined : references[violation.destination]
  const name = Object.entries(settings.conversion_actions ?? {}).find(([, action]) => action === id)?.[0]
  return name === undefined ? 'settings.conversion_actions' : `settings.conversion_actions.${name}`
}
