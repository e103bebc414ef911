import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { type Books, readBooks } from '@relay/state/books'
import { type Hold, readHolds } from '@relay/state/holds'
import { addPause, endPause } from '@relay/state/pause-reasons'
import { oldestWaitingSeconds } from '@relay/state/queue-age'
import { WITHOUT_END } from '@relay/state/without-end'
import type { Command } from 'commander'
import { afterEnd, holdJson, holdText } from './hold-rows.ts'
import { noteHoldAction } from './operator-action.ts'
import { PLATFORM_CHOICE, readPlatform, readReason } from './options.ts'
import { type Column, type Printer, renderTable } from './print.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

export function addQueueCommands(program: Command): void {
  const queues = program.command('queues').description('The queues of the platforms: what waits, why, and an operator’s hold on them')

  queues
    .command('list')
    .description('Per platform: waiting, held, active, the oldest, and every reason for which it waits')
    .option('--json', 'one JSON object per line: {"platform", "state", "waiting", "held", "active", "oldest_waiting_seconds", "reasons"}')
    .addHelpText('after', LIST_HELP)
    .action((options: CommonOptions) => withSession(options, list))

  queues
    .command('pause')
    .description('Send nothing to a platform until it is resumed. What waits keeps waiting; no attempt is used')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--reason <text>', 'shown in relay queues list and relay status', readReason)
    .option('--json', 'print {"platform", "changed", "reasons"}')
    .addHelpText('after', '\nExample:\n  relay queues pause meta --reason "checking the pixel with the agency"')
    .action((platform: PlatformId, options: CommonOptions & { reason?: string }) =>
      withSession(options, (session) => pause(session, platform, options.reason)),
    )

  queues
    .command('resume')
    .description('End the operator’s hold. Other reasons (breaker, maintenance, limit, configuration) stay in force')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--json', 'print {"platform", "changed", "reasons"}; reasons are those that are left')
    .addHelpText('after', '\nExample:\n  relay queues resume meta')
    .action((platform: PlatformId, options: CommonOptions) => withSession(options, (session) => resume(session, platform)))
}

interface QueueRow extends Pick<Books, 'waiting' | 'held' | 'active'> {
  readonly platform: PlatformId
  readonly oldest: number
  readonly holds: readonly Hold[]
}

async function list({ redis, printer }: Session): Promise<void> {
  const rows = await Promise.all(
    PLATFORM_IDS.map(async (platform): Promise<QueueRow> => {
      const [books, oldest, holds] = await Promise.all([
        readBooks(redis, platform),
        oldestWaitingSeconds(redis, platform),
        readHolds(redis, platform),
      ])
      return { platform, waiting: books.waiting, held: books.held, active: books.active, oldest, holds }
    }),
  )
  printer.list(rows, { json: queueJson, columns: COLUMNS, empty: '' })
  const reasons = rows.flatMap(({ platform, holds }) => holds.map((hold) => ({ platform, hold })))
  if (reasons.length > 0) printer.say(`\n${reasonsTable(printer, reasons)}`)
}

const queueJson = ({ platform, waiting, held, active, oldest, holds }: QueueRow): object => ({
  platform,
  state: stateOf(holds),
  waiting,
  held,
  active,
  oldest_waiting_seconds: oldest,
  reasons: holds.map(holdJson),
})

const stateOf = (holds: readonly Hold[]): 'running' | 'waiting' => (holds.length === 0 ? 'running' : 'waiting')

const COLUMNS: readonly Column<QueueRow>[] = [
  { title: 'PLATFORM', value: ({ platform }) => platform },
  { title: 'STATE', value: ({ holds }) => stateOf(holds), style: ({ holds }) => (holds.length === 0 ? 'green' : 'yellow') },
  { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
  { title: 'HELD', value: ({ held }) => held, align: 'right' },
  { title: 'ACTIVE', value: ({ active }) => active, align: 'right' },
  { title: 'OLDEST S', value: ({ oldest }) => oldest, align: 'right' },
  { title: 'WAITS FOR', value: ({ holds }) => (holds.length === 0 ? '-' : holds.map(({ reason }) => reason).join(', ')) },
]

const reasonsTable = (printer: Printer, rows: readonly { readonly platform: PlatformId; readonly hold: Hold }[]): string =>
  renderTable(
    rows,
    [
      { title: 'PLATFORM', value: ({ platform }) => platform },
      { title: 'WAITS FOR', value: ({ hold }) => holdText(hold) },
    ],
    (style, text) => printer.style(style, text),
  )

async function pause(session: Session, platform: PlatformId, reason: string | undefined): Promise<void> {
  const { redis, printer, actor } = session
  const message = reason === undefined ? `paused by ${actor}` : `paused by ${actor}: ${reason}`
  const changed = await addPause(redis, platform, { reason: 'operator', until: WITHOUT_END, message })
  await noteHoldAction(session, platform, 'queue.paused', reason === undefined ? {} : { reason })
  const holds = await readHolds(redis, platform)
  printer.object({ platform, changed, reasons: holds.map(holdJson) }, () =>
    [
      changed ? `${platform} is paused: nothing more is sent to it.` : `${platform} was paused already.`,
      `What waits keeps waiting and uses no attempt. To let it go: relay queues resume ${platform}`,
    ].join('\n'),
  )
}

async function resume(session: Session, platform: PlatformId): Promise<void> {
  const { redis, printer } = session
  const changed = await endPause(redis, platform, 'operator')
  await noteHoldAction(session, platform, 'queue.resumed', changed ? {} : { changed: 'no' })
  const holds = await readHolds(redis, platform)
  printer.object({ platform, changed, reasons: holds.map(holdJson) }, () =>
    [changed ? `${platform} is resumed.` : `${platform} was not paused.`, afterEnd(platform, holds)].join('\n'),
  )
}

const LIST_HELP = `
Reasons: operator (relay queues pause), breaker (relay breakers list), maintenance (relay maintenance list), limit (the platform throttles
all of it), configuration (our app, project or URL is wrong there). A queue runs when it has none; the end of one leaves the others.

Examples:
  relay queues list
  relay queues list --json | jq 'select(.state == "waiting") | .reasons'`
