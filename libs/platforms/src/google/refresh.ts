import type { ErrorDetail } from '@relay/core/errors'
import type { JsonObject } from '@relay/core/json'
import type { Account, Http, HttpAnswer, RefreshResult } from '../contract.ts'
import { parseJsonBody } from '../verdict.ts'
import { TOKEN_URL } from './api.ts'
import type { GoogleCredentials } from './credentials.ts'

/** Answers of the token endpoint that no repetition cures (RFC 6749 section 5.2; https://developers.google.com/identity/protocols/oauth2, read 2026-11-24). */
const DEAD_GRANTS: Readonly<Record<string, string>> = {
  invalid_grant: 'The refresh token is dead: revoked, unused for long, or replaced by newer ones. Consent again',
  invalid_client: 'Google does not know the OAuth client, or its secret is wrong',
  unauthorized_client: 'The OAuth client may not use this refresh token',
  deleted_client: 'The OAuth client was deleted',
}

/** Where the answer names no lifetime; tokens live an hour, and 59 minutes are what they are used for. */
const DEFAULT_LIFETIME_MS = 59 * 60_000

/** A refreshed token with what the grant covers, where the answer says so. */
export type GoogleGrant =
  | Ungranted
  | (Extract<RefreshResult, { readonly kind: 'refreshed' }> & { readonly scopes: readonly string[] | undefined })

type Ungranted = Exclude<RefreshResult, { readonly kind: 'refreshed' }>

const unavailable = (message: string, platformCode?: string): Ungranted => {
  const error: ErrorDetail & { readonly code: 'ACCESS_TOKEN_EXPIRED' } = {
    code: 'ACCESS_TOKEN_EXPIRED',
    message,
    ...(platformCode === undefined ? {} : { platformCode }),
  }
  return { kind: 'unavailable', error }
}

type DeadGrant = ErrorDetail & { readonly code: 'CREDENTIALS_EXPIRED' }

/** What a body of the token endpoint says of a grant or a client that is gone for good; undefined for everything else. */
export function deadGrantOf(body: JsonObject | undefined): DeadGrant | undefined {
  const error = body?.['error']
  if (typeof error !== 'string' || !Object.hasOwn(DEAD_GRANTS, error)) return undefined
  return { code: 'CREDENTIALS_EXPIRED', message: DEAD_GRANTS[error]!, platformCode: error }
}

function readToken(answer: HttpAnswer): GoogleGrant {
  if (answer.kind === 'fault') return unavailable(`Google's token server could not be asked: ${answer.error.message}`)
  const body = parseJsonBody(answer.body)
  // The word decides, not the status: a dead grant comes as a 400, which elsewhere is a bad request.
  const dead = deadGrantOf(body)
  if (dead !== undefined) return { kind: 'dead', error: dead }
  const error = body?.['error']
  if (typeof error === 'string') return unavailable("Google's token server refused for now", error)
  const accessToken = body?.['access_token']
  if (answer.status !== 200 || typeof accessToken !== 'string' || accessToken === '') {
    return unavailable(`Google's token server answered ${answer.status} without a token`)
  }
  const seconds = body?.['expires_in']
  const rotated = body?.['refresh_token']
  const scope = body?.['scope']
  return {
    kind: 'refreshed',
    accessToken,
    expiresInMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : DEFAULT_LIFETIME_MS,
    scopes: typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : undefined,
    ...(typeof rotated === 'string' && rotated !== '' ? { rotatedRefreshToken: rotated } : {}),
  }
}

/** A new access token for the refresh token. Normally Google gives no new refresh token, and the stored one stays. */
export async function refreshToken(on: Account<GoogleCredentials>, http: Http): Promise<GoogleGrant> {
  const { client_id, client_secret, refresh_token } = on.credentials
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id, client_secret, refresh_token })
  const answer = await http.send({
    method: 'POST',
    url: on.tokenUrl ?? TOKEN_URL,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  return readToken(answer)
}
