import type { WarningReason } from '@relay/core/event'

/** What a normaliser says: the text to hash or send, or why there is none. The value never stands in a reason. */
export type Normalised = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: WarningReason }

export type Normalise = (value: string) => Normalised

export const normalised = (value: string): Normalised => ({ ok: true, value })
export const unusable = (reason: WarningReason): Normalised => ({ ok: false, reason })

/**
 * The start of every rule: Unicode NFC, so that `é` is one text however it was typed, and no outer blanks. Case is folded by
 * `toLowerCase()`, never by a locale: under a Turkish locale `I` would turn into a letter that no platform hashes.
 */
export const tidy = (value: string): string => value.normalize('NFC').trim()

/** `EMPTY` where nothing was given, else the reason that fits the field. */
export const emptyOr = (value: string, reason: WarningReason): Normalised => unusable(tidy(value) === '' ? 'EMPTY' : reason)

/** As given, outer blanks aside: cookies, click ids, user agents. */
export function normaliseText(value: string): Normalised {
  const text = value.trim()
  return text === '' ? unusable('EMPTY') : normalised(text)
}
