import type { EpochMs } from '@relay/core/clock'

/*
 * When a platform is in maintenance, pure. Windows are declared by an operator, for now or in advance, and each is its own entry; what a platform itself tells
 * (a 503 that says so) is one more span. They may overlap: the platform is in maintenance as long as any of them is in force.
 */

export interface MaintenanceWindow {
  readonly id: string
  readonly from: EpochMs
  readonly until: EpochMs
  /** Fit to be shown. */
  readonly reason: string
  /** The operator who declared it. */
  readonly by: string
}

/** What a platform told of itself. */
export interface Recognised {
  readonly until: EpochMs
  readonly message: string
}

export interface Maintenance {
  /** The end of what is in force now, and of what follows it without a gap. */
  readonly until: EpochMs
  readonly message: string
}

export type WindowState = 'announced' | 'in_force' | 'over'

/** A window holds its first instant and not its last one. */
export const windowState = ({ from, until }: Pick<MaintenanceWindow, 'from' | 'until'>, now: EpochMs): WindowState =>
  until <= now ? 'over' : now < from ? 'announced' : 'in_force'

interface Span {
  readonly from: EpochMs
  readonly until: EpochMs
  readonly message: string
}

const spansOf = (windows: readonly MaintenanceWindow[], recognised: Recognised | undefined): readonly Span[] => [
  ...windows.map(({ from, until, reason }) => ({ from, until, message: reason })),
  ...(recognised === undefined ? [] : [{ from: -Infinity, ...recognised }]),
]

/** The maintenance in force, or undefined. The words are those of a declared window where there is one. */
export function maintenanceAt(
  windows: readonly MaintenanceWindow[],
  recognised: Recognised | undefined,
  now: EpochMs,
): Maintenance | undefined {
  const spans = spansOf(windows, recognised)
  const first = spans.find((span) => windowState(span, now) === 'in_force')
  if (first === undefined) return undefined
  let until = now
  for (let grown = true; grown;) {
    const next = Math.max(...spans.filter((span) => span.from <= until).map((span) => span.until))
    grown = next > until
    until = Math.max(until, next)
  }
  return { until, message: first.message }
}

/** When the last maintenance that is over ended; undefined where none is known. Of one that goes on it says nothing. */
export function lastMaintenanceEnd(
  windows: readonly MaintenanceWindow[],
  recognised: Recognised | undefined,
  now: EpochMs,
): EpochMs | undefined {
  const ends = spansOf(windows, recognised).flatMap(({ until }) => (until <= now ? [until] : []))
  return ends.length === 0 ? undefined : Math.max(...ends)
}

/** A window that is over is remembered so long, in ms: the ramp after it needs its end. */
export const REMEMBERED_MS = 600_000

/** Adds a window, and forgets those that have been over for ten minutes. */
export const declare = (windows: readonly MaintenanceWindow[], added: MaintenanceWindow, now: EpochMs): readonly MaintenanceWindow[] => [
  ...windows.filter(({ until }) => until > now - REMEMBERED_MS),
  added,
]

export interface Ended {
  readonly windows: readonly MaintenanceWindow[]
  /** Those that this ended (they were in force) or called off (they were announced), as they were. */
  readonly ended: readonly MaintenanceWindow[]
}

/** Ends now what is in force; with an id that one window, which may also be called off before it begins. The others stay. */
export function endWindows(windows: readonly MaintenanceWindow[], now: EpochMs, id: string | undefined): Ended {
  const isMeant = (window: MaintenanceWindow): boolean =>
    id === undefined ? windowState(window, now) === 'in_force' : window.id === id && windowState(window, now) !== 'over'
  const ended = windows.filter(isMeant)
  if (ended.length === 0) return { windows, ended }
  const left = windows.flatMap((window) => {
    if (!isMeant(window)) return [window]
    return windowState(window, now) === 'announced' ? [] : [{ ...window, until: now }]
  })
  return { windows: left, ended }
}
