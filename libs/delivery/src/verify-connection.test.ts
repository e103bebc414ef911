import type { ConnectionId } from '@relay/core/ids'
import type { Account, CheckReport, HttpAnswer, Platform, RefreshResult } from '@relay/platforms/contract'
import { PLATFORMS } from '@relay/platforms/registry'
import { expect, test } from 'vitest'
import { verifyConnection } from './verify-connection.ts'

const account: Account = {
  connectionId: 'con_1' as ConnectionId,
  settings: {},
  credentials: { client_id: 'c', client_secret: 's', refresh_token: 'old' },
  baseUrl: 'http://platform.example',
  credentialsSavedAt: 0,
}
const http = (answer: HttpAnswer) => ({ send: () => Promise.resolve(answer) })
const answer = (status: number): HttpAnswer => ({ kind: 'answer', status, headers: {}, body: '', truncated: false })
const fault: HttpAnswer = { kind: 'fault', error: { code: 'NETWORK_ERROR', message: 'refused the connection' }, maybeTaken: false }

const REFUSED: CheckReport = {
  verdict: 'refused',
  message: 'Authentication failed with Meta API',
  details: { platform: 'meta', error_code: 190, error_message: 'Invalid OAuth 2.0 Access Token', field: 'credentials.access_token' },
}

/** A platform that makes one call and reports this. */
const platform = (report: CheckReport, refreshed?: RefreshResult): Platform => ({
  ...PLATFORMS.google,
  async check(on, client) {
    await client.send({ method: 'GET', url: on.baseUrl, headers: {} })
    return report
  },
  refresh: { appliesTo: () => refreshed !== undefined, run: () => Promise.resolve(refreshed!) },
})

test('what the platform proves is verified', async () => {
  expect(await verifyConnection(platform({ verdict: 'verified' }), account, http(answer(200)))).toMatchObject({
    verdict: 'verified',
    why: null,
  })
})

test('what the platform refuses is refused, with its report', async () => {
  expect(await verifyConnection(platform(REFUSED), account, http(answer(401)))).toMatchObject({ verdict: 'refused', report: REFUSED })
})

test.each([fault, answer(503), answer(429)])('an ill platform proves nothing, so nothing may be saved for it: %j', async (trouble) => {
  const verification = await verifyConnection(platform({ verdict: 'unverified', why: 'could not be asked' }), account, http(trouble))
  expect(verification.verdict).toBe('unreachable')
})

test('a check that proves a part is unverified and says why', async () => {
  const verification = await verifyConnection(platform({ verdict: 'unverified', why: 'the token is alive' }), account, http(answer(200)))
  expect(verification).toMatchObject({ verdict: 'unverified', why: 'the token is alive' })
})

const dead = (platformCode: string): RefreshResult => ({
  kind: 'dead',
  error: { code: 'CREDENTIALS_EXPIRED', message: 'dead', platformCode },
})

/** Which field a grant that died with this OAuth code is refused at. */
const fieldOf = async (code: string) => {
  const verification = await verifyConnection(platform({ verdict: 'verified' }, dead(code)), account, http(answer(200)))
  return verification.verdict === 'refused' ? verification.report.details.field : verification.verdict
}

test('a dead grant is refused at the refresh token, a wrong client at its secret', async () => {
  expect(await fieldOf('invalid_grant')).toBe('credentials.refresh_token')
  expect(await fieldOf('invalid_client')).toBe('credentials.client_secret')
})

test('an ill token server is no verdict', async () => {
  const refreshed: RefreshResult = { kind: 'unavailable', error: { code: 'ACCESS_TOKEN_EXPIRED', message: 'token server answered 500' } }
  expect(await verifyConnection(platform({ verdict: 'verified' }, refreshed), account, http(answer(200)))).toMatchObject({
    verdict: 'unreachable',
  })
})

test('a refresh token that was replaced while checking is the one to keep, also where the check then refuses', async () => {
  const refreshed: RefreshResult = { kind: 'refreshed', accessToken: 'a', expiresInMs: 1_000, rotatedRefreshToken: 'new' }
  for (const report of [{ verdict: 'verified' } as const, REFUSED]) {
    const verification = await verifyConnection(platform(report, refreshed), account, http(answer(200)))
    expect(verification.credentials).toEqual({ client_id: 'c', client_secret: 's', refresh_token: 'new' })
  }
})

test('which of several APIs the account can use is told on, and trouble with the other one does not hide a refusal', async () => {
  const apis = [
    { api: 'data_manager', usable: 'yes' },
    { api: 'ads', usable: 'unknown', why: 'it answered 503' },
  ] as const
  const verified = await verifyConnection(platform({ verdict: 'verified', apis }), account, http(answer(503)))
  expect(verified).toMatchObject({ verdict: 'verified', apis })
  expect(await verifyConnection(platform({ verdict: 'unverified', why: 'half', apis }), account, http(answer(200)))).toMatchObject({ apis })
  expect(await verifyConnection(platform({ ...REFUSED, apis }), account, http(answer(503)))).toMatchObject({
    verdict: 'refused',
    report: { apis },
  })
})
