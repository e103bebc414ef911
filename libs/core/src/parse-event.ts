import type { EpochMs } from './clock.ts'
import { contentHash } from './content-hash.ts'
import {
  ACTION_SOURCES,
  type ActionSource,
  type ConversionEvent,
  type FieldWarning,
  IDENTIFIER_FIELDS,
  PLAIN_USER_FIELDS,
} from './event.ts'
import { canonicalEventName } from './event-name.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { type JsonMeasure, measureJson } from './measure-json.ts'
import { nearestField } from './nearest-field.ts'
import { parseAppData } from './parse-app-data.ts'
import { parseConsent } from './parse-consent.ts'
import { CUSTOM_DATA_FIELDS, parseCustomData } from './parse-custom-data.ts'
import { parseEventTime } from './parse-event-time.ts'
import { createParseReport, type ParseFault, type ParseReport, pathSegment, refuse } from './parse-report.ts'
import { parseUserData } from './parse-user-data.ts'

export interface EventLimits {
  /** Of the event as JSON in UTF-8, without blanks. */
  readonly maxEventBytes: number
  readonly maxContents: number
  /** Of one identifier. */
  readonly maxValues: number
  /** The event itself is depth 1. */
  readonly maxDepth: number
}

export const DEFAULT_EVENT_LIMITS: EventLimits = { maxEventBytes: 64 * 1024, maxContents: 100, maxValues: 10, maxDepth: 8 }

export type ParsedEvent =
  | {
      readonly ok: true
      readonly event: ConversionEvent
      /** False where the time of receipt took its place. */
      readonly eventTimeGiven: boolean
      /** What was left out; the rest of the event goes on. */
      readonly warnings: readonly FieldWarning[]
    }
  | { readonly ok: false; readonly error: ParseFault & { /** As given, where it could be read. */ readonly event_id?: string } }

const FIELDS = [
  'event_id',
  'event_name',
  'event_time',
  'action_source',
  'event_source_url',
  'referrer_url',
  'user_data',
  'custom_data',
  'consent',
  'app_data',
  'destinations',
  'test_event_code',
] as const
const known: ReadonlySet<string> = new Set(FIELDS)

/** What a misplaced or misspelt name may mean. */
const KNOWN_PATHS: readonly string[] = [
  ...FIELDS,
  ...[...IDENTIFIER_FIELDS, ...PLAIN_USER_FIELDS].map((field) => `user_data.${field}`),
  ...CUSTOM_DATA_FIELDS.map((field) => `custom_data.${field}`),
]

const MAX_ID = 256
const MAX_NAME = 128
const MAX_DESTINATIONS = 100

/**
 * One event as a producer sent it, or its first fault. Never throws, whatever `input` is. Null counts as absent.
 * Names become canonical, numbers written as text become numbers, an absent id becomes the content hash. URLs and identifiers are only known to be
 * text: `sanitiseUrl` and each platform's `identify` look into them.
 */
export function parseEvent(input: unknown, on: { readonly receivedAt: EpochMs; readonly limits?: EventLimits }): ParsedEvent {
  const limits = on.limits ?? DEFAULT_EVENT_LIMITS
  const report = createParseReport()
  if (!isJsonObject(input)) return refused(refuseWhole(report, 'An event must be a JSON object'), input)
  const measure = measureJson(input, limits.maxDepth)
  if (measure.fault !== undefined) refuse(report, measure.fault.path, measure.fault.message)
  else if (isTooLarge(input, measure, limits.maxEventBytes)) {
    const message = `The event is larger than ${limits.maxEventBytes} bytes: leave out what no platform needs`
    report.fault = { code: 'PAYLOAD_TOO_LARGE', message, path: '' }
  } else refuseUnknownFields(report, input)
  if (report.fault !== undefined) return refused(report.fault, input)

  const { event, givenTime } = readEvent(report, input, measure, on.receivedAt, limits)
  if (report.fault !== undefined) return refused(report.fault, input)
  return { ok: true, event, eventTimeGiven: givenTime !== undefined, warnings: report.warnings }
}

function readEvent(report: ParseReport, input: JsonObject, measure: JsonMeasure, receivedAt: EpochMs, limits: EventLimits) {
  const id = isAbsent(input['event_id']) ? undefined : readId(report, input['event_id'])
  const name = readName(report, input['event_name'])
  const givenTime = isAbsent(input['event_time']) ? undefined : parseEventTime(report, input['event_time'], receivedAt)
  const sourceUrl = readUrl(report, input['event_source_url'], 'event_source_url')
  const referrerUrl = readUrl(report, input['referrer_url'], 'referrer_url')
  const appData = parseAppData(report, input['app_data'])
  const destinations = readDestinations(report, input['destinations'])
  const testCode = readTestCode(report, input['test_event_code'])
  const content = {
    event_name: name,
    action_source: readActionSource(report, input['action_source']),
    ...(sourceUrl === undefined ? {} : { event_source_url: sourceUrl }),
    ...(referrerUrl === undefined ? {} : { referrer_url: referrerUrl }),
    user_data: parseUserData(report, input['user_data'], limits.maxValues),
    custom_data: parseCustomData(report, input['custom_data'], { maxContents: limits.maxContents, hasProtoKey: measure.hasProtoKey }),
    consent: parseConsent(report, input['consent']),
    ...(appData === undefined ? {} : { app_data: appData }),
    ...(destinations === undefined ? {} : { destinations }),
    ...(testCode === undefined ? {} : { test_event_code: testCode }),
  }
  // A refused event needs no hash, and its parts may be missing.
  const eventId = id ?? (report.fault === undefined ? contentHash(content, givenTime) : '')
  const event: ConversionEvent = { event_id: eventId, event_time: givenTime ?? Math.floor(receivedAt / 1_000), ...content }
  return { event, givenTime }
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null

function refuseWhole(report: ParseReport, message: string): ParseFault {
  refuse(report, '', message)
  return report.fault!
}

function refused(fault: ParseFault, input: unknown): ParsedEvent {
  const id = isJsonObject(input) ? input['event_id'] : undefined
  const isId = typeof id === 'string' && id !== '' && id.length <= MAX_ID && id.isWellFormed()
  return { ok: false, error: isId ? { ...fault, event_id: id } : fault }
}

function isTooLarge(input: JsonObject, measure: JsonMeasure, maxBytes: number): boolean {
  return measure.bytesAtMost > maxBytes && Buffer.byteLength(JSON.stringify(input)) > maxBytes
}

function refuseUnknownFields(report: ParseReport, input: JsonObject): void {
  for (const key of Object.keys(input)) {
    if (known.has(key)) continue
    refuse(report, pathSegment(key), `is not a field of an event: did you mean ${nearestField(key, KNOWN_PATHS)}?`)
    return
  }
}

function readId(report: ParseReport, value: unknown): string | undefined {
  if (typeof value === 'string' && value.length >= 1 && value.length <= MAX_ID) return value
  return refuse(
    report,
    'event_id',
    `must be text of 1 to ${MAX_ID} characters, the same that the browser pixel sends; leave it out to have one made`,
  )
}

function readName(report: ParseReport, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_NAME) return canonicalEventName(value)
  const message = isAbsent(value)
    ? 'is missing: send a name such as Purchase'
    : `must be text of 1 to ${MAX_NAME} characters, such as Purchase`
  refuse(report, 'event_name', message)
  return ''
}

function readActionSource(report: ParseReport, value: unknown): ActionSource {
  if (isAbsent(value)) return 'website'
  if ((ACTION_SOURCES as readonly unknown[]).includes(value)) return value as ActionSource
  refuse(report, 'action_source', `must be one of ${ACTION_SOURCES.join(', ')}`)
  return 'website'
}

function readUrl(report: ParseReport, value: unknown, path: string): string | undefined {
  if (isAbsent(value) || value === '') return undefined
  return typeof value === 'string' ? value : refuse(report, path, 'must be a URL as text')
}

function readDestinations(report: ParseReport, value: unknown): readonly string[] | undefined {
  if (isAbsent(value)) return undefined
  const isList = Array.isArray(value) && value.length <= MAX_DESTINATIONS && value.every((name) => typeof name === 'string' && name !== '')
  if (isList) return [...new Set(value as readonly string[])]
  return refuse(report, 'destinations', `must be a list of platform ids or connection ids, at most ${MAX_DESTINATIONS}`)
}

/** An empty code is refused: it is most likely a variable that was not set, and the event must not go out as a live one. */
function readTestCode(report: ParseReport, value: unknown): string | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_ID) return value
  return refuse(report, 'test_event_code', 'must be text that is not empty; leave it out for a live event')
}
