import type { Hold } from '@relay/state/holds'
import { hasEnd } from '@relay/state/without-end'

/** Null where only an operator ends it. */
export const untilJson = (until: number): string | null => (hasEnd(until) ? instant(until) : null)

export const holdJson = ({ reason, until, message }: Hold): object => ({ reason, until: untilJson(until), message })

const WHO_ENDS = {
  operator: 'it is resumed',
  breaker: 'it is closed',
  maintenance: 'it is ended',
  limit: 'it ends',
  configuration: 'it ends',
}

/** Such as `maintenance until 2026-11-25T02:00:00.000Z: announced by the platform`. */
export const holdText = ({ reason, until, message }: Hold): string =>
  `${reason} until ${hasEnd(until) ? instant(until) : WHO_ENDS[reason]}: ${message}`

/** What is said after a reason has ended. */
export const afterEnd = (platform: string, holds: readonly Hold[]): string =>
  holds.length === 0 ? `Nothing else holds ${platform}: its queue runs.` : `${platform} still waits for ${holds.map(holdText).join('; ')}`

export const instant = (ms: number): string => new Date(ms).toISOString()
