import { systemClock } from '@relay/core/clock'
import { sha256Hex } from '@relay/prepare/hash'
import type { Account, CheckReport, Http, HttpAnswer, RefreshResult } from '../contract.ts'
import { parseJsonBody, quote } from '../verdict.ts'
import { api } from './api.ts'
import { rowOf } from './classify.ts'
import type { SnapchatCredentials } from './credentials.ts'
import { assetRequest, tokenOf } from './encode.ts'
import { isStatsSuccess, statsRequest } from './inquire.ts'

type On = Account<SnapchatCredentials>
type Refused = Extract<CheckReport, { verdict: 'refused' }>

/** What a token lives without `expires_in` (third-party reading of the pages, 2026-11-24). */
const DEFAULT_LIFE_MS = 3_600_000
/** RFC 6749: the grant or the client is no good, and asking again won't help. */
const DEAD_GRANTS: Readonly<Record<string, string>> = {
  invalid_grant: 'credentials.refresh_token',
  invalid_client: 'credentials.client_secret',
  unauthorized_client: 'credentials.client_id',
}
const YOUNG_TOKEN = 'A token less than 24 hours old may not be active yet'

const isOAuth = (credentials: SnapchatCredentials): boolean =>
  credentials.access_token === undefined && credentials.refresh_token !== undefined

const grantErrorOf = (answer: HttpAnswer): string | undefined => {
  const error = answer.kind === 'answer' ? parseJsonBody(answer.body)?.['error'] : undefined
  return typeof error === 'string' ? error : undefined
}

/** A new access token for the refresh token; where Snapchat sends a new refresh token, that one replaces the old. */
async function runRefresh(on: On, http: Http): Promise<RefreshResult> {
  const { client_id = '', client_secret = '', refresh_token = '' } = on.credentials
  const answer = await http.send({
    method: 'POST',
    url: on.tokenUrl ?? api.tokenUrl ?? '',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id, client_secret }).toString(),
  })
  const body = answer.kind === 'answer' ? parseJsonBody(answer.body) : undefined
  const accessToken = body?.['access_token']
  if (answer.kind === 'answer' && answer.status === 200 && typeof accessToken === 'string' && accessToken !== '') {
    const lifeMs = Number(body?.['expires_in'] ?? Number.NaN) * 1000
    const rotated = body?.['refresh_token']
    return {
      kind: 'refreshed',
      accessToken,
      expiresInMs: lifeMs > 0 ? lifeMs : DEFAULT_LIFE_MS,
      ...(typeof rotated === 'string' && rotated !== '' ? { rotatedRefreshToken: rotated } : {}),
    }
  }
  const error = grantErrorOf(answer)
  if (error !== undefined && Object.hasOwn(DEAD_GRANTS, error)) {
    return {
      kind: 'dead',
      error: { code: 'CREDENTIALS_EXPIRED', message: 'Platform credentials have expired or been revoked', platformCode: error },
    }
  }
  const found = answer.kind === 'fault' ? 'could not be reached' : `answered ${answer.status}`
  return {
    kind: 'unavailable',
    error: {
      code: 'ACCESS_TOKEN_EXPIRED',
      message: `Snapchat's token server ${found}`,
      ...(error === undefined ? {} : { platformCode: quote(error) }),
    },
  }
}

export const refresh = { appliesTo: isOAuth, run: runRefresh } as const

/** Snapchat may repeat the token that it complains of, so that is taken out of its words. */
const refused = (answer: HttpAnswer, on: On, field: string, hint: string): Refused => {
  const body = answer.kind === 'answer' ? parseJsonBody(answer.body) : undefined
  const reason = typeof body?.['reason'] === 'string' ? quote(body['reason'].replaceAll(tokenOf(on), '***')) : 'no reason given'
  return {
    verdict: 'refused',
    message: `Authentication failed with Snapchat API. ${hint}`,
    details: { platform: 'snapchat', error_code: answer.kind === 'answer' ? answer.status : null, error_message: reason, field },
  }
}

const tokenField = (on: On): string => (isOAuth(on.credentials) ? 'credentials.refresh_token' : 'credentials.access_token')
const assetField = (on: On): string => (on.settings.pixel_id === undefined ? 'settings.event_source_id' : 'settings.pixel_id')

/** An event that can't be anyone's: the hash of an address that is reserved for examples. */
const syntheticEvent = (): Parameters<typeof assetRequest>[2] => ({
  data: [
    {
      event_name: 'PAGE_VIEW',
      event_time: Math.floor(systemClock() / 1000),
      action_source: 'WEB',
      event_id: 'relay-credentials-check',
      event_source_url: 'https://example.com/',
      user_data: { em: [sha256Hex('check@example.com')] },
    },
  ],
})

/** Nothing readable, a 429 or a fault of the platform's own says nothing about the credentials. */
const isConclusive = (answer: HttpAnswer): boolean =>
  answer.kind === 'answer' && answer.status < 500 && answer.status !== 429 && parseJsonBody(answer.body) !== undefined

async function checkWithToken(on: On, http: Http): Promise<CheckReport> {
  const stats = await http.send(statsRequest(on))
  if (!isStatsSuccess(stats)) {
    if (!isConclusive(stats))
      return {
        verdict: 'unverified',
        why: stats.kind === 'fault' ? 'Snapchat could not be reached' : `Snapchat answered ${stats.status} to the check`,
      }
    const isAsset = stats.kind === 'answer' && rowOf(stats)?.class === 'destination'
    return refused(stats, on, isAsset ? assetField(on) : tokenField(on), YOUNG_TOKEN)
  }
  const written = await http.send(assetRequest(on, 'events/validate', syntheticEvent()))
  if (written.kind === 'answer' && rowOf(written)?.class === 'delivered') return { verdict: 'verified' }
  const writtenClass = written.kind === 'answer' ? rowOf(written)?.class : undefined
  if (writtenClass === 'credentials' || writtenClass === 'permission') return refused(written, on, tokenField(on), YOUNG_TOKEN)
  if (writtenClass === 'destination')
    return refused(written, on, assetField(on), 'The token is of another organisation, or there is no such asset')
  return { verdict: 'unverified', why: 'The token may read this asset; whether it may write there Snapchat did not confirm' }
}

/** Reads the asset's counters, then lets the validator judge an event that it does not record. Never a conversion; leaves a line in the test log. */
export async function check(on: On, http: Http): Promise<CheckReport> {
  if (!isOAuth(on.credentials) || on.accessToken !== undefined) return checkWithToken(on, http)
  const token = await runRefresh(on, http)
  if (token.kind === 'refreshed') return checkWithToken({ ...on, accessToken: token.accessToken }, http)
  if (token.kind === 'unavailable') return { verdict: 'unverified', why: token.error.message }
  const grant = token.error.platformCode ?? ''
  return {
    verdict: 'refused',
    message: 'Authentication failed with Snapchat API',
    details: {
      platform: 'snapchat',
      error_code: grant,
      error_message: `The token server answered ${grant}`,
      field: DEAD_GRANTS[grant] ?? 'credentials.refresh_token',
    },
  }
}
