import type { Account, CheckReport, Http } from '../contract.ts'
import { parseJsonBody, quote } from '../verdict.ts'
import { USER_INFO_PATH } from './api.ts'
import { TIKTOK_CODES } from './codes.ts'
import type { TikTokCredentials } from './credentials.ts'

/** The only answers that prove a token wrong: expired, empty, wrong or revoked. An Events Manager token may get 40001 here and still send events. */
const TOKEN_IS_DEAD: ReadonlySet<number> = new Set([40_102, 40_104, 40_105])

const NOTHING_SENT = 'TikTok has no call that proves the right to send events, and a test event could count as a live one, so none was sent'

/** Asks who the token belongs to. Refused, or unverified with the reason; never verified. */
export async function check(on: Account<TikTokCredentials>, http: Http): Promise<CheckReport> {
  const answer = await http.send({
    method: 'GET',
    url: `${on.baseUrl}${USER_INFO_PATH}`,
    headers: { 'Access-Token': on.credentials.access_token },
  })
  if (answer.kind === 'fault') return { verdict: 'unverified', why: `TikTok could not be asked: ${answer.error.message}` }
  const body = parseJsonBody(answer.body)
  const code = body?.['code']
  if (code === 0) return { verdict: 'unverified', why: `The token is alive. ${NOTHING_SENT}` }
  if (typeof code !== 'number') return { verdict: 'unverified', why: `TikTok answered ${answer.status} without a code. ${NOTHING_SENT}` }
  const words = typeof body?.['message'] === 'string' ? quote(body['message'].replaceAll(on.credentials.access_token, '***')) : ''
  if (!TOKEN_IS_DEAD.has(code)) {
    return {
      verdict: 'unverified',
      why: `TikTok answered code ${code} (${TIKTOK_CODES[code]?.name ?? 'unknown'}), which proves nothing. ${NOTHING_SENT}`,
    }
  }
  return {
    verdict: 'refused',
    message: 'Authentication failed with TikTok API',
    details: { platform: 'tiktok', error_code: code, error_message: words, field: 'credentials.access_token' },
  }
}
