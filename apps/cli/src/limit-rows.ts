import type { Connection } from '@relay/core/connection'
import { PLATFORM_IDS, type ConnectionId, type PlatformId } from '@relay/core/ids'
import { listConnections } from '@relay/state/connections'
import { type LearnedScope, readLearnedRates } from '@relay/state/learned-rates'
import { readLimits, shareOf } from '@relay/state/limits'
import type { Column } from './print.ts'
import type { Session } from './session.ts'

/** Limits of a platform, or of one connection of it; all in events a minute. */
interface LimitRow {
  readonly platform: PlatformId
  readonly connectionId: ConnectionId | undefined
  readonly configured: number | undefined
  readonly set: number | undefined
  readonly learned: number | undefined
  readonly inForce: number
  /** Below 1 while the platform returns from a maintenance. */
  readonly share: number
}

/** Each platform, and below it its connections with a limit of their own (set, in their settings, or learned). */
export async function limitRows({ redis, config }: Pick<Session, 'redis' | 'config'>, only: PlatformId | undefined): Promise<LimitRow[]> {
  const connections = await listConnections(redis)
  const platforms = only === undefined ? PLATFORM_IDS : [only]
  const rows = await Promise.all(
    platforms.map(async (platform) => {
      const configured = config.platforms[platform].eventsPerMinute
      const limits = await readLimits(redis, platform)
      const limit = shareOf(limits.platform ?? configured, limits.share)
      const learned = await readLearnedRates(redis, platform, limit)
      const whole = learned.get('platform')
      const inForce = Math.min(limit, whole ?? limit)
      const own = { platform, connectionId: undefined, configured, set: limits.platform, learned: whole, inForce, share: limits.share }
      const others = connections.filter((connection) => connection.platform === platform)
      return [own, ...connectionRows({ ...own, set: limits.connections, learned }, others)]
    }),
  )
  return rows.flat()
}

interface OfPlatform {
  readonly platform: PlatformId
  readonly set: ReadonlyMap<ConnectionId, number>
  readonly learned: ReadonlyMap<LearnedScope, number>
  readonly inForce: number
}

/** Also of a connection that is gone, where its limit is still there to be reset. */
function connectionRows({ platform, set, learned, inForce }: OfPlatform, connections: readonly Connection[]): LimitRow[] {
  const known = new Map(connections.map(({ id, settings }) => [id, settings.events_per_minute]))
  const ids = [...known.keys(), ...[...set.keys()].filter((id) => !known.has(id))]
  return ids.flatMap((connectionId): LimitRow[] => {
    const row = { configured: known.get(connectionId), set: set.get(connectionId), learned: learned.get(connectionId) }
    if (row.configured === undefined && row.set === undefined && row.learned === undefined) return []
    const own = Math.min(row.set ?? row.configured ?? inForce, row.learned ?? Infinity)
    return [{ platform, connectionId, ...row, inForce: Math.min(own, inForce), share: 1 }]
  })
}

export const limitJson = ({ platform, connectionId, configured, set, learned, inForce, share }: LimitRow): object => ({
  platform,
  connection_id: connectionId ?? null,
  configured: configured ?? null,
  set: set ?? null,
  learned: learned === undefined ? null : round(learned),
  in_force: round(inForce),
  returning_from_maintenance: share < 1,
})

export const LIMIT_COLUMNS: readonly Column<LimitRow>[] = [
  { title: 'PLATFORM', value: ({ platform }) => platform },
  { title: 'CONNECTION', value: ({ connectionId }) => connectionId ?? '(all)' },
  { title: 'CONFIGURED', value: ({ configured }) => cell(configured), align: 'right' },
  { title: 'SET', value: ({ set }) => cell(set), align: 'right' },
  { title: 'LEARNED', value: ({ learned }) => cell(learned), align: 'right' },
  {
    title: 'IN FORCE',
    value: ({ inForce }) => cell(inForce),
    align: 'right',
    style: ({ inForce, configured }) => colour(inForce, configured),
  },
  { title: 'EVENTS A MINUTE', value: ({ share }) => (share < 1 ? 'returning from a maintenance' : '') },
]

const colour = (inForce: number, configured: number | undefined): 'yellow' | undefined =>
  configured !== undefined && inForce < configured ? 'yellow' : undefined

/** Hundredths of an event a minute are as exact as anybody needs. */
const round = (eventsPerMinute: number): number => Math.round(eventsPerMinute * 100) / 100
const cell = (eventsPerMinute: number | undefined): string => (eventsPerMinute === undefined ? '-' : String(round(eventsPerMinute)))

export const rateText = (eventsPerMinute: number): string => `${round(eventsPerMinute)} events a minute`
