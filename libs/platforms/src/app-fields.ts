/** How the platforms write a yes or no of app tracking; undefined stays undefined. */
export const trackingFlag = (value: boolean | undefined): 0 | 1 | undefined => (value === undefined ? undefined : value ? 1 : 0)

/** Exactly so many entries, order fixed: 18 once made events vanish without an error (segmentio/action-destinations PR #3720, read 2026-11-24). */
const EXTINFO_LENGTH = 16

/** `extinfo` as Meta and Snapchat share it: 16 entries, the first of them `a2` (Android) or `i2` (iOS). */
export const isExtinfo = (extinfo: readonly string[]): boolean =>
  extinfo.length === EXTINFO_LENGTH && (extinfo[0] === 'a2' || extinfo[0] === 'i2')
