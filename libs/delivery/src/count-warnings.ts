import type { RowResult } from './row.ts'

/** What the platform remarked on events that it took, by its own reason; undefined where it remarked nothing. Fields and values stay out of it. */
export function countWarnings(results: readonly RowResult[]): Readonly<Record<string, number>> | undefined {
  const reasons = results.flatMap((result) =>
    result.kind === 'outcome' && result.outcome.kind === 'delivered' ? (result.outcome.warnings ?? []).map(({ reason }) => reason) : [],
  )
  if (reasons.length === 0) return undefined
  return Object.fromEntries([...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => [reason, all.length]))
}
