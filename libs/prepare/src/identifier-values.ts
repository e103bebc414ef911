import type { IdentifierField, PlainUserField, UserData } from '@relay/core/event'

export interface IdentifierValue {
  readonly value: string
  /** Where the producer put it: `user_data.email`, or `user_data.email[1]` within a list. */
  readonly path: string
}

/** The values of one field in the order given; none where the field is absent. */
export function identifierValues(userData: UserData, field: IdentifierField | PlainUserField): readonly IdentifierValue[] {
  const given: string | readonly string[] | undefined = userData[field]
  if (given === undefined) return []
  if (typeof given === 'string') return [{ value: given, path: `user_data.${field}` }]
  return given.map((value, index) => ({ value, path: `user_data.${field}[${index}]` }))
}
