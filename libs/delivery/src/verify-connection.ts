import type { ErrorDetail } from '@relay/core/errors'
import { isJsonObject } from '@relay/core/json'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import type { Account, ApiReach, CheckReport, Http, HttpAnswer, Platform } from '@relay/platforms/contract'

/**
 * What a real call says of credentials. `unreachable` is no verdict on them: the platform did not answer, so nothing may be saved on the strength
 * of it. `credentials` are those to keep: where the platform gave out a new refresh token while checking, the old one is dead already. `apis` only where
 * the platform has several, the connection's own one first.
 */
export type Verification =
  | {
      readonly verdict: 'verified' | 'unverified'
      readonly why: string | null
      readonly apis?: readonly ApiReach[]
      readonly credentials: unknown
    }
  | { readonly verdict: 'refused'; readonly report: Extract<CheckReport, { verdict: 'refused' }>; readonly credentials: unknown }
  | { readonly verdict: 'unreachable'; readonly message: string; readonly credentials: unknown }

/**
 * Checks before anything is saved: an access token first, where the platform has them, then its cheap call that proves the right to write.
 * Sends no event. Never throws for what the platform answers.
 */
export async function verifyConnection(platform: Platform, account: Account, http: Http): Promise<Verification> {
  const witness = createWitness(http)
  const { refresh } = platform
  if (refresh === undefined || !refresh.appliesTo(account.credentials)) return judge(platform, account, witness)

  const refreshed = await refresh.run(account, witness.http)
  if (refreshed.kind === 'unavailable')
    return { verdict: 'unreachable', message: refreshed.error.message, credentials: account.credentials }
  if (refreshed.kind === 'dead')
    return { verdict: 'refused', report: deadGrant(platform, refreshed.error), credentials: account.credentials }
  const credentials = withRefreshToken(account.credentials, refreshed.rotatedRefreshToken)
  return judge(platform, { ...account, credentials, accessToken: refreshed.accessToken }, witness)
}

async function judge(platform: Platform, account: Account, witness: Witness): Promise<Verification> {
  const report = await platform.check(account, witness.http)
  const { credentials } = account
  const apis = report.apis === undefined ? {} : { apis: report.apis }
  if (report.verdict === 'verified') return { verdict: 'verified', why: report.remark ?? null, ...apis, credentials }
  // With `apis` the refusal stood before the platform's other API was asked, whose trouble is not this one's.
  const trouble = report.verdict === 'refused' && report.apis !== undefined ? undefined : witness.trouble()
  if (trouble !== undefined) return { verdict: 'unreachable', message: trouble, credentials }
  return report.verdict === 'unverified'
    ? { verdict: 'unverified', why: report.why, ...apis, credentials }
    : { verdict: 'refused', report, credentials }
}

interface Witness {
  readonly http: Http
  /** Why the last answer says nothing of the credentials; undefined where it does. */
  trouble(): string | undefined
}

function createWitness(http: Http): Witness {
  let last: HttpAnswer | undefined
  return {
    http: {
      async send(request) {
        last = await http.send(request)
        return last
      },
    },
    trouble() {
      if (last === undefined) return undefined
      if (last.kind === 'fault') return last.error.message
      return last.status >= 500 || last.status === 429 ? `The platform answered ${last.status}` : undefined
    },
  }
}

/** RFC 6749 section 5.2: `invalid_client` is about the client and its secret, anything else about the grant. */
function deadGrant(platform: Platform, error: ErrorDetail): Extract<CheckReport, { verdict: 'refused' }> {
  const isClientWrong = error.platformCode === 'invalid_client' || error.platformCode === 'unauthorized_client'
  return {
    verdict: 'refused',
    message: `Authentication failed with ${PLATFORM_DEFAULTS[platform.id].name} API`,
    details: {
      platform: platform.id,
      error_code: error.platformCode ?? null,
      error_message: error.message,
      field: isClientWrong ? 'credentials.client_secret' : 'credentials.refresh_token',
    },
  }
}

const withRefreshToken = (credentials: unknown, rotated: string | undefined): unknown =>
  rotated === undefined || !isJsonObject(credentials) ? credentials : { ...credentials, refresh_token: rotated }
