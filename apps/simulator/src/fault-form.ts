import { DOORS, PLATFORMS } from './call.ts'
import type { Door, PlatformId } from './call.ts'
import { isFields, isNumber, isText } from './fields.ts'
import type { Fields } from './fields.ts'

const KINDS = [
  'latency',
  'timeout',
  'lost_answer',
  'http_status',
  'rate_limited',
  'server_error',
  'maintenance',
  'garbage',
  'truncated',
  'reset',
  'bad_event',
  'late_reject',
  'expired_token',
  'revoked_token',
  'unknown_account',
  'forbidden_account',
  'usage_header',
] as const
export type FaultKind = (typeof KINDS)[number]

/** The parameters of all kinds; which kind takes which stands in PARAMS below and in the README. Names are those of the HTTP API. */
export interface FaultParams {
  readonly ms?: number
  readonly jitter_ms?: number
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly retry_after_s?: number
  readonly code?: number
  readonly scope?: string
  readonly counted?: boolean
  readonly event_id?: string
  readonly named?: boolean
  readonly reason?: string
  readonly percent?: number
  readonly regain_minutes?: number
}

/** What a client orders. Absent `account` and `token` mean all; `door` is where it works. */
export interface FaultOrder {
  readonly platform: PlatformId | '*'
  readonly account?: string
  readonly token?: string
  readonly door: Door | '*'
  readonly kind: FaultKind
  /** Requests it applies to before it is used up; absent means until it is deleted. */
  readonly times?: number
  readonly for_ms?: number
  readonly probability: number
  readonly params: FaultParams
}

export interface FaultProblem {
  readonly problem: string
  /** The field of the order that is wrong; the empty text for the whole. */
  readonly path: string
}

type FieldType = 'number' | 'text' | 'flag' | 'map' | 'any'

/** Parameter → its type; a `!` behind the type means it must be given. */
const PARAMS = {
  latency: { ms: 'number!', jitter_ms: 'number' },
  timeout: {},
  lost_answer: {},
  http_status: { status: 'number!', body: 'any', headers: 'map' },
  rate_limited: { retry_after_s: 'number', code: 'number', status: 'number', scope: 'text' },
  server_error: { status: 'number', code: 'number' },
  maintenance: { retry_after_s: 'number' },
  garbage: { status: 'number', body: 'text', counted: 'flag' },
  truncated: {},
  reset: {},
  bad_event: { event_id: 'text!', named: 'flag', code: 'number', reason: 'text' },
  late_reject: { event_id: 'text!', reason: 'text' },
  expired_token: {},
  revoked_token: {},
  unknown_account: {},
  forbidden_account: {},
  usage_header: { percent: 'number!', regain_minutes: 'number' },
} satisfies Record<FaultKind, Partial<Record<keyof FaultParams, FieldType | `${FieldType}!`>>>

const COMMON = new Set(['platform', 'account', 'token', 'door', 'kind', 'times', 'for_ms', 'probability'])
const NEEDS: Partial<Record<FaultKind, 'token' | 'account'>> = {
  expired_token: 'token',
  revoked_token: 'token',
  unknown_account: 'account',
  forbidden_account: 'account',
}

/** These speak of a token, an account or an event, whatever the request is for; the others work at the door `events` unless told otherwise. */
const EVERYWHERE = new Set<FaultKind>([
  'expired_token',
  'revoked_token',
  'unknown_account',
  'forbidden_account',
  'bad_event',
  'late_reject',
])

const CHECKS: Record<FieldType, (value: unknown) => boolean> = {
  number: (value) => isNumber(value) && value >= 0,
  text: isText,
  flag: (value) => typeof value === 'boolean',
  map: (value) => isFields(value) && Object.values(value).every((each) => typeof each === 'string'),
  any: () => true,
}

/** Reads the JSON of `POST /faults`. The first thing wrong ends it. */
export function parseFault(input: unknown): FaultOrder | FaultProblem {
  if (!isFields(input)) return { problem: 'a fault is a JSON object', path: '' }
  const kind = KINDS.find((each) => each === input['kind'])
  if (kind === undefined) return { problem: `kind is one of ${KINDS.join(', ')}`, path: 'kind' }
  const platform = [...PLATFORMS, '*' as const].find((each) => each === input['platform'])
  if (platform === undefined) return { problem: `platform is one of ${PLATFORMS.join(', ')}, or *`, path: 'platform' }
  const door = [...DOORS, '*' as const].find((each) => each === (input['door'] ?? defaultDoor(kind)))
  if (door === undefined) return { problem: `door is one of ${DOORS.join(', ')}, or *`, path: 'door' }
  return commonProblem(kind, input) ?? paramProblem(kind, input) ?? order(kind, platform, door, input)
}

function defaultDoor(kind: FaultKind): Door | '*' {
  return EVERYWHERE.has(kind) ? '*' : 'events'
}

function commonProblem(kind: FaultKind, input: Fields): FaultProblem | undefined {
  const { times, for_ms: forMs, probability } = input
  const idle = ['door', 'account'].find((name) => input[name] !== undefined && isIdle(kind, name))
  if (idle !== undefined) return { problem: `${kind} works wherever it is met and takes no ${idle}`, path: idle }
  for (const name of ['account', 'token']) {
    const isNeeded = NEEDS[kind] === name
    if ((isNeeded || input[name] !== undefined) && !isText(input[name])) return { problem: `${kind}: ${name} is a text`, path: name }
  }
  if (times !== undefined && !(Number.isInteger(times) && isNumber(times) && times > 0)) {
    return { problem: 'times is a whole number above 0', path: 'times' }
  }
  if (forMs !== undefined && !(isNumber(forMs) && forMs > 0)) return { problem: 'for_ms is a number above 0', path: 'for_ms' }
  if (probability !== undefined && !(isNumber(probability) && probability >= 0 && probability <= 1)) {
    return { problem: 'probability lies between 0 and 1', path: 'probability' }
  }
  return undefined
}

function isIdle(kind: FaultKind, name: string): boolean {
  return EVERYWHERE.has(kind) && (name === 'door' || NEEDS[kind] === 'token')
}

function paramProblem(kind: FaultKind, input: Fields): FaultProblem | undefined {
  const known: Readonly<Record<string, string>> = PARAMS[kind]
  for (const name of Object.keys(input)) {
    if (!COMMON.has(name) && !(name in known)) {
      return { problem: `${kind} takes ${Object.keys(known).join(', ') || 'no parameter of its own'}; not ${name}`, path: name }
    }
  }
  for (const [name, spec] of Object.entries(known)) {
    const type = spec.replace('!', '') as FieldType
    const value = input[name]
    if (value === undefined ? spec.endsWith('!') : !CHECKS[type](value)) return { problem: `${kind}: ${name} is a ${type}`, path: name }
  }
  const status = input['status']
  if (isNumber(status) && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    return { problem: 'status is an HTTP status from 200 to 599', path: 'status' }
  }
  return undefined
}

function order(kind: FaultKind, platform: PlatformId | '*', door: Door | '*', input: Fields): FaultOrder {
  const own = Object.fromEntries(Object.entries(input).filter(([name]) => !COMMON.has(name)))
  const given = (name: 'account' | 'token' | 'times' | 'for_ms'): Fields => (input[name] === undefined ? {} : { [name]: input[name] })
  const common = { ...given('account'), ...given('token'), ...given('times'), ...given('for_ms') }
  return { platform, kind, door, probability: isNumber(input['probability']) ? input['probability'] : 1, params: own, ...common }
}
