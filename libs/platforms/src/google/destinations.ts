import type { ConnectionSettings } from '@relay/core/connection'
import type { JsonObject } from '@relay/core/json'
import { accountDigits } from './credentials.ts'

/** The conversion action that an encoded event goes to; undefined for a body that names none. */
export function referenceOf(body: JsonObject): string | undefined {
  const references = body['destinationReferences']
  const first: unknown = Array.isArray(references) ? references[0] : undefined
  return typeof first === 'string' ? first : undefined
}

/** Each conversion action of these events once, in the order in which `destinations` lists them and errors count them. */
export const referencesOf = (bodies: readonly JsonObject[]): readonly string[] => [
  ...new Set(bodies.map(referenceOf).filter((reference) => reference !== undefined)),
]

const account = (id: string): JsonObject => ({ accountType: 'GOOGLE_ADS', accountId: accountDigits(id) })

/** One destination per conversion action, its id being its reference. Without `login_account` the credential is a user of the operating account itself. */
export const destinationsOf = (references: readonly string[], settings: ConnectionSettings): readonly JsonObject[] =>
  references.map((reference) => ({
    operatingAccount: account(settings.operating_account ?? ''),
    ...(settings.login_account === undefined ? {} : { loginAccount: account(settings.login_account) }),
    productDestinationId: reference,
    reference,
  }))
