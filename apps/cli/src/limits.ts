import type { Connection } from '@relay/core/connection'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import { appendAudit } from '@relay/state/audit'
import { findConnection } from '@relay/state/connections'
import { readLimits, resetLimit, setLimit } from '@relay/state/limits'
import type { Command } from 'commander'
import { knownOrThrow } from './connection-refusal.ts'
import { CliError, EXIT } from './exit.ts'
import { limitJson, LIMIT_COLUMNS, limitRows, rateText } from './limit-rows.ts'
import { noteAction } from './operator-action.ts'
import { PLATFORM_CHOICE, readPlatform, readRate } from './options.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

export function addLimitCommands(program: Command): void {
  const limits = program
    .command('limits')
    .description('Rate limits: events a minute to a platform, or for one connection, over the whole fleet')

  limits
    .command('show')
    .description('Per platform, and per connection with a limit of its own: configured, set here, learned, in force')
    .option('--platform <platform>', 'of one platform', readPlatform)
    .option('--json', 'one JSON object per line, in events a minute')
    .addHelpText('after', SHOW_HELP)
    .action((options: CommonOptions & { platform?: PlatformId }) => withSession(options, (session) => show(session, options.platform)))

  limits
    .command('set')
    .description('Change a limit now, without a restart; it is kept until it is reset. In force within a second')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .argument('<rate>', 'such as 500/min, 10/s or 30000/h', readRate)
    .option('--connection <id>', 'of this connection alone; the limit of the platform holds besides')
    .option('--json', 'print {"platform", "connection_id", "was", "events_per_minute"}')
    .addHelpText('after', SET_HELP)
    .action((platform: PlatformId, rate: number, options: CommonOptions & { connection?: ConnectionId }) =>
      withSession(options, (session) => set(session, platform, rate, options.connection)),
    )

  limits
    .command('reset')
    .description('Back to what is configured: RELAY_<PLATFORM>_EVENTS_PER_MINUTE, or the connection’s own setting')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--connection <id>', 'of this connection alone')
    .option('--json', 'print {"platform", "connection_id", "was", "reset"}')
    .addHelpText('after', '\nExamples:\n  relay limits reset meta\n  relay limits reset meta --connection con_Zk3vB0t9QmXy2LpA')
    .action((platform: PlatformId, options: CommonOptions & { connection?: ConnectionId }) =>
      withSession(options, (session) => reset(session, platform, options.connection)),
    )
}

async function show(session: Session, platform: PlatformId | undefined): Promise<void> {
  const { printer } = session
  printer.list(await limitRows(session, platform), { json: limitJson, columns: LIMIT_COLUMNS, empty: '' })
}

/** The connection that was named, on this platform, or exit 3. */
async function namedConnection({ redis }: Session, platform: PlatformId, id: ConnectionId): Promise<Connection> {
  const connection = knownOrThrow(id, await findConnection(redis, id))
  if (connection.platform === platform) return connection
  throw new CliError(EXIT.notFound, 'UNKNOWN_CONNECTION', `Connection ${id} is one of ${connection.platform}, not of ${platform}`, {
    nextStep: `See those of ${platform} with relay connections list --platform ${platform}`,
    details: { connection_id: id, platform: connection.platform },
  })
}

async function set(session: Session, platform: PlatformId, rate: number, id: ConnectionId | undefined): Promise<void> {
  const { redis, printer, config } = session
  const connection = id === undefined ? undefined : await namedConnection(session, platform, id)
  const former = await readLimits(redis, platform)
  const was = (id === undefined ? former.platform : former.connections.get(id)) ?? null
  await setLimit(redis, scopeOf(platform, id), rate)
  await note(session, platform, connection, 'limit.set', { events_per_minute: rate, was: was ?? 'configured' })
  printer.object({ platform, connection_id: id ?? null, was, events_per_minute: rate }, () =>
    [
      `The limit of ${id ?? platform} is ${rateText(rate)} now${was === null ? '' : `; it was set to ${rateText(was)}`}.`,
      `Back to what is configured: relay limits reset ${platform}${id === undefined ? '' : ` --connection ${id}`}`,
    ].join('\n'),
  )
  const ofPlatform = former.platform ?? config.platforms[platform].eventsPerMinute
  if (id !== undefined && rate > ofPlatform) {
    printer.warn(`It is above the limit of all ${platform} connections together, ${rateText(ofPlatform)}, which goes on to hold.`)
  }
}

async function reset(session: Session, platform: PlatformId, id: ConnectionId | undefined): Promise<void> {
  const { redis, printer } = session
  // A limit outlives its connection; it may be reset by the id all the same.
  const former = await readLimits(redis, platform)
  const was = (id === undefined ? former.platform : former.connections.get(id)) ?? null
  const connection = id === undefined || was !== null ? undefined : await namedConnection(session, platform, id)
  const isReset = await resetLimit(redis, scopeOf(platform, id))
  const owner = connection ?? (id === undefined ? undefined : await findConnection(redis, id))
  await note(session, platform, owner, 'limit.reset', { was: was ?? 'configured', ...(id === undefined ? {} : { connection_id: id }) })
  printer.object({ platform, connection_id: id ?? null, was, reset: isReset }, () =>
    isReset
      ? `The limit of ${id ?? platform} is the configured one again.`
      : `No limit was set for ${id ?? platform}; nothing was changed.`,
  )
}

const scopeOf = (platform: PlatformId, connection: ConnectionId | undefined) => ({
  platform,
  ...(connection === undefined ? {} : { connection }),
})

/** A connection's limit is in its tenant's trail, a platform's in that of the fleet. */
async function note(
  session: Session,
  platform: PlatformId,
  connection: Connection | undefined,
  action: 'limit.set' | 'limit.reset',
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  if (connection === undefined) return noteAction(session, platform, action, details)
  const entry = { at: Date.now(), action, actor: session.actor, details: { platform, connection_id: connection.id, ...details } }
  await appendAudit(session.redis, connection.tenantId, entry)
}

const SHOW_HELP = `
configured  RELAY_<PLATFORM>_EVENTS_PER_MINUTE of this shell, which should be that of the workers; events_per_minute of the connection
set         with relay limits set; wins over what is configured
learned     what the platform throttles to, while it does; regained by itself
in force    the least of them; for a minute after a maintenance a growing share, from a quarter on

Examples:
  relay limits show
  relay limits show --platform meta --json`

const SET_HELP = `
At most this many events leave in any 60 seconds, wherever they begin. To send nothing at all: relay queues pause PLATFORM.

Examples:
  relay limits set meta 500/min
  relay limits set tiktok 5/s --connection con_Zk3vB0t9QmXy2LpA`
