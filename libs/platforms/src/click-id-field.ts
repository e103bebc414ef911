import type { FieldWarning, PlainUserField, UserData } from '@relay/core/event'

/** Opaque, case-sensitive, of any length; blanks and control characters are in none. */
const CLICK_ID = /^[^\s\p{C}]+$/u

export interface ClickIdField {
  readonly value?: string
  readonly warnings: readonly FieldWarning[]
}

/** A click id or browser cookie exactly as it came, outer blanks aside. The explicit field wins over the one found in a URL; one that cannot be an id is left out with a warning. */
export function clickIdField(userData: UserData, field: PlainUserField, fromUrl?: string): ClickIdField {
  const given = userData[field]?.trim()
  if (given !== undefined && CLICK_ID.test(given)) return { value: given, warnings: [] }
  const warnings: FieldWarning[] =
    given === undefined ? [] : [{ field: `user_data.${field}`, reason: given === '' ? 'EMPTY' : 'INVALID_CLICK_ID' }]
  return { ...(fromUrl === undefined ? {} : { value: fromUrl }), warnings }
}
