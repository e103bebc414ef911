/** Milliseconds since 1970, UTC. */
export type EpochMs = number

/** Passed in wherever time decides something, so that tests own it. */
export type Clock = () => EpochMs

export const systemClock: Clock = () => Date.now()
