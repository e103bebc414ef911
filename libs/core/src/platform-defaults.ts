interface PlatformDefaults {
  /** As people write it. */
  readonly name: string
  /** Of the owner's document, case 3: events a minute over the whole fleet. */
  readonly eventsPerMinute: number
  /** Waits before the second, third and fourth attempt, in ms. */
  readonly retryDelaysMs: readonly number[]
}

/**
 * Every platform, one line each: the key is its id, from which folder, queue, settings (`RELAY_<ID>_*`), metric label and option values follow; the
 * rest is what holds where the configuration says nothing (owner's document, case 3; PRODUCT section 4).
 */
export const PLATFORM_DEFAULTS = {
  meta: { name: 'Meta', eventsPerMinute: 1_000, retryDelaysMs: [1_000, 2_000, 4_000] },
  google: { name: 'Google', eventsPerMinute: 2_000, retryDelaysMs: [1_000, 2_000, 4_000] },
  tiktok: { name: 'TikTok', eventsPerMinute: 600, retryDelaysMs: [5_000, 10_000, 20_000] },
  snapchat: { name: 'Snapchat', eventsPerMinute: 500, retryDelaysMs: [5_000, 10_000, 20_000] },
} as const satisfies Readonly<Record<string, PlatformDefaults>>

/** Kept before every deadline, in ms: an event is never sent so late that the platform could refuse the request for it. */
export const DEADLINE_MARGIN_MS = 5 * 60_000
