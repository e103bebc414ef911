import type { Incoming } from '@relay/accept/intake'
import { isJsonObject } from '@relay/core/json'
import { RequestError } from '@relay/core/request-errors'
import type { BodyFormat } from './read-body.ts'

/** The events of a body, each still of unknown shape, at their positions. Throws RequestError MALFORMED_BODY or PAYLOAD_TOO_LARGE. */
export function readEvents(text: string, format: BodyFormat, maxEvents: number): readonly Incoming[] {
  const events = format === 'json' ? readJson(text) : readLines(text, maxEvents)
  if (events.length === 0) throw malformed('The body holds no event: send at least one')
  if (events.length > maxEvents) throw tooMany(maxEvents)
  return events
}

function readJson(text: string): readonly Incoming[] {
  const value = parse(text)
  if (value === undefined) throw malformed('The body is not JSON')
  if (!isJsonObject(value)) throw malformed('Send one event as a JSON object, or a list as {"events": […]}')
  if (!Object.hasOwn(value, 'events')) return [{ ok: true, value }]
  const { events, ...others } = value
  if (!Array.isArray(events)) throw malformed('events must be a list')
  if (Object.keys(others).length > 0) throw malformed('Beside events nothing may stand in the body: put it into each event')
  return (events as readonly unknown[]).map((event) => ({ ok: true, value: event }))
}

/** One event a line; empty lines are nothing. A line that is no JSON is the fate of that line alone. */
function readLines(text: string, maxEvents: number): readonly Incoming[] {
  const events: Incoming[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    if (events.length >= maxEvents) throw tooMany(maxEvents)
    const value = parse(line)
    events.push(value === undefined ? { ok: false, message: 'The line is not JSON: send one event per line' } : { ok: true, value })
  }
  return events
}

/** Undefined where it is no JSON. The parser's own words are not passed on: they quote the text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const malformed = (message: string): RequestError => new RequestError('MALFORMED_BODY', message)

const tooMany = (maxEvents: number): RequestError =>
  new RequestError('PAYLOAD_TOO_LARGE', `More than ${maxEvents} events in one request: send fewer at once`, {
    details: { max_events: maxEvents },
  })
