import { letterStats } from '@relay/queue/dead-letters'
import type { Letter, LetterState } from '@relay/queue/letter'
import { type Command, Option } from 'commander'
import { addFilterOptions, ALL_BOXES, type FilterOptions, PLATFORM_BOXES, selectionOf } from './dlq-filters.ts'
import { purge, type PurgeOptions } from './dlq-purge.ts'
import { replay, type ReplayOptions } from './dlq-replay.ts'
import { show } from './dlq-show.ts'
import { readCount } from './options.ts'
import { shorten } from './print.ts'
import { newestLetters } from './select-letters.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

const STATES = ['dead', 'queued', 'delivered'] as const satisfies readonly LetterState[]

export function addDlqCommands(program: Command): void {
  const dlq = program.command('dlq').description('Dead letters: deliveries that were given up, kept until replayed or purged')
  const now = Date.now()
  addReadingCommands(dlq, now)

  addFilterOptions(dlq.command('replay'), PLATFORM_BOXES, now)
    .description('Put letters back into the queue: shows a plan, asks, moves, watches until each is delivered or dead again')
    .argument('[id...]', 'letters by id, instead of filters')
    .option('--ids-from <file>', 'ids from a file, - for standard input')
    .option('--all', 'every dead letter; must be said where no filter is given')
    .option('--dry-run', 'show the plan and move nothing')
    .option('--include-ambiguous', 'also those that the platform may have taken already')
    .option('--force', 'also those whose connection is in error, disabled or gone')
    .option('--again', 'also those that were replayed twice before')
    .option('--yes', 'do not ask')
    .option('--json', 'print the sum as one JSON object; plan and progress go to standard error')
    .addHelpText('after', REPLAY_HELP)
    .action((ids: string[], options: ReplayOptions) => withSession(options, (session) => replay(session, ids, options)))

  addFilterOptions(dlq.command('purge'), ALL_BOXES, now)
    .description('Remove dead letters for good; the books count them as removed')
    .option('--all', 'every dead letter; must be said where no filter is given')
    .option('--dry-run', 'count and remove nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print {"selected", "purged"}')
    .addHelpText(
      'after',
      '\nExamples:\n  relay dlq purge --code EVENT_TOO_OLD --dry-run\n  relay dlq purge --platform meta --until 20d --yes',
    )
    .action((options: PurgeOptions) => withSession(options, (session) => purge(session, options)))
}

function addReadingCommands(dlq: Command, now: number): void {
  addFilterOptions(dlq.command('list'), ALL_BOXES, now)
    .description('Letters that match, the latest death first')
    .addOption(new Option('--state <state>', 'what became of them').choices(STATES).default('dead'))
    .option('--limit <n>', 'at most so many', readCount, 50)
    .option('--json', 'one JSON object per line')
    .addHelpText(
      'after',
      '\nExamples:\n  relay dlq list --platform meta --since 2h\n  relay dlq list --code EVENT_REJECTED --limit 1000 --json',
    )
    .action((options: CommonOptions & FilterOptions & { limit: number }) => withSession(options, (session) => list(session, options)))

  dlq
    .command('show')
    .description('Everything of one letter: each attempt, why it died, and the request it would send now (secrets as ***)')
    .argument('<id>', 'as relay dlq list shows it')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  relay dlq show nN3QyTjAq3zGv0b1T0pXhA')
    .action((id: string, options: CommonOptions) => withSession(options, (session) => show(session, id)))

  dlq
    .command('stats')
    .description('How many are dead, by platform, code and connection')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  relay dlq stats')
    .action((options: CommonOptions) => withSession(options, stats))
}

async function list({ redis, printer }: Session, options: FilterOptions & { readonly limit: number }): Promise<void> {
  const letters = await newestLetters(redis, selectionOf(options, ALL_BOXES), options.limit)
  printer.list(letters, {
    json: (letter) => letter,
    columns: [
      { title: 'LETTER', value: (letter: Letter) => letter.id },
      { title: 'DIED', value: (letter) => letter.died_at },
      { title: 'PLATFORM', value: (letter) => letter.platform },
      { title: 'CONNECTION', value: (letter) => letter.connection_id },
      { title: 'EVENT', value: (letter) => shorten(letter.event_name, 24) },
      { title: 'CODE', value: (letter) => letter.code },
      { title: 'FINGERPRINT', value: (letter) => letter.fingerprint },
      { title: 'MESSAGE', value: (letter) => shorten(letter.message, 48) },
    ],
    empty: 'No letter matches.',
  })
  if (letters.length === options.limit && !printer.isJson) printer.warn(`These are the latest ${options.limit}; --limit shows more.`)
}

async function stats({ redis, printer }: Session): Promise<void> {
  const now = Date.now()
  const perBox = await Promise.all(
    ALL_BOXES.map(async (box) => (await letterStats(redis, box, now)).map((count) => ({ platform: box, ...count }))),
  )
  printer.list(perBox.flat(), {
    json: (row) => row,
    columns: [
      { title: 'PLATFORM', value: (row) => row.platform },
      { title: 'CODE', value: (row) => row.code },
      { title: 'CONNECTION', value: (row) => row.connection_id },
      { title: 'DEAD', value: (row) => row.count, align: 'right' },
      { title: 'OLDEST', value: (row) => row.oldest },
      { title: 'LAST HOUR', value: (row) => `+${row.last_hour}`, align: 'right' },
    ],
    empty: 'No dead letters.',
  })
}

const REPLAY_HELP = `
Letters past their deadline are never sent. The sum of a run adds up: delivered + died again + skipped + cancelled = selected.
Exit 0 when the run is done, also where letters died again; 1 when it was cancelled or stopped; 3 when nothing matches.

Examples:
  relay dlq replay --platform meta --code PLATFORM_ERROR --since 2h
  relay dlq replay --connection con_Zk3vB0t9QmXy2LpA --dry-run
  relay dlq replay nN3QyTjAq3zGv0b1T0pXhA --yes --json
  relay dlq list --code TIMEOUT --json | jq -r .id | relay dlq replay --ids-from - --yes`
