import type { EpochMs } from '@relay/core/clock'
import { PLATFORM_IDS } from '@relay/core/ids'
import type { LetterFilter } from '@relay/queue/dead-letters'
import type { LetterBox } from '@relay/state/keys'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { readInstant } from './options.ts'

/** The filters of all `dlq` commands, as commander hands them over. */
export interface FilterOptions extends LetterFilter {
  readonly platform?: LetterBox
}

export interface Selection {
  readonly boxes: readonly LetterBox[]
  readonly filter: LetterFilter
}

/** Filters in the order in which they are applied when the one is looked for that leaves nothing. */
const FILTERS = [
  'platform',
  'tenant',
  'connection',
  'code',
  'event',
  'fingerprint',
  'since',
  'until',
  'state',
] as const satisfies readonly (keyof FilterOptions)[]

/** `boxes`: where letters may be looked for; a platform, or also the inbox. */
export function addFilterOptions(command: Command, boxes: readonly LetterBox[], now: EpochMs): Command {
  return command
    .addOption(new Option('--platform <platform>', boxes.join(', ')).argParser(readBox(boxes)))
    .option('--tenant <id>', 'of one tenant')
    .option('--connection <id>', 'of one connection')
    .option('--code <code>', 'why they died, such as EVENT_REJECTED')
    .option('--event <name>', 'canonical or custom event name')
    .option('--fingerprint <hex>', 'of one kind of death, as list shows it')
    .option('--since <when>', 'died at or after: 2h ago, or an instant', readInstant(now))
    .option('--until <when>', 'died before: 30m ago, or an instant', readInstant(now))
}

export const hasFilter = (options: FilterOptions): boolean => FILTERS.some((name) => options[name] !== undefined)

export function selectionOf(options: FilterOptions, everyBox: readonly LetterBox[]): Selection {
  const { platform, tenant, connection, code, event, fingerprint, since, until, state } = options
  const given = Object.entries({ tenant, connection, code, event, fingerprint, since, until, state }).filter(
    ([, value]) => value !== undefined,
  )
  return { boxes: platform === undefined ? everyBox : [platform], filter: Object.fromEntries(given) }
}

/**
 * Which filter left nothing: they are taken one after the other, and the first with which nothing matches any more is named. `isAny` tells whether
 * anything matches a set of filters.
 */
export async function emptyingFilter(
  options: FilterOptions,
  isAny: (options: FilterOptions) => Promise<boolean>,
): Promise<keyof FilterOptions | undefined> {
  let taken: FilterOptions = options.state === undefined ? {} : { state: options.state }
  if (!(await isAny(taken))) return options.state === undefined ? undefined : 'state'
  for (const name of FILTERS) {
    if (options[name] === undefined) continue
    taken = { ...taken, [name]: options[name] }
    if (!(await isAny(taken))) return name
  }
  return undefined
}

/** Exit 3, saying which filter it was. */
export function emptySelection(emptying: keyof FilterOptions | undefined, options: FilterOptions): CliError {
  const state = options.state ?? 'dead'
  if (emptying === undefined) {
    return new CliError(EXIT.notFound, 'EMPTY_SELECTION', `No letter is ${state}`, {
      nextStep: 'There is nothing to do',
      details: { filter: null },
    })
  }
  const value = emptying === 'since' || emptying === 'until' ? new Date(options[emptying] ?? 0).toISOString() : String(options[emptying])
  return new CliError(EXIT.notFound, 'EMPTY_SELECTION', `No letter matches: --${emptying} ${value} leaves none`, {
    nextStep: `Correct --${emptying}, or see what there is with relay dlq stats`,
    details: { filter: emptying },
  })
}

export const PLATFORM_BOXES: readonly LetterBox[] = PLATFORM_IDS
export const ALL_BOXES: readonly LetterBox[] = [...PLATFORM_IDS, 'inbox']

const readBox =
  (boxes: readonly LetterBox[]) =>
  (text: string): LetterBox => {
    const box = boxes.find((known) => known === text)
    if (box !== undefined) return box
    throw new InvalidArgumentError(`Known are ${boxes.join(', ')}.`)
  }
