import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { Account, CheckReport, Http, HttpAnswer, HttpRequest, Platform } from '../contract.ts'
import { parseJsonBody, quote } from '../verdict.ts'
import { VERSION } from './api.ts'
import { classOf, errorOf, type MetaError } from './classify.ts'
import type { MetaCredentials } from './credentials.ts'

/** The scope of a token made in Events Manager; only its targets may be judged by, those of other scopes name other objects. */
const DATASET_SCOPE = 'read_ads_dataset_quality'
const REMARK = 'Meta knows the token and shows it this dataset; that it may write there only a real event would prove'

type On = Account<MetaCredentials>

const getRequest = (on: On, path: string, redactedPath = path): HttpRequest => ({
  method: 'GET',
  url: `${on.baseUrl}/${VERSION.value}/${path}`,
  redactedUrl: `${on.baseUrl}/${VERSION.value}/${redactedPath}`,
  headers: { authorization: `Bearer ${on.credentials.access_token}` },
})

interface Reading {
  readonly status: number | undefined
  readonly body: JsonObject | undefined
  readonly error: MetaError | undefined
}

/** Meta may repeat the token that it complains of. */
const withoutToken = (error: MetaError | undefined, on: On): MetaError | undefined =>
  error === undefined ? undefined : { ...error, message: error.message.replaceAll(on.credentials.access_token, '***') }

function readAnswer(answer: HttpAnswer, on: On): Reading {
  if (answer.kind === 'fault') return { status: undefined, body: undefined, error: undefined }
  const body = parseJsonBody(answer.body)
  return { status: answer.status, body, error: withoutToken(errorOf(body), on) }
}

const isGood = (reading: Reading): boolean => reading.status === 200 && reading.body !== undefined && reading.error === undefined

const deadToken = (error: MetaError | undefined, words: string): CheckReport => ({
  verdict: 'refused',
  message: 'Authentication failed with Meta API',
  details: {
    platform: 'meta',
    error_code: error?.code ?? 190,
    error_message: error === undefined || error.message === '' ? words : error.message,
    field: 'credentials.access_token',
  },
})

const wrongPixel = (error: MetaError | undefined): CheckReport => ({
  verdict: 'refused',
  message: 'The token is good, but not for this pixel',
  details: {
    platform: 'meta',
    error_code: error?.code ?? null,
    error_message: error === undefined || error.message === '' ? 'The pixel is not among those that the token was made for' : error.message,
    field: 'settings.pixel_id',
  },
})

/** What `debug_token` says of the token: dead, made for this dataset, made for others, or nothing that decides. */
function judgeToken(reading: Reading, pixelId: string): 'dead' | 'for-this' | 'for-others' | 'open' {
  if (reading.error?.code === 190) return 'dead'
  const data = reading.body?.['data']
  if (reading.error !== undefined || reading.status !== 200 || !isJsonObject(data)) return 'open'
  if (data['is_valid'] === false) return 'dead'
  const scopes = Array.isArray(data['granular_scopes']) ? (data['granular_scopes'] as readonly unknown[]) : []
  const targets = scopes.find((entry): entry is JsonObject => isJsonObject(entry) && entry['scope'] === DATASET_SCOPE)?.['target_ids']
  if (!Array.isArray(targets)) return 'open'
  return (targets as readonly unknown[]).map(String).includes(pixelId) ? 'for-this' : 'for-others'
}

/** What is wrong with a token that debug_token calls invalid: the answer itself is a 200. */
const invalidity = (reading: Reading, on: On): MetaError | undefined => {
  const data = reading.body?.['data']
  return reading.error ?? (isJsonObject(data) ? withoutToken(errorOf(data), on) : undefined)
}

/**
 * Three reads, and the first that decides is the answer; none writes. No single call is a gate: a perfectly good token from Events Manager
 * may not read the pixel itself, and other tokens may not ask about themselves, so a refusal there says nothing.
 *  1. `debug_token` with the token itself: dead, or made for this dataset.
 *  2. `dataset_quality`: the token may see the dataset.
 *  3. the pixel: the same for tokens of one's own app.
 */
export async function check(on: On, http: Http): Promise<CheckReport> {
  const pixelId = on.settings.pixel_id ?? ''
  const token = readAnswer(
    await http.send(
      getRequest(on, `debug_token?input_token=${encodeURIComponent(on.credentials.access_token)}`, 'debug_token?input_token=***'),
    ),
    on,
  )
  const tokenVerdict = judgeToken(token, pixelId)
  if (tokenVerdict === 'dead') return deadToken(invalidity(token, on), 'Invalid OAuth 2.0 Access Token')
  if (tokenVerdict === 'for-this') return { verdict: 'verified', remark: REMARK }

  const quality = readAnswer(
    await http.send(getRequest(on, `dataset_quality?dataset_id=${encodeURIComponent(pixelId)}&fields=web%7Bevent_name%7D`)),
    on,
  )
  if (isGood(quality)) return { verdict: 'verified', remark: REMARK }
  if (quality.error?.code === 190) return deadToken(quality.error, 'Invalid OAuth 2.0 Access Token')
  if (tokenVerdict === 'for-others') return wrongPixel(quality.error)

  const pixel = readAnswer(await http.send(getRequest(on, `${encodeURIComponent(pixelId)}?fields=id,name`)), on)
  if (isGood(pixel)) return { verdict: 'verified', remark: REMARK }
  if (pixel.error?.code === 190) return deadToken(pixel.error, 'Invalid OAuth 2.0 Access Token')
  return { verdict: 'unverified', why: whyOpen([token, quality, pixel]) }
}

function whyOpen(readings: readonly Reading[]): string {
  if (readings.every((reading) => reading.status === undefined)) return 'Meta could not be reached'
  const said = readings.map((reading) => reading.error?.message ?? '').find((message) => message !== '')
  return `Meta let this token read nothing that would prove it${said === undefined ? '' : `: ${quote(said)}`}`
}

/**
 * An invalid-parameter answer without an event's subcode may mean the events or the pixel. The check decides once: what it refuses comes back
 * as Meta's own error for it (190, or 100/33), everything else leaves the answer as it was.
 */
export const inquire: NonNullable<Platform<MetaCredentials>['inquire']> = async (answer, _sent, on, http) => {
  if (answer.kind === 'fault') return answer
  const error = errorOf(parseJsonBody(answer.body))
  if (error === undefined || classOf(error).class !== 'bad-request') return answer
  const report = await check(on, http)
  if (report.verdict !== 'refused') return answer
  const isToken = report.details.field === 'credentials.access_token'
  const refused = {
    message: report.details.error_message,
    type: 'OAuthException',
    code: isToken ? 190 : 100,
    ...(isToken ? {} : { error_subcode: 33 }),
  }
  return { ...answer, body: JSON.stringify({ error: refused }), truncated: false }
}
