import { setTimeout as sleep } from 'node:timers/promises'
import { page } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Bodies } from './bodies.ts'
import type { Call, Incoming, PlatformApi, Result } from './call.ts'
import type { Fate } from './counts.ts'
import type { FaultKind } from './fault-form.ts'
import type { Fault, Faults, Subject } from './faults.ts'
import { isFields, isText } from './fields.ts'
import type { Ledger } from './ledger.ts'
import type { Quota } from './quota.ts'
import type { SettingsBook } from './settings.ts'

/** What happens on the wire: an answer, a connection that breaks off, or silence. */
export type Effect = { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'drop' } | { readonly kind: 'hang' }

export interface Tools {
  readonly faults: Faults
  readonly ledger: Ledger
  readonly quota: Quota
  readonly bodies: Bodies
  readonly settings: SettingsBook
  readonly random: () => number
}

/** Instead of the platform: nothing is judged and nothing is counted. */
const INSTEAD: readonly FaultKind[] = ['reset', 'timeout', 'http_status', 'rate_limited', 'server_error', 'maintenance', 'garbage']
/** After the platform has taken the request: its events are counted, the sender does not learn it. */
const AFTERWARDS: readonly FaultKind[] = ['lost_answer', 'truncated', 'garbage']

/**
 * The life of one request:
 * 1. read by its platform; an address it does not have gets the platform's own 404;
 * 2. latency;
 * 3. a fault that comes instead of the platform, then limits that were set;
 * 4. judged by the platform, all or nothing; events taken are booked in the ledger;
 * 5. a fault that spoils the answer;
 * 6. counted by status and kept for debugging, whatever happened.
 */
export async function exchange(api: PlatformApi, incoming: Incoming, tools: Tools): Promise<Effect> {
  const call = api.read(incoming)
  if (call === undefined) return close(api, incoming, undefined, { kind: 'answer', answer: api.notFound(incoming) }, tools)
  const subject: Subject = { platform: api.id, door: call.door, accounts: [...call.arrivals.keys()], token: call.token }
  const slow = tools.faults.take(['latency'], subject)
  if (slow !== undefined) await sleep((slow.params.ms ?? 0) + tools.random() * (slow.params.jitter_ms ?? 0))
  return close(api, incoming, call, serve(api, incoming, call, subject, tools), tools)
}

function serve(api: PlatformApi, incoming: Incoming, call: Call, subject: Subject, tools: Tools): Effect {
  const instead = tools.faults.take(INSTEAD, subject, (fault) => fault.params.counted !== true)
  if (instead !== undefined) {
    record(api, incoming, call, instead.kind === 'rate_limited' ? 'throttled' : 'unserved', undefined, tools)
    return faulty(api, call, instead)
  }
  const settings = tools.settings.of(api.id)
  if (settings.max_body_bytes !== undefined && Buffer.byteLength(incoming.text) > settings.max_body_bytes) {
    record(api, incoming, call, 'refused', undefined, tools)
    return { kind: 'answer', answer: api.tooLarge() }
  }
  if (call.door !== 'token' && !tools.quota.admits(api, call, settings, incoming.at)) {
    record(api, incoming, call, 'throttled', undefined, tools)
    return { kind: 'answer', answer: api.rateLimited({}, call) }
  }
  const result = call.answer()
  record(api, incoming, call, result.bookings === undefined ? 'refused' : 'taken', result, tools)
  const usage = api.usageHeaders === undefined ? undefined : tools.faults.take(['usage_header'], subject)
  const headers = usage === undefined ? {} : api.usageHeaders?.(usage.params, call)
  const answer = { ...result.answer, headers: { ...result.answer.headers, ...headers } }
  if (result.bookings === undefined) return { kind: 'answer', answer }
  const after = tools.faults.take(AFTERWARDS, subject, (fault) => fault.kind !== 'garbage' || fault.params.counted === true)
  return after === undefined ? { kind: 'answer', answer } : spoiled(answer, after)
}

function faulty(api: PlatformApi, call: Call, fault: Fault): Effect {
  const { kind, params } = fault
  if (kind === 'reset') return { kind: 'drop' }
  if (kind === 'timeout') return { kind: 'hang' }
  if (kind === 'rate_limited') return { kind: 'answer', answer: api.rateLimited(params, call) }
  if (kind === 'server_error') return { kind: 'answer', answer: api.serverError(params, call) }
  if (kind === 'maintenance') return { kind: 'answer', answer: api.maintenance(params, call) }
  return { kind: 'answer', answer: kind === 'http_status' ? ordered(fault) : garbage(fault) }
}

function ordered({ params }: Fault): Answer {
  const type = isFields(params.body) ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8'
  const body = isText(params.body) ? params.body : params.body === undefined ? '' : JSON.stringify(params.body)
  return { status: params.status ?? 500, headers: { 'content-type': type, ...params.headers }, body }
}

function garbage({ params }: Fault): Answer {
  const usual = page(params.status ?? 200, 'Welcome to nginx!')
  return isText(params.body) ? { ...usual, body: params.body } : usual
}

function spoiled(answer: Answer, fault: Fault): Effect {
  if (fault.kind === 'lost_answer') return { kind: 'drop' }
  if (fault.kind === 'garbage') return { kind: 'answer', answer: garbage(fault) }
  return { kind: 'answer', answer: { ...answer, body: answer.body.slice(0, Math.max(1, Math.floor(answer.body.length / 2))) } }
}

function record(api: PlatformApi, incoming: Incoming, call: Call, fate: Fate, result: Result | undefined, { ledger }: Tools): void {
  if (call.door !== 'events') return
  const visit = { platform: api.id, requestNo: incoming.no, at: incoming.at, byAccount: call.arrivals, fate }
  ledger.record(visit, result?.bookings ?? [], api.dedupWindowMs)
}

function close(api: PlatformApi, incoming: Incoming, call: Call | undefined, effect: Effect, { ledger, bodies }: Tools): Effect {
  const status = effect.kind === 'answer' ? effect.answer.status : 'none'
  ledger.countAnswer(api.id, call?.door ?? 'none', status)
  bodies.keep(api.id, incoming, status, call?.token ?? '')
  return effect
}
