import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { readHolds } from '@relay/state/holds'
import { declareMaintenance, endDeclaredMaintenance, readDeclaredMaintenance } from '@relay/state/maintenance'
import { type MaintenanceWindow, windowState } from '@relay/state/maintenance-rule'
import { activePauses, endPause, recognisedMaintenance } from '@relay/state/pause-reasons'
import type { Command } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { afterEnd, holdJson, instant } from './hold-rows.ts'
import { noteHoldAction } from './operator-action.ts'
import { PLATFORM_CHOICE, readComingInstant, readPlatform, readReason } from './options.ts'
import type { Column } from './print.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

export function addMaintenanceCommands(program: Command): void {
  const maintenance = program
    .command('maintenance')
    .description('Maintenance of a platform: declared here, now or in advance, or told by the platform itself')
  addStartCommand(maintenance)

  maintenance
    .command('end')
    .description('End what is in force now, declared or told by the platform; or one window, also before it begins')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--id <id>', 'only this window, as relay maintenance list shows it')
    .option('--json', 'print {"platform", "ended": [ids], "recognised_ended", "reasons"}; reasons are those that are left')
    .addHelpText('after', END_HELP)
    .action((platform: PlatformId, options: CommonOptions & { id?: string }) =>
      withSession(options, (session) => end(session, platform, options.id)),
    )

  maintenance
    .command('list')
    .description('What is in force and what is announced, by platform and time')
    .option('--platform <platform>', 'of one platform', readPlatform)
    .option('--json', 'one JSON object per line: {"platform", "id", "state", "from", "until", "reason", "source", "by"}')
    .addHelpText('after', '\nExample:\n  relay maintenance list --platform meta')
    .action((options: CommonOptions & { platform?: PlatformId }) => withSession(options, (session) => list(session, options.platform)))
}

interface StartOptions extends CommonOptions {
  readonly until: number
  readonly from?: number
  readonly reason: string
}

function addStartCommand(maintenance: Command): void {
  const readInstant = readComingInstant(Date.now())
  maintenance
    .command('start')
    .description('Declare it: from then on nothing is sent until its end, and no attempt is used. Events are accepted all the same')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .requiredOption('--until <instant>', 'its end: an instant with zone, or a duration from now such as 2h', readInstant)
    .requiredOption('--reason <text>', 'shown to operators and tenants', readReason)
    .option('--from <instant>', 'its beginning, announced in advance; default: now', readInstant)
    .option('--json', 'print {"platform", "id", "state", "from", "until", "reason", "source", "by"}')
    .addHelpText('after', START_HELP)
    .action((platform: PlatformId, options: StartOptions) => withSession(options, (session) => start(session, platform, options)))
}

interface MaintenanceRow extends Omit<MaintenanceWindow, 'id' | 'from' | 'by'> {
  readonly platform: PlatformId
  readonly state: 'announced' | 'in_force'
  /** Absent where the platform itself told of it. */
  readonly id?: string
  readonly from?: number
  readonly by?: string
}

async function start(session: Session, platform: PlatformId, { until, from, reason }: StartOptions): Promise<void> {
  const now = Date.now()
  if (until <= Math.max(now, from ?? now)) {
    const what = until <= now ? 'The end of the maintenance is over already' : 'The maintenance would end before it begins'
    throw new CliError(EXIT.usage, 'USAGE', what, { nextStep: 'Give an --until that lies in the future, after --from' })
  }
  const { redis, printer, actor } = session
  const declared = await declareMaintenance(redis, platform, { from, until, reason, by: actor })
  const { window } = declared
  const state = windowState(window, declared.now) === 'announced' ? 'announced' : 'in_force'
  const details = { id: window.id, from: instant(window.from), until: instant(until), reason }
  await noteHoldAction(session, platform, 'maintenance.declared', details)
  const longest = (await activePauses(redis, platform)).find((pause) => pause.reason === 'maintenance')?.until ?? until
  printer.object(rowJson({ ...window, platform, state }), () =>
    [
      state === 'announced'
        ? `Maintenance ${window.id} of ${platform} is announced from ${instant(window.from)} until ${instant(until)}.`
        : `Maintenance ${window.id} of ${platform} is in force until ${instant(until)}: nothing is sent, no attempt is used.`,
      ...(longest > until ? [`Another one goes on until ${instant(longest)}; relay maintenance list shows both.`] : []),
      `To end it before: relay maintenance end ${platform} --id ${window.id}`,
    ].join('\n'),
  )
}

async function end(session: Session, platform: PlatformId, id: string | undefined): Promise<void> {
  const { redis, printer } = session
  const ended = await endDeclaredMaintenance(redis, platform, id)
  const isRecognisedEnded = id === undefined && (await endPause(redis, platform, 'maintenance'))
  if (ended.length === 0 && !isRecognisedEnded) throw await nothingToEnd(session, platform, id)
  const ids = ended.map((window) => window.id)
  await noteHoldAction(session, platform, 'maintenance.ended', {
    ...(ids.length === 0 ? {} : { ids: ids.join(',') }),
    ...(isRecognisedEnded ? { recognised: 'ended' } : {}),
  })
  const holds = await readHolds(redis, platform)
  printer.object({ platform, ended: ids, recognised_ended: isRecognisedEnded, reasons: holds.map(holdJson) }, () => {
    const what = [...ids, ...(isRecognisedEnded ? ['what the platform told of'] : [])].join(', ')
    const ramp = holds.length === 0 ? ' It returns with a quarter of its rate limit, growing to the whole within a minute.' : ''
    return `Maintenance of ${platform} is ended: ${what}.\n${afterEnd(platform, holds)}${ramp}`
  })
}

async function nothingToEnd({ redis }: Session, platform: PlatformId, id: string | undefined): Promise<CliError> {
  if (id !== undefined) {
    return new CliError(EXIT.notFound, 'UNKNOWN_MAINTENANCE', `There is no maintenance ${id} of ${platform}, or it is over`, {
      nextStep: `See all with relay maintenance list --platform ${platform}`,
      details: { platform, id },
    })
  }
  const { windows, now } = await readDeclaredMaintenance(redis, platform)
  const announced = windows.find((window) => windowState(window, now) === 'announced')
  const nextStep =
    announced === undefined
      ? 'See all with relay maintenance list'
      : `One is announced from ${instant(announced.from)}; to call it off: relay maintenance end ${platform} --id ${announced.id}`
  return new CliError(EXIT.notFound, 'NO_MAINTENANCE', `No maintenance of ${platform} is in force`, { nextStep, details: { platform } })
}

async function list({ redis, printer }: Session, only: PlatformId | undefined): Promise<void> {
  const platforms = only === undefined ? PLATFORM_IDS : [only]
  const rows = (await Promise.all(platforms.map((platform) => rowsOf(redis, platform)))).flat()
  printer.list(rows, { json: rowJson, columns: COLUMNS, empty: 'No maintenance is in force or announced.' })
}

async function rowsOf(redis: Session['redis'], platform: PlatformId): Promise<MaintenanceRow[]> {
  const [{ windows, now }, recognised] = await Promise.all([
    readDeclaredMaintenance(redis, platform),
    recognisedMaintenance(redis, platform),
  ])
  const declared = windows.flatMap((window): MaintenanceRow[] => {
    const state = windowState(window, now)
    return state === 'over' ? [] : [{ ...window, platform, state }]
  })
  const told: MaintenanceRow[] =
    recognised === undefined ? [] : [{ platform, state: 'in_force', until: recognised.until, reason: recognised.message }]
  return [...told, ...declared.toSorted((a, b) => (a.from ?? 0) - (b.from ?? 0))]
}

const rowJson = ({ platform, id, state, from, until, reason, by }: MaintenanceRow): object => ({
  platform,
  id: id ?? null,
  state,
  from: from === undefined ? null : instant(from),
  until: instant(until),
  reason,
  source: id === undefined ? 'platform' : 'operator',
  by: by ?? null,
})

const COLUMNS: readonly Column<MaintenanceRow>[] = [
  { title: 'PLATFORM', value: ({ platform }) => platform },
  { title: 'ID', value: ({ id }) => id ?? '-' },
  { title: 'STATE', value: ({ state }) => state.replace('_', ' '), style: ({ state }) => (state === 'in_force' ? 'yellow' : 'dim') },
  { title: 'FROM', value: ({ from }) => (from === undefined ? '-' : instant(from)) },
  { title: 'UNTIL', value: ({ until }) => instant(until) },
  { title: 'BY', value: ({ by }) => by ?? 'the platform' },
  { title: 'REASON', value: ({ reason }) => reason },
]

const START_HELP = `
Windows may overlap: the platform waits as long as one of them is in force. After the end the fleet returns in a ramp: with a quarter of
the platform's rate limit, growing to the whole within a minute.

Examples:
  relay maintenance start meta --until 2h --reason "Graph API upgrade"
  relay maintenance start google --from 2026-12-01T02:00:00Z --until 2026-12-01T04:00:00Z --reason "announced by Google"`

const END_HELP = `
Exit 3 where nothing is in force. Other reasons to wait (relay queues list) stay.

Examples:
  relay maintenance end meta
  relay maintenance end meta --id mnt_0f3a9c1d2b4e`
