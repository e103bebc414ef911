import { isJsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import type { Platform } from '@relay/platforms/contract'
import {
  delivered,
  faultOutcome,
  firstStepMs,
  forAll,
  parseJsonBody,
  quote,
  rateLimited,
  refusedRequest,
  reject,
  retry,
  retryAfterMs,
  serverErrorOutcome,
  tooLarge,
  unknownCode,
  unreadable,
} from '@relay/platforms/verdict'

type PinboardClass = 'credentials' | 'permission' | 'destination' | 'bad-event' | 'rate' | 'transient'

/** One row per documented code (https://developers.pinboard.example/errors, read 2026-11-24). */
const CODES: ReadonlyMap<unknown, PinboardClass> = new Map<unknown, PinboardClass>([
  [2, 'credentials'],
  [7, 'permission'],
  [8, 'rate'],
  [50, 'destination'],
  [1, 'bad-event'],
  [11, 'transient'],
])

/**
 * One outcome per event. A 200 has an entry for each: `processed`, or `failed` for that event alone. Anything else refuses the request, and the
 * code of its body says why; the HTTP status counts only where there is none.
 */
export const classify: Platform['classify'] = (answer, sent, context): EventOutcome[] => {
  const count = sent.length
  const { now } = context
  if (answer.kind === 'fault') return forAll(count, faultOutcome(answer, now))
  const body = answer.truncated ? undefined : parseJsonBody(answer.body)
  const stepMs = firstStepMs(context)
  const waitMs = retryAfterMs(answer.headers, now)
  if (answer.status === 200) return byEntry(body?.['events'], count)
  const code = body?.['code']
  const codes = typeof code === 'number' ? { platformCode: String(code) } : {}
  switch (CODES.get(code)) {
    case 'credentials':
      return forAll(count, reject({ code: 'CREDENTIALS_EXPIRED', message: 'Pinboard no longer accepts this token', ...codes }))
    case 'permission':
      return forAll(count, reject({ code: 'PERMISSION_DENIED', message: 'The token may not write to this account', ...codes }))
    case 'destination':
      return forAll(count, reject({ code: 'DESTINATION_INVALID', message: 'Pinboard does not know this ad account', ...codes }))
    case 'bad-event':
      return refusedRequest(count, now, reject({ code: 'EVENT_REJECTED', message: 'Pinboard refused the event', ...codes }))
    case 'rate':
      return forAll(count, rateLimited(now, { scope: 'connection', retryAfterMs: waitMs, firstStepMs: stepMs, ...codes }))
    case 'transient':
      return forAll(count, retry({ code: 'PLATFORM_ERROR', message: 'Pinboard reports a fault of its own', ...codes }))
    case undefined:
      break
  }
  if (answer.status === 413) return tooLarge(count, now)
  if (answer.status === 429) return forAll(count, rateLimited(now, { scope: 'connection', retryAfterMs: waitMs, firstStepMs: stepMs }))
  return forAll(count, serverErrorOutcome(answer, now, stepMs) ?? unknownCode(`Pinboard answered ${answer.status} without a known code`))
}

function byEntry(entries: unknown, count: number): EventOutcome[] {
  if (!Array.isArray(entries) || entries.length !== count) {
    return forAll(count, unreadable('Pinboard answered 200 without an entry for each event'))
  }
  return (entries as readonly unknown[]).map((entry) => {
    const { status, error_message: words } = isJsonObject(entry) ? entry : {}
    if (status === 'processed') return delivered()
    if (status !== 'failed') return unknownCode('Pinboard does not say what became of this event')
    return reject({
      code: 'EVENT_REJECTED',
      message: `Pinboard refused this event: ${quote(typeof words === 'string' ? words : 'no reason given')}`,
    })
  })
}
