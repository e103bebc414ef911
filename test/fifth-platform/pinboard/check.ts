import type { PlatformId } from '@relay/core/ids'
import type { Account, CheckReport, Http } from '@relay/platforms/contract'
import { parseJsonBody } from '@relay/platforms/verdict'
import type { PinboardCredentials } from './credentials.ts'

/** Reads the account: a token that may read it may write events there. Sends none. */
export async function check(on: Account<PinboardCredentials>, http: Http): Promise<CheckReport> {
  const answer = await http.send({
    method: 'GET',
    url: `${on.baseUrl}/v5/ad_accounts/${encodeURIComponent(on.settings.pixel_id ?? '')}`,
    headers: { authorization: `Bearer ${on.credentials.access_token}` },
  })
  if (answer.kind === 'fault') return { verdict: 'unverified', why: `Pinboard could not be asked: ${answer.error.message}` }
  const body = parseJsonBody(answer.body)
  if (answer.status === 200 && typeof body?.['id'] === 'string') return { verdict: 'verified' }
  const code = body?.['code']
  if (code !== 2 && code !== 50) return { verdict: 'unverified', why: `Pinboard answered ${answer.status}, which proves nothing` }
  const field = code === 2 ? 'credentials.access_token' : 'settings.pixel_id'
  const words = code === 2 ? 'the token is not valid' : 'there is no such ad account'
  // Without the assertion, once it stands in PLATFORM_DEFAULTS.
  const platform = 'pinboard' as PlatformId
  return {
    verdict: 'refused',
    message: 'Authentication failed with Pinboard API',
    details: { platform, error_code: code, error_message: words, field },
  }
}
