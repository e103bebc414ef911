import type { ConnectionSettings } from '@relay/core/connection'
import { type ErrorDetail, POLICY } from '@relay/core/errors'
import { type ConversionEvent, WARNING_REASONS } from '@relay/core/event'
import { type ConnectionId, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import type { EventOutcome } from '@relay/core/outcome'
import { parseEvent } from '@relay/core/parse-event'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import type { ClassifyContext, Platform } from '@relay/platforms/contract'
import { PLATFORMS } from '@relay/platforms/registry'
import { sanitiseUrl } from '@relay/prepare/sanitise-url'
import { createPayload, readPayload } from '@relay/queue/job'
import { platformAnswer, verdictAnswer } from './answers.ts'
import type { Dice } from './dice.ts'
import { CANARY, NOW, randomEvent, randomUrl } from './events.ts'
import { mutatedTimes, randomValue } from './values.ts'

/** One parser or adapter under fire: `run` makes one input, hands it over and throws where the answer is not what it must be. */
export interface Target {
  readonly name: string
  run(dice: Dice): void
}

function hold(condition: boolean, what: string, ...about: readonly unknown[]): asserts condition {
  if (!condition) throw new Error(`${what}: ${about.map((each) => JSON.stringify(each)?.slice(0, 600)).join(' ')}`)
}

const REASONS: ReadonlySet<string> = new Set(WARNING_REASONS)

const checkWarnings = (warnings: readonly { readonly field: string; readonly reason: string }[]): void => {
  for (const warning of warnings) hold(REASONS.has(warning.reason) && warning.field !== '', 'not a warning', warning)
}

const checkDetail = (error: ErrorDetail): void => {
  hold(Object.hasOwn(POLICY, error.code), 'not a code', error)
  hold(typeof error.message === 'string' && error.message !== '' && error.message.length < 2_000, 'not a message', error)
  hold(!error.message.includes(CANARY), 'a message says a person back', error)
}

/** Exactly `count` outcomes, each of which does what the table says of its code. */
function checkOutcomes(outcomes: readonly EventOutcome[], count: number, about: unknown): void {
  hold(outcomes.length === count, `${outcomes.length} outcomes for ${count} events`, about)
  for (const outcome of outcomes) {
    if (outcome.kind === 'delivered') continue
    checkDetail(outcome.error)
    const due = POLICY[outcome.error.code].outcome
    const isWaiting = outcome.kind === 'hold' && ['PLATFORM_ERROR', 'BATCH_REFUSED'].includes(outcome.error.code)
    hold(due === outcome.kind || isWaiting, 'an outcome against its policy', outcome, about)
    if (outcome.kind === 'hold') hold(Number.isSafeInteger(outcome.until) && outcome.until >= NOW, 'no instant to wait for', outcome, about)
  }
}

const parsing: Target = {
  name: 'parseEvent',
  run(dice) {
    const input = randomEvent(dice)
    const parsed = parseEvent(input, { receivedAt: NOW })
    if (!parsed.ok) {
      hold(parsed.error.message !== '' && typeof parsed.error.path === 'string', 'a fault without words', parsed)
      return
    }
    checkWarnings(parsed.warnings)
    const { event } = parsed
    hold(event.event_id !== '' && event.event_name !== '' && Number.isSafeInteger(event.event_time), 'not an event', event)
    if (!dice.once(50)) return
    const text = JSON.stringify(event)
    hold(JSON.stringify(JSON.parse(text)) === text, 'an event that JSON does not keep', event)
  },
}

const urls: Target = {
  name: 'sanitiseUrl',
  run(dice) {
    const clean = sanitiseUrl(randomUrl(dice))
    if (!clean.ok) return
    hold(URL.canParse(clean.url), 'not a URL', clean)
    const again = sanitiseUrl(clean.url)
    hold(again.ok && !again.cut, 'something was left to cut', clean, again)
  },
}

const payloads: Target = {
  name: 'readPayload',
  run(dice) {
    const event = {
      event_id: 'e',
      event_name: 'Purchase',
      event_time: 1,
      action_source: 'website',
      user: { em: ['x'] },
      custom_data: {},
      consent: {},
    } as const
    const delivery = { id: 'd', tenantId: 't', connectionId: 'c', platform: 'meta', receivedAt: 1, deadlineAt: 2, event }
    const payload = createPayload(delivery as never, dice.number(3)) as unknown as JsonObject
    const read = readPayload(dice.once(10) ? randomValue(dice) : mutatedTimes(dice, payload))
    if (read.ok) hold(read.payload.v === 1 && typeof read.payload.delivery.event.event_id === 'string', 'not a payload', read)
    else hold(read.reason !== '', 'no reason', read)
  },
}

const SETTINGS: { readonly [P in PlatformId]: readonly ConnectionSettings[] } = {
  meta: [{ pixel_id: '1' }, { pixel_id: '1', hash_external_id: false, unmapped: 'generic', default_country: 'DE' }],
  google: [
    { operating_account: '1234567890', conversion_actions: { '*': '1', Purchase: '2' } },
    { operating_account: '1234567890', conversion_actions: { '*': '1' }, api: 'ads', transaction_id: 'exact', default_country: 'US' },
  ],
  tiktok: (['web', 'app', 'offline', 'crm'] as const).map((event_source) => ({ event_source_id: 'C1', event_source })),
  snapchat: [{ pixel_id: '00000000-0000-4000-8000-000000000001' }, { event_source_id: 'app-1', event_source: 'app', unmapped: 'drop' }],
}

function encoding(id: PlatformId): Target {
  const platform = PLATFORMS[id]
  return {
    name: `${id}: identify, encode`,
    run(dice) {
      const settings = dice.of(SETTINGS[id])
      const parsed = parseEvent(randomEvent(dice), { receivedAt: NOW })
      if (!parsed.ok) return
      encode(platform, parsed.event, settings)
    },
  }
}

function encode(platform: Platform, event: ConversionEvent, settings: ConnectionSettings): void {
  const { user, warnings } = platform.identify(event, { settings, receivedAt: NOW })
  checkWarnings(warnings)
  const { user_data: _raw, destinations: _where, ...rest } = event
  const prepared = { ...rest, user }
  hold(Number.isFinite(platform.acceptsUntil(prepared, settings)), 'no window', event)
  const encoded = platform.encodeEvent(prepared, settings)
  checkWarnings(encoded.warnings)
  if (encoded.kind === 'refused') return checkDetail(encoded.refusal.error)
  const account = {
    connectionId: 'c' as ConnectionId,
    settings,
    credentials: { access_token: 'T' },
    accessToken: 'A',
    baseUrl: 'https://p.example',
    credentialsSavedAt: 0,
  }
  const request = platform.encodeRequest([encoded.body], account, undefined)
  const body: unknown = JSON.parse(request.body ?? '')
  hold(typeof body === 'object' && URL.canParse(request.url), 'not a request', request)
  hold(!JSON.stringify(user).toLowerCase().includes(CANARY), 'a raw address leaves', user)
}

const contextOf = (id: PlatformId, settings: ConnectionSettings, dice: Dice): ClassifyContext => ({
  now: NOW,
  settings,
  credentialsSavedAt: dice.once(3) ? NOW - 3_600_000 : 0,
  retryDelaysMs: PLATFORM_DEFAULTS[id].retryDelaysMs,
  ...(dice.once(5) ? { testEventCode: 'T' } : {}),
})

const sentBodies = (dice: Dice, count: number): JsonObject[] =>
  Array.from({ length: count }, (_, index) => ({
    destinationReferences: [dice.of(['1', '2'])],
    transactionId: `order-${dice.once(5) ? 1 : index}`,
    conversionValue: dice.number(3),
  }))

function reading(id: PlatformId): Target {
  const platform = PLATFORMS[id]
  return {
    name: `${id}: classify`,
    run(dice) {
      const answer = platformAnswer(dice, id)
      const settings = dice.of(SETTINGS[id])
      const sent = sentBodies(dice, dice.once(10) ? 0 : 1 + dice.number(5))
      const outcomes = platform.classify(answer, sent, contextOf(id, settings, dice))
      checkOutcomes(outcomes, sent.length, answer)
      if (answer.kind === 'answer') {
        const used = platform.usedPercent?.(answer.headers)
        hold(used === undefined || !Number.isNaN(used), 'no percentage', answer.headers)
      }
    },
  }
}

function judging(id: PlatformId): readonly Target[] {
  const { verdict } = PLATFORMS[id]
  if (verdict === undefined) return []
  const run = (dice: Dice): void => {
    const answer = verdictAnswer(dice)
    const settings = SETTINGS[id][0]!
    const sent = sentBodies(dice, 1 + dice.number(5))
    const id_ = verdict.requestIdOf(answer, { settings, testEventCode: undefined })
    hold(id_ === undefined || id_ !== '', 'an empty request id', answer)
    const reading = verdict.classify(answer, sent, contextOf(id, settings, dice))
    if (reading.kind === 'final') checkOutcomes(reading.outcomes, sent.length, answer)
    else if (reading.kind !== 'pending') checkDetail(reading.error)
  }
  return [{ name: `${id}: verdict`, run }]
}

export const TARGETS: readonly Target[] = [
  parsing,
  urls,
  payloads,
  ...PLATFORM_IDS.flatMap((id) => [encoding(id), reading(id), ...judging(id)]),
]

/** What an input must never do to every object of the process. */
export const isPrototypeClean = (): boolean => Object.keys(Object.prototype).length === 0 && Object.keys(Array.prototype).length === 0
