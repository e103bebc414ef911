import type { Desk } from './call.ts'
import { isFields, isText, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import type { GoogleProblem } from './google-validate.ts'

export interface Destination {
  readonly account: string
  readonly reference: string
  readonly body: Fields
}

const MAX_DESTINATIONS = 10
const FIELDS = new Set(['operatingAccount', 'loginAccount', 'linkedAccount', 'productDestinationId', 'reference'])

/** As the request names them, valid or not. The account of a destination is `{operating account}/{conversion action}`. */
export function readDestinations(body: Fields): readonly Destination[] {
  const list = Array.isArray(body['destinations']) ? body['destinations'] : []
  return list.filter(isFields).map((each) => {
    const operating = isFields(each['operatingAccount']) ? each['operatingAccount'] : {}
    const account = `${textOf(operating['accountId'])}/${textOf(each['productDestinationId'])}`
    return { account, reference: textOf(each['reference']), body: each }
  })
}

/** Where an event goes: the destinations it refers to, or all of them. */
export function destinationsOf(event: unknown, all: readonly Destination[]): readonly Destination[] {
  const references = isFields(event) ? event['destinationReferences'] : undefined
  if (!Array.isArray(references) || references.length === 0) return all
  return all.filter((each) => references.includes(each.reference))
}

/** A reference that no destination of the request carries. */
export function findReferenceProblem(event: unknown, all: readonly Destination[]): GoogleProblem | undefined {
  const references = isFields(event) ? event['destinationReferences'] : undefined
  if (references === undefined) return undefined
  const isKnown = Array.isArray(references) && references.every((each) => all.some((destination) => destination.reference === each))
  return isKnown
    ? undefined
    : { field: 'destination_references', reason: 'INVALID_DESTINATION', description: 'The reference names no destination of the request.' }
}

/** Everything wrong with the destinations, fields already with their path in the request. */
export function findDestinationProblems(list: unknown, desk: Desk, token: string): readonly GoogleProblem[] {
  const field = 'destinations'
  if (!Array.isArray(list) || list.length === 0) {
    return [{ field, reason: 'REQUIRED_FIELD_MISSING', description: 'The required field was not present.' }]
  }
  if (list.length > MAX_DESTINATIONS)
    return [{ field, reason: 'TOO_MANY_DESTINATIONS', description: `At most ${MAX_DESTINATIONS} destinations.` }]
  const seen = new Set<string>()
  return list.flatMap((each: unknown, index) => {
    const problem = destinationProblem(each, seen) ?? unknownProblem(each, desk, token)
    return problem === undefined ? [] : [{ ...problem, field: `destinations.destinations[${index}]${problem.field}` }]
  })
}

function destinationProblem(each: unknown, seen: Set<string>): GoogleProblem | undefined {
  if (!isFields(each)) return { field: '', reason: 'INVALID_ARGUMENT', description: 'A destination is an object.' }
  const odd = Object.keys(each).find((name) => !FIELDS.has(name))
  if (odd !== undefined)
    return {
      field: '',
      reason: 'INVALID_ARGUMENT',
      description: `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.`,
    }
  const reference = textOf(each['reference'])
  if (reference !== '' && seen.has(reference)) {
    return { field: '.reference', reason: 'DUPLICATE_DESTINATION_REFERENCE', description: 'Two destinations have the same reference.' }
  }
  seen.add(reference)
  if (each['linkedAccount'] !== undefined) {
    const reason = 'LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT'
    return { field: '.linked_account', reason, description: 'Only data partners may name a linked account.' }
  }
  if (!isAccount(each['operatingAccount'])) {
    return {
      field: '.operating_account',
      reason: 'INVALID_DESTINATION',
      description: 'An account has a type and ten digits without hyphens.',
    }
  }
  if (each['loginAccount'] !== undefined && !isAccount(each['loginAccount'])) {
    return { field: '.login_account', reason: 'INVALID_FORMAT', description: 'An account has a type and ten digits without hyphens.' }
  }
  return isText(each['productDestinationId']) && /^\d+$/.test(each['productDestinationId'])
    ? undefined
    : { field: '.product_destination_id', reason: 'INVALID_CONVERSION_ACTION_ID', description: 'The conversion action id is not numeric.' }
}

function unknownProblem(each: unknown, desk: Desk, token: string): GoogleProblem | undefined {
  const [destination] = readDestinations({ destinations: [each] })
  if (destination === undefined || desk.judgeAccount('google', destination.account, token) !== 'unknown') return undefined
  return { field: '.product_destination_id', reason: 'INVALID_CONVERSION_ACTION_ID', description: 'The conversion action does not exist.' }
}

function isAccount(account: unknown): boolean {
  return isFields(account) && isText(account['accountType']) && isText(account['accountId']) && /^\d{10}$/.test(account['accountId'])
}
