import { json } from './answer.ts'
import type { Desk, Incoming, PlatformId, Result } from './call.ts'
import type { Fields } from './fields.ts'

/**
 * The refresh step of OAuth (RFC 6749, sections 5 and 6) as Google and Snapchat have it: a form post with client_id, client_secret and
 * refresh_token. A client that begins with bad or wrong is `invalid_client` (401); a refresh token that is not good is `invalid_grant` (400).
 */
export function refresh(desk: Desk, platform: PlatformId, incoming: Incoming, form: URLSearchParams, scope: string): Result {
  if (!(incoming.header('content-type') ?? '').includes('application/x-www-form-urlencoded')) {
    return refuse(400, 'invalid_request', 'The body must be application/x-www-form-urlencoded.')
  }
  if (form.get('grant_type') !== 'refresh_token')
    return refuse(400, 'unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`)
  const missing = ['client_id', 'client_secret', 'refresh_token'].find((name) => (form.get(name) ?? '') === '')
  if (missing !== undefined) return refuse(400, 'invalid_request', `Missing required parameter: ${missing}`)
  if (['client_id', 'client_secret'].some((name) => /^(?:bad|wrong)/.test(form.get(name) ?? ''))) {
    return refuse(401, 'invalid_client', 'The OAuth client was not found.')
  }
  const refreshToken = form.get('refresh_token') ?? ''
  if (desk.judgeToken(platform, refreshToken) !== 'good') return refuse(400, 'invalid_grant', 'Token has been expired or revoked.')
  return { answer: json(200, grant(desk, platform, refreshToken, scope)), bookings: [] }
}

function refuse(status: number, error: string, description: string): Result {
  return { answer: json(status, { error, error_description: description }) }
}

/** Without rotation the answer carries no refresh token, and the client keeps the one it has. */
function grant(desk: Desk, platform: PlatformId, refreshToken: string, scope: string): Fields {
  const isRotated = desk.settings(platform).rotate_refresh_token
  const next = isRotated ? desk.rotateRefreshToken(platform, refreshToken) : refreshToken
  const { accessToken, lifetimeS } = desk.issueToken(platform, next)
  const rotated = isRotated ? { refresh_token: next } : {}
  return { access_token: accessToken, expires_in: lifetimeS, scope, token_type: 'Bearer', ...rotated }
}
