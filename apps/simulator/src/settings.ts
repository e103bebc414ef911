import type { PlatformId } from './call.ts'
import { PLATFORMS } from './call.ts'
import { isFields, isNumber } from './fields.ts'

/** How one platform behaves. Names are those of `PUT /settings/{platform}`; a limit that is absent is not held. */
export interface Settings {
  readonly requests_per_second?: number
  readonly requests_per_minute?: number
  readonly events_per_minute?: number
  readonly max_body_bytes?: number
  /** Of access tokens that the platform's OAuth gives out, in seconds. */
  readonly token_lifetime_s: number
  /** Google: from accepting a request to its verdict. */
  readonly verdict_after_s: number
  /** Google: what a verdict says of rejected events: which they are, how many for what reason, or no more than that there are some. */
  readonly verdict_detail: 'indices' | 'counts' | 'none'
  /** Google Ads API: the click upload, which is closed to accounts that did not use it before June 2026. */
  readonly click_upload: 'open' | 'closed'
  /** Snapchat: a refresh gives a new refresh token and ends the old one. */
  readonly rotate_refresh_token: boolean
  /** Snapchat: what `event` of a refused request counts from. The page leaves it open. */
  readonly event_index_base: number
  /** Snapchat: HTTP status for a token it does not know; both 401 and 400 have been reported. */
  readonly bad_token_status: number
}

const DEFAULTS: Settings = {
  token_lifetime_s: 3600,
  verdict_after_s: 1800,
  verdict_detail: 'indices',
  click_upload: 'open',
  rotate_refresh_token: false,
  event_index_base: 1,
  bad_token_status: 401,
}

const ALLOWED: Record<keyof Settings, (value: unknown) => boolean> = {
  requests_per_second: isAboveZero,
  requests_per_minute: isAboveZero,
  events_per_minute: isAboveZero,
  max_body_bytes: isAboveZero,
  token_lifetime_s: isAboveZero,
  verdict_after_s: (value) => isNumber(value) && value >= 0,
  verdict_detail: (value) => value === 'indices' || value === 'counts' || value === 'none',
  click_upload: (value) => value === 'open' || value === 'closed',
  rotate_refresh_token: (value) => typeof value === 'boolean',
  event_index_base: (value) => value === 0 || value === 1,
  bad_token_status: (value) => value === 400 || value === 401,
}

export interface SettingsBook {
  of(platform: PlatformId): Settings
  /** Merges a JSON object into a platform's settings; null takes a setting back to its default. Returns the name of a wrong one, or undefined. */
  change(platform: PlatformId, input: unknown): string | undefined
  clear(): void
}

export function createSettings(): SettingsBook {
  const book = new Map<PlatformId, Settings>(PLATFORMS.map((platform) => [platform, DEFAULTS]))
  return {
    of: (platform) => book.get(platform) ?? DEFAULTS,
    change(platform, input) {
      if (!isFields(input)) return ''
      const wrong = Object.entries(input).find(([name, value]) => !isKnown(name) || (value !== null && !ALLOWED[name](value)))
      if (wrong !== undefined) return wrong[0]
      const kept = Object.entries({ ...book.get(platform), ...input }).filter(([, value]) => value !== null)
      book.set(platform, { ...DEFAULTS, ...Object.fromEntries(kept) })
      return undefined
    },
    clear() {
      for (const platform of PLATFORMS) book.set(platform, DEFAULTS)
    },
  }
}

function isKnown(name: string): name is keyof Settings {
  return Object.hasOwn(ALLOWED, name)
}

function isAboveZero(value: unknown): boolean {
  return isNumber(value) && value > 0
}
