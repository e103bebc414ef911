import type { WarningReason } from '@relay/core/event'

export const CLICK_ID_PARAMETERS = ['fbclid', 'ttclid', 'ScCid', 'gclid', 'gbraid', 'wbraid'] as const
export type ClickIdParameter = (typeof CLICK_ID_PARAMETERS)[number]

const PARAMETER_BY_LOWER_CASE = new Map<string, ClickIdParameter>(CLICK_ID_PARAMETERS.map((name) => [name.toLowerCase(), name]))

export type ClickIds = { readonly [P in ClickIdParameter]?: string }

interface Pages {
  readonly event_source_url?: string
  readonly referrer_url?: string
}

/** What no platform's click id holds: blanks, control characters. */
const NOT_A_CLICK_ID = /[\s\p{C}]/u

/**
 * Click ids in the page's URL, else in the referrer's, in the case in which they came: they are case-sensitive. Names of parameters are
 * matched in any case, since some redirects fold them. Explicit fields of `user_data` win, which is the caller's to say.
 */
export function findClickIds(pages: Pages): ClickIds {
  const found: { -readonly [P in ClickIdParameter]?: string } = {}
  for (const url of [pages.event_source_url, pages.referrer_url]) {
    if (url === undefined || !URL.canParse(url)) continue
    for (const [name, value] of new URL(url).searchParams) {
      const parameter = PARAMETER_BY_LOWER_CASE.get(name.toLowerCase())
      if (parameter === undefined || value === '' || NOT_A_CLICK_ID.test(value)) continue
      found[parameter] ??= value
    }
  }
  return found
}

/** Envelope only, four parts or five with an appendix (FBX: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc, read 2026-11-24). */
const FB_COOKIE = /^fb\.\d+\.\d+\..+$/

export const isFacebookCookie = (value: string): boolean => FB_COOKIE.test(value) && !NOT_A_CLICK_ID.test(value)

/**
 * The `fbc` to send: the cookie's as it is if no `fbclid` came in a URL or if it is the cookie's own (its fourth part); else a new one of
 * index 1, with the time in ms at which the `fbclid` was first seen, never the cookie's. A cookie of another form is left out with
 * INVALID_CLICK_ID. Built once, at acceptance, so that retries send the same.
 */
export function buildFbc(given: { readonly fbclid: string | undefined; readonly cookie: string | undefined; readonly seenAtMs: number }): {
  readonly fbc?: string
  readonly reason?: WarningReason
} {
  const cookie = given.cookie?.trim()
  const isCookieGood = cookie !== undefined && isFacebookCookie(cookie)
  const doubt = cookie === undefined || isCookieGood ? {} : { reason: cookie === '' ? ('EMPTY' as const) : ('INVALID_CLICK_ID' as const) }
  if (isCookieGood && (given.fbclid === undefined || cookie.split('.')[3] === given.fbclid)) return { fbc: cookie }
  if (given.fbclid === undefined) return doubt
  return { fbc: `fb.1.${Math.trunc(given.seenAtMs)}.${given.fbclid}`, ...doubt }
}
