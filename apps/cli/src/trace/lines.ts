import { oneLine, type Printer, renderPairs } from '../print.ts'
import type { TracedAttempt } from './attempts.ts'
import type { Story } from './story.ts'
import type { TracedWait } from './waits.ts'

/** One delivery for people: what it is, what happened in order, where it is, what comes next. */
export function storyLines(printer: Printer, story: Story): string {
  const { connection_id: id, connection_name: name } = story
  const facts = renderPairs([
    ['delivery', story.delivery_id],
    ['tenant', story.tenant_id],
    ['connection', oneLine(name === null ? `${id} (removed)` : name === id ? id : `${id} (${name})`)],
    ['mapped to', oneLine(mappedText(story))],
    ...(story.test_event_code === null ? [] : [['test code', oneLine(story.test_event_code)] as const]),
    ...(story.deadline_at === null ? [] : [['deadline', story.deadline_at] as const]),
  ])
  const happened = happeningsOf(story).map(({ at, what }) => `${at.padEnd(AT_WIDTH)}  ${oneLine(what)}`)
  const ends = [`now   ${printer.style('bold', oneLine(nowText(story)))}`, `next  ${oneLine(nextText(story))}`]
  const head = printer.style('bold', oneLine(`${story.event_name} ${story.event_id} → ${story.platform}`))
  return [head, ...[facts, ...happened, ...ends].flatMap((part) => part.split('\n')).map((line) => `  ${line}`)].join('\n')
}

const AT_WIDTH = '2026-11-25T00:00:00.000Z'.length
/** Stands where an instant is not known any more. */
const UNKNOWN = ''

interface Happening {
  readonly at: string
  readonly what: string
}

function mappedText({ mapped_to: mapped }: Story): string {
  if (mapped === null) return '-'
  if (mapped.name === null) return `nothing (${mapped.code ?? 'EVENT_UNMAPPED'})`
  return mapped.unmapped ? `${mapped.name}, since the platform has no name for it` : mapped.name
}

/** In the order of time; what has no time stands where it would most likely be, before the end. Pure. */
function happeningsOf(story: Story): Happening[] {
  const dated = [
    ...(story.received_at === null ? [] : [{ at: story.received_at, what: `received${inBatch(story.batch_id)}` }]),
    ...story.repeats.map(({ at, batch_id: batch }) => ({
      at,
      what: `came again${inBatch(batch)}: a duplicate of this delivery, not queued again`,
    })),
    ...story.waits.filter(({ from }) => from !== null).map((wait) => ({ at: wait.from!, what: waitText(wait) })),
    ...story.attempts.map((attempt) => ({ at: attempt.at, what: attemptText(attempt) })),
    ...story.verdicts.map(({ at, outcome, code, message }) => ({ at, what: `later verdict: ${outcome}${reason(code, message)}` })),
    ...(story.replayed_at === null ? [] : [{ at: story.replayed_at, what: `replayed (${story.replays}. time)` }]),
    ...endHappening(story),
  ].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const undated = story.waits.filter(({ from }) => from === null).map((wait) => ({ at: UNKNOWN, what: waitText(wait) }))
  const firstAttempt = dated.findIndex(({ what }) => what.startsWith(ATTEMPT))
  const place = firstAttempt < 0 ? dated.length : firstAttempt
  return [...dated.slice(0, place), ...undated, ...dated.slice(place)]
}

const endHappening = (story: Story): Happening[] =>
  story.end === null || story.end.at === null ? [] : [{ at: story.end.at, what: endText(story, story.end) }]

const ATTEMPT = 'attempt: '

const inBatch = (batch: string | null): string => (batch === null ? '' : ` in ${batch}`)

const reason = (code: string | null, message: string | null): string =>
  `${code === null ? '' : ` ${code}`}${message === null ? '' : `: ${message}`}`

const WORDS: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  'delivered before': 'not sent: it was marked as delivered',
  retry: 'failed',
  failed: 'failed',
  hold: 'held',
  reject: 'refused',
  back: 'given back, no attempt used',
  'process died': 'its process died',
}

function attemptText(attempt: TracedAttempt): string {
  const { outcome, code, message, platform_code: platformCode, platform_request_id: requestId } = attempt
  const details = [
    ...(attempt.statuses.length > 0 ? [`HTTP ${attempt.statuses.join(', ')}`] : []),
    ...(platformCode === null ? [] : [`platform code ${platformCode}`]),
    ...(requestId === null ? [] : [`request id ${requestId}`]),
    ...(attempt.duration_ms === null ? [] : [`${attempt.duration_ms} ms`]),
    ...(attempt.until === null ? [] : [`until ${attempt.until}`]),
    ...(attempt.maybe_taken ? ['the platform may have taken it'] : []),
  ]
  return `${ATTEMPT}${WORDS[outcome] ?? outcome}${reason(code, message)}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}

function waitText({ scope, code, cause, until, times, from }: TracedWait): string {
  const often = times > 1 ? `, ${times} times in a row` : ''
  if (scope === 'queue') return `the queue waited: ${cause}${until === null ? '' : `, until ${until}`}`
  if (from === null) return `it had waited: ${code}, ${cause}`
  return `waited${until === null ? '' : ` until ${until}`}: ${code}, ${cause}${often}`
}

function endText({ state }: Story, { code, message, exhausted, ambiguous }: NonNullable<Story['end']>): string {
  const how = [...(exhausted ? ['its attempts ran out'] : []), ...(ambiguous ? ['the platform may have taken it'] : [])]
  return `${state === 'skipped' ? 'skipped' : 'dead'}:${reason(code, message)}${how.length > 0 ? ` (${how.join(', ')})` : ''}`
}

function nowText(story: Story): string {
  switch (story.state) {
    case 'waiting':
      return story.ahead === null ? 'waiting' : `waiting; ${story.ahead} of the platform are served before it`
    case 'held':
      return `held until ${story.due_at ?? 'it is let go'}`
    case 'active':
      return 'in the hands of a worker'
    case 'delivered':
      return `delivered${story.delivered_at === null ? '' : ` at ${story.delivered_at}`}`
    case 'dead':
      return `dead${story.end === null ? '' : `: ${story.end.code}`}`
    case 'skipped':
      return `not sent${story.end === null ? '' : `: ${story.end.code}`}`
    case 'ended':
      return 'ended: delivered, skipped or purged'
  }
}

const nextText = ({ next }: Story): string =>
  `${next.what}${next.at === null ? '' : `, ${next.at}`}${next.command === null ? '' : `: ${next.command}`}`
