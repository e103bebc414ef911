import type { JsonObject } from '@relay/core/json'
import { ACCEPTANCE_MS, PAGES } from '@relay/platforms/meta/api'
import { ERROR_ROWS } from '@relay/platforms/meta/classify'
import { examples } from '@relay/platforms/meta/examples'
import { meta } from '@relay/platforms/meta/index'
import { UNCONFIRMED } from '@relay/platforms/meta/unconfirmed'
import type { Sourced } from '@relay/platforms/contract'
import { answerOf, outcomesOf, type CodeRow, type PlatformDocument } from './document.ts'
import { sampleEvent } from './sample-event.ts'

const settings = { pixel_id: '1234567890' }
const DAY_MS = 86_400_000
const inDays = ({ value, page, read }: Sourced<number>): Sourced<number> => ({ value: value / DAY_MS, page, read })

const first = (range: number | readonly [number, number]): number => (typeof range === 'number' ? range : range[0])
const nameOf = (range: number | readonly [number, number]): string => (typeof range === 'number' ? String(range) : range.join('–'))

const codeRow = (row: (typeof ERROR_ROWS)[number]): CodeRow => {
  const error: JsonObject = { code: first(row.code), ...(row.subcode === undefined ? {} : { error_subcode: first(row.subcode) }) }
  return {
    name: row.subcode === undefined ? nameOf(row.code) : `${nameOf(row.code)}/${nameOf(row.subcode)}`,
    class: row.class,
    scope: row.scope,
    page: PAGES[row.page],
    meaning: row.meaning,
    outcomes: (count) => outcomesOf(meta, settings, sampleEvent({}), answerOf(400, { error }), count),
  }
}

const special = (name: string, meaning: string, error: JsonObject): CodeRow => ({
  name,
  meaning,
  class: '',
  scope: '',
  page: PAGES.ERR,
  outcomes: (count) => outcomesOf(meta, settings, sampleEvent({}), answerOf(400, { error }), count),
})

export const metaDocument: PlatformDocument = {
  platform: meta,
  about: 'Conversions API, server events. A request is taken or refused whole; tokens do not expire by a clock.',
  settings,
  variants: [
    { title: 'website', settings, event: {} },
    { title: 'app', settings, event: { action_source: 'app' } },
  ],
  windows: [
    { of: '`physical_store`', days: inDays(ACCEPTANCE_MS.physical_store) },
    { of: 'every other action source', days: inDays(ACCEPTANCE_MS.default) },
  ],
  codes: [
    {
      title: '`error.code` / `error.error_subcode`',
      about: 'The first row that fits decides, before the HTTP status and whatever the words say.',
      grouped: false,
      rows: [
        ...ERROR_ROWS.map(codeRow),
        special('any other', 'with `is_transient: true`', { code: 987_654, is_transient: true }),
        special('any other', '', { code: 987_654 }),
        special('negative', '', { code: -3 }),
      ],
    },
  ],
  unconfirmed: UNCONFIRMED,
  examples: [{ settings, examples }],
}
