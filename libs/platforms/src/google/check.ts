import type { Account, ApiReach, CheckReport, Http } from '../contract.ts'
import { checkUpload } from './ads/check.ts'
import { checkIngest } from './check-ingest.ts'
import { refusal } from './check-report.ts'
import type { GoogleCredentials } from './credentials.ts'
import { refreshToken } from './refresh.ts'

type Api = ApiReach['api']

/** What each API is, the scope its calls need, and the calls that prove it. */
const APIS = {
  data_manager: { scope: 'https://www.googleapis.com/auth/datamanager', check: checkIngest },
  ads: { scope: 'https://www.googleapis.com/auth/adwords', check: checkUpload },
} as const

/**
 * Proves the grant by a refresh, then that the connection's API takes its conversions, by calls that record nothing. `apis` tells of the other
 * API too, as far as the grant covers it.
 */
export async function check(on: Account<GoogleCredentials>, http: Http): Promise<CheckReport> {
  const own: Api = on.settings.api ?? 'data_manager'
  if (own === 'ads' && on.credentials.developer_token === undefined) {
    return refusal('The Google Ads API needs a developer token', 'DEVELOPER_TOKEN_MISSING', 'is missing', 'credentials.developer_token')
  }
  const token = await refreshToken(on, http)
  if (token.kind === 'unavailable') return { verdict: 'unverified', why: token.error.message }
  if (token.kind === 'dead') {
    const code = token.error.platformCode ?? ''
    return refusal('Authentication failed with Google API', code, token.error.message, fieldOfGrant(code))
  }
  const report = await APIS[own].check(on, token.accessToken, http)
  if (report.verdict === 'unverified') return report
  const other: Api = own === 'ads' ? 'data_manager' : 'ads'
  return { ...report, apis: [reachOf(own, report), await askOther(other, on, token, http)] }
}

const fieldOfGrant = (code: string): string => {
  if (code === 'invalid_grant') return 'credentials.refresh_token'
  return code === 'invalid_client' ? 'credentials.client_secret' : 'credentials.client_id'
}

async function askOther(
  api: Api,
  on: Account<GoogleCredentials>,
  { accessToken, scopes }: { readonly accessToken: string; readonly scopes: readonly string[] | undefined },
  http: Http,
): Promise<ApiReach> {
  const { scope } = APIS[api]
  if (scopes === undefined) return { api, usable: 'unknown', why: 'Google does not say what the grant covers' }
  if (!scopes.includes(scope)) return { api, usable: 'no', why: `The grant does not cover ${scope}` }
  return reachOf(api, await APIS[api].check({ ...on, settings: { ...on.settings, api } }, accessToken, http))
}

function reachOf(api: Api, report: CheckReport): ApiReach {
  switch (report.verdict) {
    case 'verified':
      return { api, usable: 'yes', ...(report.remark === undefined ? {} : { why: report.remark }) }
    case 'unverified':
      return { api, usable: 'unknown', why: report.why }
    case 'refused':
      return { api, usable: 'no', why: `${report.message} (${report.details.error_code ?? ''})` }
  }
}
