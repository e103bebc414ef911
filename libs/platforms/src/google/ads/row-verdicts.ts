import type { JsonObject, JsonValue } from '@relay/core/json'
import type { GoogleClass } from '../reasons.ts'
import type { Quota, Verdict } from '../verdict-of.ts'
import { errorsOf, type RowError } from './failure-body.ts'
import { adsError } from './families.ts'

/** One error, and whom it hits. */
export interface Blame {
  readonly class: GoogleClass
  /** The error code's value, else what is known of it. */
  readonly name: string
  /** `whole`: every row would fail alike; `row`: one does, whether it is named or not. */
  readonly reach: 'row' | 'whole'
  readonly row: number | undefined
  /** The index was missing, which means 0 unless the results say otherwise. */
  readonly isGuess?: boolean
  readonly field?: string
  readonly advice?: string
  readonly laterHours?: number
  readonly quota?: Quota
  readonly platformCode?: string
}

export interface Blames {
  readonly rows: ReadonlyMap<number, Blame>
  /** The gravest that hits every row not named. */
  readonly whole: Blame | undefined
  /** The gravest that hits some row, nobody knows which. */
  readonly unnamed: Blame | undefined
}

/** Gravest first: of several errors about one row this decides, so that nothing recorded before hides what is wrong now. */
const GRAVITY: readonly GoogleClass[] = [
  'our-project',
  'credentials',
  'token-expired',
  'permission',
  'quota',
  'split',
  'config',
  'reject',
  'later',
  'retry',
  'unknown',
  'our-encoder',
  'collision',
  'duplicate',
]

const graver = (one: Blame | undefined, other: Blame): Blame =>
  one === undefined || GRAVITY.indexOf(other.class) < GRAVITY.indexOf(one.class) ? other : one

/** Without a code of its own `outcomeOf` takes the answer's. `split` is seen to before. */
export const bears = (blame: Blame): Verdict => ({ ...blame, class: blame.class === 'split' ? 'our-encoder' : blame.class })

export const blameOf = (details: JsonValue | undefined): readonly Blame[] => errorsOf(details).map(blameOfError)

function blameOfError(error: RowError): Blame {
  const { family, value, row, isGuess, field, quota } = error
  const meaning = adsError(family, value)
  const { class: kind, scope, advice, laterHours } = meaning
  return {
    class: kind,
    name: value,
    reach: scope === 'row' || scope === 'action' ? 'row' : 'whole',
    row,
    isGuess,
    field,
    platformCode: value,
    ...(advice === undefined ? {} : { advice }),
    ...(laterHours === undefined ? {} : { laterHours }),
    ...(kind === 'quota' ? { quota: quotaOf(meaning.daily === true, quota) } : {}),
  }
}

/** `rateScope` ACCOUNT holds one connection, DEVELOPER all of the Cloud project. */
const quotaOf = (daily: boolean, details: RowError['quota']): Quota => ({
  daily,
  scope: details?.ofAccount === true ? 'connection' : 'application',
  ...(details?.retryDelayMs === undefined ? {} : { waitMs: details.retryDelayMs }),
})

/** Sorts errors by whom they hit. An index past the last row names nobody. */
export function collect(blames: readonly Blame[], sent: readonly JsonObject[]): Blames {
  const rows = new Map<number, Blame>()
  let whole: Blame | undefined
  let unnamed: Blame | undefined
  for (const blame of blames) {
    if (blame.row !== undefined && blame.row < sent.length) rows.set(blame.row, graver(rows.get(blame.row), blame))
    else if (blame.reach === 'whole') whole = graver(whole, blame)
    else unnamed = graver(unnamed, blame)
  }
  return { rows, whole, unnamed }
}
