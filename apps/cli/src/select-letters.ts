import type { PlatformId } from '@relay/core/ids'
import { isPlatformId, PLATFORM_IDS } from '@relay/core/ids'
import { letterStates, readLetters, selectLetters } from '@relay/queue/dead-letters'
import type { Letter } from '@relay/queue/letter'
import type { LetterBox } from '@relay/state/keys'
import type { Redis } from 'ioredis'
import { emptyingFilter, emptySelection, type FilterOptions, PLATFORM_BOXES, selectionOf, type Selection } from './dlq-filters.ts'
import { CliError, EXIT } from './exit.ts'
import { type Candidate, candidateOf } from './replay-plan.ts'

const PAGE = 500

/** The newest `limit` letters that match, over all boxes. */
export async function newestLetters(redis: Redis, { boxes, filter }: Selection, limit: number): Promise<Letter[]> {
  const perBox = await Promise.all(boxes.map(async (box) => readLetters(redis, box, await selectLetters(redis, box, filter, limit))))
  return perBox
    .flat()
    .toSorted((a, b) => Date.parse(b.died_at) - Date.parse(a.died_at))
    .slice(0, limit)
}

/** Exit 3 for a selection that turned out empty, naming the filter that emptied it. */
export async function failEmpty(redis: Redis, options: FilterOptions, everyBox: readonly LetterBox[]): Promise<CliError> {
  const isAny = async (some: FilterOptions): Promise<boolean> => {
    const { boxes, filter } = selectionOf(some, everyBox)
    for (const box of boxes) if ((await selectLetters(redis, box, filter, 1)).length > 0) return true
    return false
  }
  return emptySelection(await emptyingFilter(options, isAny), options)
}

/** All that match the filters; a letter of the inbox is no delivery and cannot be replayed. */
export async function candidatesByFilter(redis: Redis, options: FilterOptions): Promise<Candidate[]> {
  const { boxes, filter } = selectionOf(options, PLATFORM_BOXES)
  const candidates: Candidate[] = []
  for (const box of boxes) {
    if (isPlatformId(box)) candidates.push(...(await readCandidates(redis, box, await selectLetters(redis, box, filter))))
  }
  if (candidates.length === 0) throw await failEmpty(redis, options, PLATFORM_BOXES)
  return candidates
}

/** Those that were named, each once, in any state. Exit 3 where one does not exist: then nothing is selected at all. */
export async function candidatesById(redis: Redis, ids: readonly string[]): Promise<Candidate[]> {
  const missing = new Set(ids)
  const candidates: Candidate[] = []
  for (const platform of PLATFORM_IDS) {
    const asked = [...missing]
    const states = await letterStates(redis, platform, asked)
    const here = asked.filter((_, place) => states[place] !== undefined)
    for (const id of here) missing.delete(id)
    candidates.push(...(await readCandidates(redis, platform, here)))
  }
  if (missing.size > 0) {
    const shown = [...missing].slice(0, 5).join(', ')
    throw new CliError(
      EXIT.notFound,
      'UNKNOWN_LETTER',
      `There is no letter ${shown}${missing.size > 5 ? ` and ${missing.size - 5} more` : ''}`,
      {
        nextStep: 'Letters are kept for 30 days, delivered ones for a day; relay dlq list shows what is there',
        details: { ids: [...missing].slice(0, 100) },
      },
    )
  }
  if (candidates.length === 0) throw new CliError(EXIT.notFound, 'EMPTY_SELECTION', 'No id was given', { nextStep: 'Give ids, or filters' })
  return candidates
}

async function readCandidates(redis: Redis, platform: PlatformId, ids: readonly string[]): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (let start = 0; start < ids.length; start += PAGE) {
    const letters = await readLetters(redis, platform, ids.slice(start, start + PAGE))
    candidates.push(...letters.map((letter) => candidateOf(platform, letter)))
  }
  return candidates
}
