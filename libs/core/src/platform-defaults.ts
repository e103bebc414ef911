import type { PlatformId } from './ids.ts'

export interface PlatformDefaults {
  /** Events a minute over the whole fleet. */
  readonly eventsPerMinute: number
  /** Waits before the second, third and fourth attempt, in ms. */
  readonly retryDelaysMs: readonly number[]
}

/** What holds where the configuration says nothing. */
export const PLATFORM_DEFAULTS = {
  meta: { eventsPerMinute: 1_000, retryDelaysMs: [1_000, 2_000, 4_000] },
  google: { eventsPerMinute: 2_000, retryDelaysMs: [1_000, 2_000, 4_000] },
  tiktok: { eventsPerMinute: 600, retryDelaysMs: [5_000, 10_000, 20_000] },
  snapchat: { eventsPerMinute: 500, retryDelaysMs: [5_000, 10_000, 20_000] },
} as const satisfies Record<PlatformId, PlatformDefaults>

/** Kept before every deadline, in ms: an event is never sent so late that the platform could refuse the request for it. */
export const DEADLINE_MARGIN_MS = 5 * 60_000
