import type { ConnectionSettings } from '@relay/core/connection'
import { WINDOW_DAYS } from '@relay/platforms/tiktok/api'
import { TIKTOK_CODES } from '@relay/platforms/tiktok/codes'
import { SETTINGS, TIKTOK_EXAMPLES } from '@relay/platforms/tiktok/examples'
import { tiktok } from '@relay/platforms/tiktok/index'
import { UNCONFIRMED } from '@relay/platforms/tiktok/unconfirmed'
import { answerOf, outcomesOf, type CodeRow, type PlatformDocument } from './document.ts'
import { sampleEvent } from './sample-event.ts'

type EventSource = NonNullable<ConnectionSettings['event_source']>

const settings = { event_source_id: 'C4A1B2C3D4E5F6G7H8I9' }
const of = (event_source: EventSource): ConnectionSettings => ({ ...settings, event_source })

const codeRow = (code: number, name: string, kind: string, scope: string, page: string): CodeRow => ({
  name,
  class: kind,
  scope,
  page,
  outcomes: (count) => outcomesOf(tiktok, settings, sampleEvent({}), answerOf(200, { code, message: '', data: {} }), count),
})

export const tiktokDocument: PlatformDocument = {
  platform: tiktok,
  about:
    'Events API 2.0 (its path says v1.3). The answer is HTTP 200 with a code in the body; one bad event refuses the whole request. One connection writes to one event source: a web pixel, an app, an offline or a CRM event set.',
  settings,
  variants: [
    { title: 'web', settings: of('web'), event: {} },
    { title: 'app', settings: of('app'), event: { action_source: 'app' } },
    { title: 'offline', settings: of('offline'), event: { action_source: 'physical_store' } },
    {
      title: 'crm',
      settings: { ...of('crm'), event_names: { Purchase: 'Deal Won', ViewContent: 'Deal Seen' } },
      event: { action_source: 'system_generated' },
    },
  ],
  windows: (Object.keys(WINDOW_DAYS) as EventSource[]).map((source) => ({ of: source, days: WINDOW_DAYS[source] })),
  codes: [
    {
      title: '`code` of the body',
      about:
        'Numbers and names as the official SDK and the return-code page have them, `number name`. `of several`: the message may name the event, which a code alone does not.',
      grouped: true,
      rows: [
        ...Object.entries(TIKTOK_CODES).map(([code, row]) => codeRow(Number(code), `${code} ${row.name}`, row.class, row.scope, row.page)),
        codeRow(987_654, 'any other', 'unknown', 'request', ''),
      ],
    },
    {
      title: 'A refusal that names the event',
      about: '`data.0.…` in the message of a refused request.',
      grouped: false,
      rows: [
        {
          name: '40002 PARAM_ERROR',
          meaning: '`data.0.event_id`',
          class: 'reject',
          scope: 'event',
          page: TIKTOK_CODES[40_002]!.page,
          outcomes: (count) =>
            outcomesOf(tiktok, settings, sampleEvent({}), answerOf(200, { code: 40_002, message: 'data.0.event_id: Invalid' }), count),
        },
      ],
    },
  ],
  unconfirmed: UNCONFIRMED,
  examples: [{ settings: SETTINGS, examples: TIKTOK_EXAMPLES }],
}
