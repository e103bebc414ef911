import { formatDurationMs } from '@relay/core/duration'
import { POLICY } from '@relay/core/errors'
import type { EventOutcome } from '@relay/core/outcome'
import { NOW } from '@relay/platforms/testing/events'
import { answerOf, type CodeRow, type CodeTable, outcomesOf, type PlatformDocument } from './document.ts'
import { markdownTable } from './markdown.ts'
import { sampleEvent } from './sample-event.ts'

const SEVERAL = 3

/** What becomes of one event, in a few words. */
function tell(outcome: EventOutcome): string {
  if (outcome.kind === 'delivered') return outcome.note === undefined ? 'delivered' : `delivered (${outcome.note})`
  const { code } = outcome.error
  switch (outcome.kind) {
    case 'retry':
      return `\`${code}\`: ${outcome.resendOnce === true ? 'sent once more, then a letter' : 'tried again, 4 attempts at most'}`
    case 'hold': {
      if (code === 'BATCH_REFUSED') return 'waits for the repair'
      const waitMs = outcome.until - NOW
      return `\`${code}\`: waits${waitMs > 0 ? ` ${formatDurationMs(waitMs)}` : ', token refreshed'}`
    }
    case 'reject':
      return `\`${code}\`: letter${POLICY[code].suspendsConnection ? ', connection in error' : ''}`
    case 'skip':
      return `\`${code}\`: skipped`
  }
}

/** Of a request with several events; the first is the one that the answer names, if it names one. */
function tellSeveral(outcomes: readonly EventOutcome[]): string {
  const words = outcomes.map(tell)
  const [first, ...others] = words
  if (words.every((each) => each === first)) return first ?? ''
  if (others.every((each) => each === others[0])) return `the one named: ${first}<br>the others: ${others[0]}`
  return words.join('<br>')
}

interface Told {
  readonly row: CodeRow
  readonly one: string
  readonly several: string
}

export function renderCodes({ title, about, grouped, rows }: CodeTable): string {
  const told = rows.map((row): Told => ({ row, one: tellSeveral(row.outcomes(1)), several: tellSeveral(row.outcomes(SEVERAL)) }))
  const groups = grouped
    ? [...Map.groupBy(told, ({ row, one, several }) => JSON.stringify([row.class, row.scope, row.page, one, several])).values()]
    : told.map((each) => [each])
  const cells = groups.map((group) => {
    const { row, one, several } = group[0]!
    const names = group.map((each) => `\`${each.row.name}\``).join(' ')
    const meaning = row.meaning === undefined ? '' : ` ${row.meaning}`
    return [`${names}${meaning}`, row.class, row.scope, one, several === one ? 'the same for each' : several, row.page]
  })
  return `### ${title}\n\n${about}\n\n${markdownTable(['code', 'class', 'reach', 'one event', 'of several', 'page'], cells)}`
}

/** Answers that are no code of the platform: the same list for each of them. */
const PLAIN: readonly (readonly [string, Parameters<typeof outcomesOf>[3]])[] = [
  ['no answer in time', { kind: 'fault', maybeTaken: true, error: { code: 'TIMEOUT', message: '', phase: 'headers', limitMs: 30_000 } }],
  ['connection refused', { kind: 'fault', maybeTaken: false, error: { code: 'NETWORK_ERROR', message: '' } }],
  ['connection broken off after sending', { kind: 'fault', maybeTaken: true, error: { code: 'NETWORK_ERROR', message: '' } }],
  ['200, HTML', answerOf(200, '<html>')],
  ['200, half of a JSON', { ...answerOf(200, '{"half": "of'), truncated: true } as ReturnType<typeof answerOf>],
  ['400, HTML', answerOf(400, '<html>')],
  ['401, HTML', answerOf(401, '<html>')],
  ['403, HTML', answerOf(403, '<html>')],
  ['404, HTML', answerOf(404, '<html>')],
  ['413', answerOf(413, '')],
  ['429', answerOf(429, '')],
  ['429, `Retry-After: 30`', answerOf(429, '', { 'retry-after': '30' })],
  ['500', answerOf(500, '')],
  ['502, HTML', answerOf(502, '<html>')],
  ['503', answerOf(503, '')],
  ['503, `Retry-After: 120`', answerOf(503, '', { 'retry-after': '120' })],
  ['503, "maintenance" in its text', answerOf(503, 'Down for maintenance')],
]

export function renderPlainAnswers({ platform, variants }: PlatformDocument): string {
  const { settings, event } = variants[0]!
  const rows = PLAIN.map(([name, answer]) => {
    const one = tellSeveral(outcomesOf(platform, settings, sampleEvent(event), answer, 1))
    const several = tellSeveral(outcomesOf(platform, settings, sampleEvent(event), answer, SEVERAL))
    return [name, one, several === one ? 'the same for each' : several]
  })
  return `### Answers without a code of the platform\n\n${markdownTable(['answer', 'one event', 'of several'], rows)}`
}
