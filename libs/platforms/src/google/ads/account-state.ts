import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import { objectsOf, textOf } from '../error-body.ts'
import { parseJsonBody } from '../../verdict.ts'

export interface ConversionAction {
  readonly id: string
  readonly type: string
  readonly status: string
}

/** What `googleAds:searchStream` says of an account and its conversion actions. */
export interface AccountState {
  /** The account that owns the conversion actions, in digits; undefined where Google names none. */
  readonly conversionCustomer: string | undefined
  /** Undefined where Google does not say. */
  readonly takesUserData: boolean | undefined
  readonly actions: readonly ConversionAction[]
}

/** The answer of searchStream is a list of parts, of an error a list with one. Undefined where it is neither. */
export function readStream(text: string): readonly JsonObject[] | undefined {
  const list = parseJsonBody(`{"parts":${text}}`)?.['parts']
  return Array.isArray(list) ? objectsOf(list) : undefined
}

export const rowsOf = (parts: readonly JsonObject[]): readonly JsonObject[] => parts.flatMap((part) => objectsOf(part['results']))

const objectIn = (parent: JsonObject, name: string): JsonObject => {
  const child = parent[name]
  return isJsonObject(child) ? child : {}
}
const flagOf = (value: JsonValue | undefined): boolean | undefined => (typeof value === 'boolean' ? value : undefined)

/** JSON leaves a false out, so an account that says something of its settings says this too. */
function takesUserData(setting: JsonObject): boolean | undefined {
  if (Object.keys(setting).length === 0) return undefined
  return flagOf(setting['acceptedCustomerDataTerms']) === true && flagOf(setting['enhancedConversionsForLeadsEnabled']) === true
}

export function accountStateOf(customers: readonly JsonObject[], actions: readonly JsonObject[]): AccountState {
  const setting = objectIn(objectIn(customers[0] ?? {}, 'customer'), 'conversionTrackingSetting')
  return {
    conversionCustomer: /^customers\/(\d{1,20})$/.exec(textOf(setting['googleAdsConversionCustomer']) ?? '')?.[1],
    takesUserData: takesUserData(setting),
    actions: actions.map((row) => {
      const action = objectIn(row, 'conversionAction')
      const id = action['id']
      return {
        id: typeof id === 'number' ? String(id) : (textOf(id) ?? ''),
        type: textOf(action['type']) ?? '',
        status: textOf(action['status']) ?? '',
      }
    }),
  }
}
