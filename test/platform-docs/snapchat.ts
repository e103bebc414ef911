import type { JsonObject } from '@relay/core/json'
import { ACCEPTANCE_MS, PAGES } from '@relay/platforms/snapchat/api'
import { ANSWER_ROWS, FOUND_INVALID } from '@relay/platforms/snapchat/classify'
import { examples } from '@relay/platforms/snapchat/examples'
import { snapchat } from '@relay/platforms/snapchat/index'
import { UNCONFIRMED } from '@relay/platforms/snapchat/unconfirmed'
import { answerOf, outcomesOf, type CodeRow, type PlatformDocument } from './document.ts'
import { sampleEvent } from './sample-event.ts'

const settings = { pixel_id: '0b1c2d3e-0000-4000-8000-000000000001' }
const DAY_MS = 86_400_000

/** Answers tried in turn; the first that a row is the first to fit is its example. */
const ANSWERS: readonly (readonly [number, { readonly status: string }])[] = [413, 200, 400, 401, 403, 404, 429, 500, 408].flatMap(
  (status) => (['VALID', 'INVALID'] as const).map((word) => [status, { status: word }] as const),
)

/** One event of several is bad, and the validator has said that it is the first. */
const findings = (body: JsonObject): JsonObject => (body['status'] === 'INVALID' ? { ...body, [FOUND_INVALID]: [0] } : body)

function codeRow(row: (typeof ANSWER_ROWS)[number]): CodeRow {
  const shapeOf = ([status, body]: (typeof ANSWERS)[number]) => ({
    status,
    bodyStatus: body.status,
    isJson: true,
    isOfApi: true,
  })
  const found = ANSWERS.find((answer) => ANSWER_ROWS.find((each) => each.fits(shapeOf(answer))) === row)
  if (found === undefined) throw new Error(`No example of ${row.signal}`)
  const [status, body] = found
  return {
    name: row.signal,
    class: row.class,
    scope: row.scope,
    page: PAGES[row.page],
    outcomes: (count) => outcomesOf(snapchat, settings, sampleEvent({}), answerOf(status, count > 1 ? findings(body) : body), count),
  }
}

export const snapchatDocument: PlatformDocument = {
  platform: snapchat,
  about:
    'Conversions API v3. A request is taken or refused whole, as `status` in the body says; which event was bad is asked of `events/validate`, which takes nothing. The token stands in the query, so URLs are logged without it.',
  settings,
  variants: [
    { title: 'web', settings, event: {} },
    { title: 'app', settings, event: { action_source: 'app' } },
    { title: 'offline', settings, event: { action_source: 'physical_store' } },
  ],
  windows: [{ of: 'every action source', days: { ...ACCEPTANCE_MS, value: ACCEPTANCE_MS.value / DAY_MS } }],
  codes: [
    {
      title: 'Signals',
      about:
        'Snapchat publishes no list of codes: status and shape of the answer are all there is, and the first row that fits decides. Credentials refused in their first 24 hours are `CREDENTIALS_PENDING` instead: they wait, one look an hour. `of several` is after the validator has named the first event.',
      grouped: false,
      rows: ANSWER_ROWS.map(codeRow),
    },
  ],
  unconfirmed: UNCONFIRMED,
  examples: [{ settings, examples }],
}
