import type { EpochMs } from '@relay/core/clock'

/*
 * The breaker's state machine, pure:
 *
 * 1. closed: counts consecutive failures of the platform itself; any success sets the count back. The fifth opens it.
 * 2. open: nothing is sent until `until`.
 * 3. half-open: at most three probes at a time, each under a lease; a probe whose process died frees its place when the lease ends.
 * 4. Three successes close it; one failure opens it again.
 *
 * An operator may open it, until it is closed again or until a given time, after which it probes like any other; and close or reset it at any time.
 */

export const FAILURES_TO_OPEN = 5
export const PROBES = 3
export const PROBE_MAX_EVENTS = 10
export const PROBE_LEASE_MS = 35_000

interface Probe {
  readonly id: string
  readonly until: EpochMs
}

export type BreakerState =
  | { readonly state: 'closed'; readonly failures: number }
  | {
      readonly state: 'open'
      readonly failures: number
      readonly openedAt: EpochMs
      readonly until: EpochMs
      /** Absent where failures opened it. */
      readonly openedBy?: 'operator'
    }
  | {
      readonly state: 'half-open'
      readonly failures: number
      readonly openedAt: EpochMs
      readonly probes: readonly Probe[]
      readonly successes: number
    }

export const CLOSED: BreakerState = { state: 'closed', failures: 0 }

export type Admission =
  | { readonly kind: 'pass' }
  /** One request of at most PROBE_MAX_EVENTS, whose verdict is to be reported with this id. */
  | { readonly kind: 'probe'; readonly probeId: string }
  | { readonly kind: 'wait'; readonly until: EpochMs; readonly failures: number }

/** While all probes are out, ask again after this long at the latest. */
const PROBE_WAIT_MS = 1_000

/** May a request leave now? Turns open into half-open when its time has come. */
export function admit(breaker: BreakerState, now: EpochMs, probeId: string): { state: BreakerState; result: Admission } {
  if (breaker.state === 'closed') return { state: breaker, result: { kind: 'pass' } }
  if (breaker.state === 'open' && now < breaker.until) {
    return { state: breaker, result: { kind: 'wait', until: breaker.until, failures: breaker.failures } }
  }
  const half =
    breaker.state === 'open'
      ? ({ state: 'half-open', failures: breaker.failures, openedAt: breaker.openedAt, probes: [], successes: 0 } as const)
      : breaker
  const alive = half.probes.filter((probe) => probe.until > now)
  if (alive.length + half.successes >= PROBES) {
    const until = Math.min(now + PROBE_WAIT_MS, ...alive.map((probe) => probe.until))
    return { state: breaker, result: { kind: 'wait', until, failures: half.failures } }
  }
  const probes = [...alive, { id: probeId, until: now + PROBE_LEASE_MS }]
  return { state: { ...half, probes }, result: { kind: 'probe', probeId } }
}

/** `neither`: a 429 or a fault of ours; it frees the probe and says nothing about the platform. */
export type Verdict = 'success' | 'failure' | 'neither'

/** Takes in what a request told about the platform. `probeId` where it was a probe; others count only while the breaker is closed. */
export function record(breaker: BreakerState, now: EpochMs, verdict: Verdict, probeId: string | undefined, openMs: number): BreakerState {
  switch (breaker.state) {
    case 'closed': {
      if (verdict === 'neither') return breaker
      if (verdict === 'success') return breaker.failures === 0 ? breaker : CLOSED
      const failures = breaker.failures + 1
      return failures < FAILURES_TO_OPEN ? { state: 'closed', failures } : { state: 'open', failures, openedAt: now, until: now + openMs }
    }
    case 'open':
      return breaker
    case 'half-open': {
      if (probeId === undefined || !breaker.probes.some((probe) => probe.id === probeId)) return breaker
      const probes = breaker.probes.filter((probe) => probe.id !== probeId)
      if (verdict === 'failure') return { state: 'open', failures: breaker.failures + 1, openedAt: breaker.openedAt, until: now + openMs }
      if (verdict === 'neither') return { ...breaker, probes }
      const successes = breaker.successes + 1
      return successes < PROBES ? { ...breaker, probes, successes } : CLOSED
    }
  }
}

/** An operator opens it, whatever it was: nothing leaves until `until`, and what requests in flight still tell changes nothing. */
export const forceOpen = (breaker: BreakerState, now: EpochMs, until: EpochMs): BreakerState => ({
  state: 'open',
  failures: breaker.failures,
  openedAt: now,
  until,
  openedBy: 'operator',
})

/** An operator closes it without probes. A closed one keeps the failures that it has counted. */
export const forceClosed = (breaker: BreakerState): BreakerState => (breaker.state === 'closed' ? breaker : CLOSED)

/** Closed, and all that it has counted is forgotten. */
export const reset = (breaker: BreakerState): BreakerState => (breaker.state === 'closed' && breaker.failures === 0 ? breaker : CLOSED)
