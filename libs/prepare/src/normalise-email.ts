import { emptyOr, normalised, tidy, type Normalised } from './normalised.ts'

const LOCAL_PART = /^[^\s@"(),:;<>[\]\\\p{C}.]+(?:\.[^\s@"(),:;<>[\]\\\p{C}.]+)*$/u
const DOMAIN =
  /^(?:[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u
const MAX_LOCAL_PART = 64
const MAX_EMAIL = 254

const GOOGLE_MAIL_DOMAINS: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com'])

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1 || at > MAX_LOCAL_PART || text.length > MAX_EMAIL) return false
  return LOCAL_PART.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1))
}

/** Trimmed and lower case; dots and `+tag` stay at every provider (meta.md, tiktok.md and snapchat.md sources: CIP, BUB, PAR, read 2026-11-24). */
export function normaliseEmail(value: string): Normalised {
  const text = tidy(value).toLowerCase()
  return isEmail(text) ? normalised(text) : emptyOr(value, 'INVALID_EMAIL')
}

/**
 * Google's form: all blanks dropped, lower case, and only at gmail.com and googlemail.com the dots and the `+suffix` of the local part
 * removed, the domain itself kept (https://developers.google.com/data-manager/api/devguides/concepts/formatting, read 2026-11-24).
 */
export function normaliseEmailForGoogle(value: string): Normalised {
  const text = tidy(value).replaceAll(/\s/gu, '').toLowerCase()
  const at = text.lastIndexOf('@')
  const domain = text.slice(at + 1)
  if (at < 1 || !GOOGLE_MAIL_DOMAINS.has(domain)) return isEmail(text) ? normalised(text) : emptyOr(value, 'INVALID_EMAIL')
  const mailbox = `${text.slice(0, at).replace(/\+.*$/u, '').replaceAll('.', '')}@${domain}`
  return isEmail(mailbox) ? normalised(mailbox) : emptyOr(value, 'INVALID_EMAIL')
}
