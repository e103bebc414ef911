import { purgeLetters, readLetters, selectLetters } from '@relay/queue/dead-letters'
import { appendAudit } from '@relay/state/audit'
import type { LetterBox } from '@relay/state/keys'
import { isTenantId } from '@relay/state/tenants'
import { confirmCount } from './confirm-count.ts'
import { ALL_BOXES, type FilterOptions, hasFilter, selectionOf } from './dlq-filters.ts'
import { CliError, EXIT } from './exit.ts'
import { failEmpty } from './select-letters.ts'
import type { CommonOptions, Session } from './session.ts'

export interface PurgeOptions extends CommonOptions, FilterOptions {
  readonly all?: true
  readonly dryRun?: true
  readonly yes?: true
}

const PAGE = 500

/** Removes what matches for good; the books count it as removed. */
export async function purge(session: Session, options: PurgeOptions): Promise<void> {
  const { redis, printer } = session
  if (!hasFilter(options) && options.all !== true) {
    throw new CliError(EXIT.usage, 'USAGE', 'Nothing says which letters', { nextStep: 'Give filters, or --all for every dead letter' })
  }
  const { boxes, filter } = selectionOf(options, ALL_BOXES)
  const found = await Promise.all(boxes.map(async (box) => [box, await selectLetters(redis, box, filter)] as const))
  const selected = found.reduce((total, [, ids]) => total + ids.length, 0)
  if (selected === 0) throw await failEmpty(redis, options, ALL_BOXES)
  if (options.dryRun === true) return printer.object({ selected }, () => `${selected} letters would be removed for good.`)

  await confirmCount({ verb: 'purge', count: selected, isYes: options.yes === true })
  let purged = 0
  for (const [box, ids] of found) {
    for (let start = 0; start < ids.length; start += PAGE) purged += await purgePage(session, box, ids.slice(start, start + PAGE))
  }
  printer.object({ selected, purged }, () => `${purged} letter${purged === 1 ? '' : 's'} removed for good.`)
}

/** The trail is written first: a removal that nobody can trace must not be. */
async function purgePage({ redis, actor }: Session, box: LetterBox, ids: readonly string[]): Promise<number> {
  const letters = await readLetters(redis, box, ids)
  for (const [tenant, own] of Map.groupBy(letters, (letter) => letter.tenant_id)) {
    if (!isTenantId(tenant)) continue
    const entry = { at: Date.now(), action: 'letters.purged' as const, actor, details: { platform: box, letters: own.length } }
    await appendAudit(redis, tenant, entry)
  }
  return purgeLetters(redis, box, ids)
}
