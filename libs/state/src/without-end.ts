import type { EpochMs } from '@relay/core/clock'

/** The end of what an operator started and nobody but an operator ends: an instant that no clock of ours reaches, so that ends compare as numbers. */
export const WITHOUT_END: EpochMs = Date.UTC(9999, 0, 1)

/** Is this an instant that will come, rather than WITHOUT_END? */
export const hasEnd = (until: EpochMs): boolean => until < WITHOUT_END
