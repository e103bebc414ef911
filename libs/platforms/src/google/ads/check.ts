import { systemClock } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import { isJsonObject, type JsonObject } from '@relay/core/json'
import type { Account, CheckReport, Http, HttpAnswer, HttpRequest } from '../../contract.ts'
import { parseJsonBody } from '../../verdict.ts'
import { clicksOnly, fieldOfAction, refusal, unverified, type Refused, type Unverified } from '../check-report.ts'
import { accountDigits, type GoogleCredentials } from '../credentials.ts'
import { accountStateOf, readStream, rowsOf, type AccountState } from './account-state.ts'
import { adsHeaders, adsUrl, uploadRequest } from './encode.ts'
import { readRefusal } from './refusal.ts'
import { blameOf, type Blame } from './row-verdicts.ts'

/*
 * Proves that an account can use the upload of the Google Ads API, and records nothing:
 *
 * 1. reach: `customers:listAccessibleCustomers`, the token and the project.
 * 2. settings: `googleAds:searchStream`, whose conversion actions these are, and whether user data is taken.
 * 3. right: an upload of made-up clicks with `validateOnly`, since the upload is closed to most accounts since 2026-06-15 and only it says so.
 */

const CUSTOMER_QUERY = [
  'SELECT customer.conversion_tracking_setting.google_ads_conversion_customer',
  'customer.conversion_tracking_setting.conversion_tracking_status',
  'customer.conversion_tracking_setting.accepted_customer_data_terms',
  'customer.conversion_tracking_setting.enhanced_conversions_for_leads_enabled FROM customer',
].join(', ')
const actionQuery = (ids: readonly string[]): string =>
  'SELECT conversion_action.id, conversion_action.name, conversion_action.type, conversion_action.status, conversion_action.category ' +
  `FROM conversion_action WHERE conversion_action.id IN (${ids.join(', ')})`

/** Of no click that ever was. */
const MADE_UP_ID = 'conversion-relay-check'

type Unproven = Refused | Unverified
type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly report: Unproven }

export async function checkUpload(on: Account<GoogleCredentials>, accessToken: string, http: Http): Promise<CheckReport> {
  const ask = (request: HttpRequest): Promise<HttpAnswer> => http.send(request)
  const reach = await ask(listRequest(on, accessToken))
  const reached = readStep(reach, on.settings, reach.kind === 'answer' ? parseJsonBody(reach.body) : undefined)
  if (!reached.ok) return reached.report

  const actions = [...new Set(Object.values(on.settings.conversion_actions ?? {}))]
  const customers = readRows(await ask(searchRequest(on, accessToken, CUSTOMER_QUERY)), on.settings)
  if (!customers.ok) return customers.report
  const rows = readRows(await ask(searchRequest(on, accessToken, actionQuery(actions))), on.settings)
  if (!rows.ok) return rows.report
  const state = accountStateOf(customers.value, rows.value)
  const wrong = wrongAction(actions, state, on.settings)
  if (wrong !== undefined) return wrong

  const trial = await ask(
    uploadRequest(
      on,
      accessToken,
      actions.map((action) => madeUp(action, on.settings)),
      true,
    ),
  )
  const unproven = readTrial(trial, on.settings)
  if (unproven !== undefined) return unproven
  return state.takesUserData === false ? clicksOnly('enhanced conversions for leads are off') : { verdict: 'verified' }
}

/** This one call wants no manager. */
function listRequest(on: Account<GoogleCredentials>, accessToken: string): HttpRequest {
  const { 'login-customer-id': _manager, ...headers } = adsHeaders(on, accessToken)
  return { method: 'GET', url: adsUrl(on.baseUrl, 'customers:listAccessibleCustomers'), headers }
}

const customerOf = (settings: ConnectionSettings): string => accountDigits(settings.operating_account ?? '')

const searchRequest = (on: Account<GoogleCredentials>, accessToken: string, query: string): HttpRequest => ({
  method: 'POST',
  url: adsUrl(on.baseUrl, `customers/${customerOf(on.settings)}/googleAds:searchStream`),
  headers: adsHeaders(on, accessToken),
  body: JSON.stringify({ query }),
})

/** A click an hour ago, on an order of nobody's. */
const madeUp = (action: string, settings: ConnectionSettings): JsonObject => ({
  conversionAction: `customers/${customerOf(settings)}/conversionActions/${action}`,
  conversionDateTime: `${new Date(systemClock() - 3_600_000).toISOString().slice(0, 19).replace('T', ' ')}+00:00`,
  gclid: MADE_UP_ID,
  orderId: MADE_UP_ID,
})

function readRows(answer: HttpAnswer, settings: ConnectionSettings): Step<readonly JsonObject[]> {
  const parts = answer.kind === 'answer' ? readStream(answer.body) : undefined
  const step = readStep(answer, settings, parts?.[0] ?? (answer.kind === 'answer' ? parseJsonBody(answer.body) : undefined))
  if (!step.ok) return step
  return parts === undefined ? unreadable : { ok: true, value: rowsOf(parts) }
}

const unreadable: Step<never> = { ok: false, report: unverified('Google answered what cannot be read') }

function readStep(answer: HttpAnswer, settings: ConnectionSettings, body: JsonObject | undefined): Step<JsonObject> {
  if (answer.kind === 'fault') return { ok: false, report: unverified(`Google could not be asked: ${answer.error.message}`) }
  const refused = readRefusal(answer.status, body)
  if (refused !== undefined) return { ok: false, report: reportOf(refused.blames, refused.message, settings) }
  if (answer.status >= 200 && answer.status < 300) return body === undefined ? { ok: true, value: {} } : { ok: true, value: body }
  return { ok: false, report: unverified(`Google answered ${answer.status} without an error of its own`) }
}

function wrongAction(actions: readonly string[], state: AccountState, settings: ConnectionSettings): Refused | undefined {
  for (const id of actions) {
    const field = fieldOfAction(id, settings)
    const found = state.actions.find((action) => action.id === id)
    if (found === undefined) return missingAction(state, settings, field)
    if (found.type !== 'UPLOAD_CLICKS') {
      return refusal(
        'The conversion action takes no uploads',
        'INVALID_CONVERSION_ACTION_TYPE',
        `its type is ${found.type}, not UPLOAD_CLICKS`,
        field,
      )
    }
    if (found.status !== 'ENABLED')
      return refusal('The conversion action is not enabled', 'NO_CONVERSION_ACTION_FOUND', found.status, field)
  }
  return undefined
}

function missingAction({ conversionCustomer }: AccountState, settings: ConnectionSettings, field: string): Refused {
  const isElsewhere = conversionCustomer !== undefined && conversionCustomer !== customerOf(settings)
  return isElsewhere
    ? refusal(
        'Another account owns the conversion actions',
        'NO_CONVERSION_ACTION_FOUND',
        'its manager tracks conversions',
        'settings.operating_account',
      )
    : refusal('The account has no such conversion action', 'NO_CONVERSION_ACTION_FOUND', 'it was not found', field)
}

/** Undefined where nothing but the made-up click was wrong. */
function readTrial(answer: HttpAnswer, settings: ConnectionSettings): Unproven | undefined {
  const body = answer.kind === 'answer' ? parseJsonBody(answer.body) : undefined
  const step = readStep(answer, settings, body)
  if (!step.ok) return step.report
  if (body === undefined) return unverified('Google answered what cannot be read')
  const partial = body['partialFailureError']
  if (!isJsonObject(partial) || partial['code'] === 0) return undefined
  const blames = blameOf(partial['details'])
  const grave = blames.filter((blame) => blame.class !== 'reject' && blame.class !== 'later' && blame.class !== 'duplicate')
  if (blames.length === 0) return unverified('Google refused a made-up conversion without saying why')
  return grave.length === 0 ? undefined : reportOf(grave, '', settings)
}

/** The first error that proves something against the input decides. */
function reportOf(blames: readonly Blame[], message: string, settings: ConnectionSettings): Unproven {
  for (const blame of blames) {
    const report = refusalOf(blame, message === '' ? (blame.advice ?? blame.name) : message, settings)
    if (report !== undefined) return report
  }
  const names = blames.map(({ name }) => name).join(', ')
  if (blames.some((blame) => blame.class === 'our-project')) {
    return unverified(`The Google Ads API cannot be called from the Cloud project of this OAuth client (${names})`)
  }
  return unverified(`Google did not take a made-up conversion, which proves nothing (${names})`)
}

function refusalOf(blame: Blame, words: string, settings: ConnectionSettings): Refused | undefined {
  const { name, row } = blame
  if (name.startsWith('DEVELOPER_TOKEN_')) return refusal('Google refuses the developer token', name, words, 'credentials.developer_token')
  switch (blame.class) {
    case 'token-expired':
    case 'credentials': {
      const isAccount = name === 'CUSTOMER_NOT_FOUND' || name === 'CLIENT_CUSTOMER_ID_INVALID'
      return refusal(
        'Authentication failed with Google API',
        name,
        words,
        isAccount ? 'settings.operating_account' : 'credentials.refresh_token',
      )
    }
    case 'permission':
      if (name === 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE') {
        return refusal('This account may not upload clicks through the Google Ads API: use api data_manager', name, words, 'settings.api')
      }
      return refusal('Google refuses access to this account', name, words, accessFieldOf(settings))
    case 'config': {
      const id = row === undefined ? undefined : [...new Set(Object.values(settings.conversion_actions ?? {}))][row]
      return refusal('Google refuses the conversion action', name, words, fieldOfAction(id, settings))
    }
    default:
      return undefined
  }
}

const accessFieldOf = (settings: ConnectionSettings): string =>
  settings.login_account === undefined ? 'settings.operating_account' : 'settings.login_account'
