import type { Connection } from '@relay/core/connection'
import type { Delivery } from '@relay/core/delivery'
import { POLICY } from '@relay/core/errors'
import type { JsonValue } from '@relay/core/json'
import type { Endpoints } from '@relay/delivery/endpoints'
import type { Platform } from '@relay/platforms/contract'
import { PLATFORMS } from '@relay/platforms/registry'
import { findLetter, readLetters } from '@relay/queue/dead-letters'
import type { Letter } from '@relay/queue/letter'
import { findConnection } from '@relay/state/connections'
import { CliError, EXIT } from './exit.ts'
import { oneLine, type Printer, renderPairs, renderTable } from './print.ts'
import { redactedRequest, type RequestView, viewRequest } from './redacted-request.ts'
import type { Session } from './session.ts'

interface WouldSend {
  /** The event's body for its platform; null where it would be refused before sending. */
  readonly event: JsonValue | null
  readonly refused: { readonly code: string; readonly message: string } | null
  readonly request: RequestView | null
}

/** Everything of one letter: why it died, each attempt, and what would be sent now. */
export async function show(session: Session, id: string): Promise<void> {
  const { redis, printer, endpoints } = session
  const found = await findLetter(redis, id)
  if (found === undefined) return showInboxLetter(session, id)
  const { letter, delivery } = found
  const connection = await findConnection(redis, delivery.connectionId)
  const platform = PLATFORMS[delivery.platform]
  const send = connection === undefined ? null : wouldSend(platform, connection, endpoints[platform.id], delivery, Date.now())
  const why = explain(letter, connection, Date.now())
  const state = connection === undefined ? null : { name: connection.name, status: connection.status.state, settings: connection.settings }
  printer.object({ ...letter, why, connection: state, would_send: send }, () => lines(printer, letter, why, send))
}

/** A job that could not be read is no delivery: there is nothing to send, and its body stays sealed. */
async function showInboxLetter({ redis, printer }: Session, id: string): Promise<void> {
  const [letter] = await readLetters(redis, 'inbox', [id])
  if (letter === undefined) {
    throw new CliError(EXIT.notFound, 'UNKNOWN_LETTER', `There is no letter ${id}`, {
      nextStep: 'Letters are kept for 30 days, delivered ones for a day; relay dlq list shows what is there',
      details: { id },
    })
  }
  const why = [`${letter.message}. It came by the inbox, so the producer has to send it again`]
  printer.object({ ...letter, why, connection: null, would_send: null }, () => lines(printer, letter, why, null))
}

/** What a worker would send if it were replayed now; secrets are `***`. Pure. */
export function wouldSend(platform: Platform, connection: Connection, endpoints: Endpoints, delivery: Delivery, now: number): WouldSend {
  const tooOld =
    delivery.deadlineAt <= now ? { code: 'EVENT_TOO_OLD', message: `The platform took it until ${instant(delivery.deadlineAt)}` } : null
  const encoded = platform.encodeEvent(delivery.event, connection.settings)
  if (encoded.kind === 'refused') {
    const { code, message } = encoded.refusal.error
    return { event: null, refused: tooOld ?? { code, message }, request: null }
  }
  const testEventCode = delivery.event.test_event_code ?? connection.settings.test_event_code
  const request = viewRequest(redactedRequest(platform, connection, endpoints, [encoded.body], testEventCode))
  return { event: encoded.body, refused: tooOld, request }
}

/** Sentences for a person: what happened, and what now stands in the way of sending it. Pure. */
export function explain(letter: Letter, connection: Connection | undefined, now: number): string[] {
  const said = letter.platform_code === null ? '' : ` (the platform's code ${letter.platform_code})`
  const sentences = [`${letter.code}: ${letter.message}${said}`]
  if (letter.exhausted) sentences.push(`All ${letter.attempts.length} attempts failed; this was the last cause`)
  const policy = POLICY[letter.code]
  if (policy !== undefined && policy.suspendsConnection)
    sentences.push('Its connection was put in error: give it new credentials with relay connections update')
  if (letter.ambiguous) sentences.push('The platform may have taken it: a replay could count it twice')
  if (Date.parse(letter.deadline_at) <= now) sentences.push('Its deadline is over: it is never sent again')
  if (connection === undefined) sentences.push('Its connection is gone')
  else if (connection.status.state !== 'active')
    sentences.push(connection.status.state === 'error' ? 'Its connection is in error' : 'Its connection is disabled')
  if (letter.state !== 'dead') sentences.push(`It is ${letter.state} now`)
  return sentences
}

function lines(printer: Printer, letter: Letter, why: readonly string[], send: WouldSend | null): string {
  const facts = renderPairs([
    ['letter', letter.id],
    ['state', letter.state],
    ['event', `${letter.event_name} ${letter.event_id}`],
    ['tenant', letter.tenant_id],
    ['connection', letter.connection_id],
    ['platform', letter.platform],
    ['received', letter.received_at],
    ['died', letter.died_at],
    ['deadline', letter.deadline_at],
    ['replays', letter.replay_count],
    ['request id', letter.platform_request_id ?? '-'],
    ['fingerprint', letter.fingerprint],
  ])
  const attempts = renderTable(letter.attempts, [
    { title: 'ATTEMPT', value: (attempt) => instant(attempt.at) },
    { title: 'CODE', value: (attempt) => attempt.code },
    { title: 'PLATFORM CODE', value: (attempt) => attempt.platform_code ?? '-' },
    { title: 'MS', value: (attempt) => attempt.duration_ms ?? '-', align: 'right' },
    { title: 'MESSAGE', value: (attempt) => attempt.message },
  ])
  const sections = [facts, printer.style('bold', 'Why it died') + why.map((sentence) => `\n  ${oneLine(sentence)}`).join('')]
  if (letter.attempts.length > 0) sections.push(attempts)
  if (send !== null) sections.push(`${printer.style('bold', 'What would be sent now')}\n${sendLines(send)}`)
  return sections.join('\n\n')
}

function sendLines({ refused, request }: WouldSend): string {
  const refusal = refused === null ? [] : [`Nothing: ${refused.code}: ${oneLine(refused.message)}`]
  if (request === null) return refusal.join('\n')
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
  return [...refusal, `${request.method} ${request.url}`, ...headers, '', JSON.stringify(request.body, undefined, 2)].join('\n')
}

const instant = (ms: number): string => new Date(ms).toISOString()
