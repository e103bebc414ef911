import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '@relay/config/env'
import type { Connection } from '@relay/core/connection'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { PLATFORMS } from '@relay/platforms/registry'
import { nearestSunset, sunsetSentence, SUNSET_WARNING_DAYS } from '@relay/platforms/sunset'
import { type Books, readBooks } from '@relay/state/books'
import { readBreaker } from '@relay/state/circuit-breaker'
import { listConnections } from '@relay/state/connections'
import { activePauses, type Pause } from '@relay/state/pause-reasons'
import { listProcesses, type ProcessRecord } from '@relay/state/processes'
import { oldestWaitingSeconds } from '@relay/state/queue-age'
import { type RedisHealth, readRedisHealth, redisWarnings } from '@relay/state/redis-health'
import type { Command } from 'commander'
import type { Redis } from 'ioredis'
import { CliError, EXIT } from './exit.ts'
import { expiringSentences, expiringStatus, type ExpiringStatus } from './expiring.ts'
import { instant, untilJson } from './hold-rows.ts'
import { type PlatformTold, toldOf } from './platform-told.ts'
import { type Column, type Printer, renderTable } from './print.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

/** Between two looks at books that do not add up: what is in the middle of something then is settled. */
const SECOND_LOOK_MS = 200

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('What waits, what was delivered, what is ill, and whether the books add up (exit 1 where they do not)')
    .option('--json', 'one JSON object')
    .addHelpText('after', STATUS_HELP)
    .action((options: CommonOptions) => withSession(options, status))
}

interface PlatformStatus extends Books, PlatformTold, ExpiringStatus {
  readonly circuit: 'closed' | 'open' | 'half-open'
  readonly failure_count: number
  readonly recovery_at?: string
  readonly opened_by?: 'platform' | 'operator'
  /** Of the maintenance in force. */
  readonly estimated_end?: string
  readonly oldest_waiting_seconds: number
  /** Until the first end of an API version in use; null where none is announced. */
  readonly api_sunset_days: number | null
  /** The reasons of the set; `until` is null where only an operator ends it. The breaker is told of by `circuit`. */
  readonly paused: readonly { readonly reason: Pause['reason']; readonly until: string | null; readonly message: string }[]
}

async function status({ redis, printer, config }: Session): Promise<void> {
  const all = await listConnections(redis)
  const platforms = await readPlatforms(redis, all, config)
  const connections = all.filter((connection) => connection.status.state === 'error')
  const processes = await listProcesses(redis)
  const health = await readRedisHealth(redis)
  const ofKind = (kind: ProcessRecord['kind']) => processes.filter((process) => process.kind === kind).map(processJson)
  const json = {
    platforms,
    connections_in_error: connections.map(inErrorJson),
    workers: ofKind('worker'),
    ingests: ofKind('ingest'),
    redis: redisJson(health),
  }
  printer.object(json, () => lines(printer, platforms, connections, processes, health))
  for (const warning of redisWarnings(health)) printer.warn(warning)
  for (const warning of sunsetWarnings(all)) printer.warn(warning)
  const wrong = PLATFORM_IDS.filter((platform) => platforms[platform].unaccounted !== 0)
  if (wrong.length === 0) return
  const names = wrong.map((platform) => `${platform} (${platforms[platform].unaccounted} unaccounted for)`).join(', ')
  throw new CliError(EXIT.failed, 'BOOKS_WRONG', `The books do not add up: ${names}`, {
    nextStep: 'Run it once more; if it stays, keep the logs and report it',
    isAnswered: true,
  })
}

async function readPlatforms(
  redis: Redis,
  connections: readonly Connection[],
  config: Config,
): Promise<Record<PlatformId, PlatformStatus>> {
  const read = (platform: PlatformId): Promise<Books> => readBooks(redis, platform)
  const first = await Promise.all(PLATFORM_IDS.map(read))
  const isRight = first.every((books) => books.unaccounted === 0)
  if (!isRight) await delay(SECOND_LOOK_MS)
  const books = isRight ? first : await Promise.all(PLATFORM_IDS.map(read))
  const entries = PLATFORM_IDS.map(async (platform, index) => {
    const found = await platformStatus(redis, platform, books[index]!)
    const told = await toldOf(redis, platform, config.platforms[platform].eventsPerMinute, connections)
    const expiring = await expiringStatus(redis, platform, books[index]!, config.platforms[platform].eventsPerMinute)
    return [platform, { ...found, ...told, ...expiring, api_sunset_days: sunsetOf(platform, connections)?.days ?? null }] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as Record<PlatformId, PlatformStatus>
}

async function platformStatus(
  redis: Redis,
  platform: PlatformId,
  books: Books,
): Promise<Omit<PlatformStatus, 'api_sunset_days' | keyof PlatformTold | keyof ExpiringStatus>> {
  const [breaker, oldest, pauses] = await Promise.all([
    readBreaker(redis, platform),
    oldestWaitingSeconds(redis, platform),
    activePauses(redis, platform),
  ])
  const maintenance = pauses.find(({ reason }) => reason === 'maintenance')
  return {
    circuit: breaker.state,
    failure_count: breaker.failureCount,
    ...(breaker.openedBy === undefined ? {} : { opened_by: breaker.openedBy }),
    ...(breaker.recoveryAt === undefined ? {} : { recovery_at: instant(breaker.recoveryAt) }),
    ...(maintenance === undefined ? {} : { estimated_end: instant(maintenance.until) }),
    ...books,
    oldest_waiting_seconds: oldest,
    paused: pauses.map((pause: Pause) => ({ reason: pause.reason, until: untilJson(pause.until), message: pause.message })),
  }
}

const sunsetOf = (platform: PlatformId, connections: readonly Connection[]) =>
  nearestSunset(PLATFORMS[platform].api, connections, platform, Date.now())

const sunsetWarnings = (connections: readonly Connection[]): string[] =>
  PLATFORM_IDS.flatMap((platform) => {
    const sunset = sunsetOf(platform, connections)
    return sunset === undefined || sunset.days > SUNSET_WARNING_DAYS ? [] : [sunsetSentence(sunset)]
  })

const inErrorJson = ({ id, tenantId, platform, name, status }: Connection): object => ({
  connection_id: id,
  tenant_id: tenantId,
  platform,
  name,
  ...(status.state === 'error'
    ? { code: status.code, message: status.message, since: instant(status.since), action_required: status.actionRequired }
    : {}),
})

const processJson = ({ id, pid, host, platforms, startedAt, seenAt }: ProcessRecord): object => ({
  id,
  pid,
  host,
  platforms,
  started_at: instant(startedAt),
  seen_at: instant(seenAt),
})

const redisJson = (health: RedisHealth): object => ({
  version: health.version,
  memory_ratio: memoryRatio(health),
  aof: health.appendOnly,
  maxmemory_policy: health.maxMemoryPolicy,
})

/** Null where there is no limit to be near to. */
const memoryRatio = ({ usedMemoryBytes, maxMemoryBytes }: RedisHealth): number | null =>
  maxMemoryBytes > 0 ? Math.round((usedMemoryBytes / maxMemoryBytes) * 1_000) / 1_000 : null

function lines(
  printer: Printer,
  platforms: Readonly<Record<PlatformId, PlatformStatus>>,
  connections: readonly Connection[],
  processes: readonly ProcessRecord[],
  health: RedisHealth,
): string {
  const paused = PLATFORM_IDS.flatMap((platform) =>
    platforms[platform].paused.map(
      (pause) => `${platform} waits (${pause.reason}) until ${pause.until ?? 'it is resumed'}: ${pause.message}`,
    ),
  )
  const ill = connections.flatMap(({ id, tenantId, platform, status }) =>
    status.state === 'error'
      ? [`${printer.style('red', 'error')} ${platform} ${id} of ${tenantId}: ${status.code}. ${status.actionRequired}`]
      : [],
  )
  const ofKind = (kind: ProcessRecord['kind']) => processes.filter((process) => process.kind === kind).length
  const ratio = memoryRatio(health)
  const memory = ratio === null ? 'no memory limit' : `${Math.round(ratio * 100)} % of its memory`
  const server = `Redis ${health.version}, ${memory}, append-only file ${health.appendOnly ? 'on' : 'off'}, ${health.maxMemoryPolicy}`
  return [
    booksTable(printer, platforms),
    '',
    ...paused,
    ...PLATFORM_IDS.flatMap((platform) => expiringSentences(platform, platforms[platform])),
    ...ill,
    `${ofKind('worker')} workers, ${ofKind('ingest')} ingests. ${server}.`,
  ].join('\n')
}

function booksTable(printer: Printer, platforms: Readonly<Record<PlatformId, PlatformStatus>>): string {
  const count = (title: string, of: (row: PlatformStatus) => number): Column<PlatformId> => ({
    title,
    value: (platform) => of(platforms[platform]),
    align: 'right',
  })
  const columns: readonly Column<PlatformId>[] = [
    { title: 'PLATFORM', value: (platform) => platform },
    {
      title: 'CIRCUIT',
      value: (platform) => circuitText(platforms[platform]),
      style: (platform) => CIRCUIT_STYLE[platforms[platform].circuit],
    },
    count('ACCEPTED', (row) => row.accepted + row.imported),
    count('= DELIVERED', (row) => row.delivered),
    count('+ WAITING', (row) => row.waiting),
    count('+ HELD', (row) => row.held),
    count('+ ACTIVE', (row) => row.active),
    count('+ DEAD', (row) => row.dead),
    count('+ SKIPPED', (row) => row.skipped),
    count('+ REMOVED', (row) => row.removed),
    { ...count('UNACCOUNTED', (row) => row.unaccounted), style: (platform) => (platforms[platform].unaccounted === 0 ? undefined : 'red') },
    count('OLDEST S', (row) => row.oldest_waiting_seconds),
  ]
  return renderTable(PLATFORM_IDS, columns, (style, text) => printer.style(style, text))
}

const CIRCUIT_STYLE = { closed: 'green', 'half-open': 'yellow', open: 'red' } as const

function circuitText({ circuit, opened_by: openedBy, recovery_at: recoveryAt }: PlatformStatus): string {
  if (circuit !== 'open') return circuit
  return `open${openedBy === 'operator' ? ' by operator' : ''}${recoveryAt === undefined ? ' until closed' : ` until ${recoveryAt}`}`
}

const STATUS_HELP = `
The books, per platform: accepted (with imported) = delivered + waiting + held + active + dead + skipped + removed.

Examples:
  relay status
  relay status --json | jq .platforms.meta.oldest_waiting_seconds`
