import type { Door, EpochMs, PlatformId } from './call.ts'
import { parseFault } from './fault-form.ts'
import type { FaultProblem } from './fault-form.ts'

export const KINDS = [
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

/** The parameters of all kinds; which kind takes which stands in fault-form.ts and in the README. Names are those of the HTTP API. */
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

export interface Fault extends FaultOrder {
  readonly fault_id: string
  readonly until?: EpochMs
  readonly used: number
}

/** What a fault is compared with. */
export interface Subject {
  readonly platform: PlatformId
  readonly door: Door
  readonly accounts: readonly string[]
  readonly token: string
}

export interface Faults {
  /** Takes the JSON of `POST /faults`; a problem says which field is wrong. */
  add(input: unknown): Fault | FaultProblem
  list(): readonly Fault[]
  remove(faultId: string): boolean
  clear(): void
  /** The oldest fault of these kinds (and accepted, if asked) that applies to the request now, dice thrown; counted as used. */
  take(kinds: readonly FaultKind[], subject: Subject, accepts?: (fault: Fault) => boolean): Fault | undefined
  /** All faults of a kind that apply to the subject, none of them used. */
  applying(kind: FaultKind, subject: Subject): readonly Fault[]
  use(fault: Fault): void
}

export interface FaultsOptions {
  readonly now: () => EpochMs
  /** 0 ≤ x < 1. */
  readonly random: () => number
}

export function createFaults({ now, random }: FaultsOptions): Faults {
  const faults = new Map<string, Fault>()
  let lastNo = 0

  function isAlive(fault: Fault): boolean {
    if (fault.until === undefined || now() < fault.until) return true
    faults.delete(fault.fault_id)
    return false
  }

  function use(fault: Fault): void {
    const current = faults.get(fault.fault_id)
    if (current === undefined) return
    const used = current.used + 1
    if (current.times !== undefined && used >= current.times) faults.delete(current.fault_id)
    else faults.set(current.fault_id, { ...current, used })
  }

  return {
    add(input) {
      const order = parseFault(input)
      if ('problem' in order) return order
      lastNo += 1
      const until = order.for_ms === undefined ? {} : { until: now() + order.for_ms }
      const fault: Fault = { fault_id: `f${lastNo}`, ...order, ...until, used: 0 }
      faults.set(fault.fault_id, fault)
      return fault
    },
    list: () => [...faults.values()].filter(isAlive),
    remove: (faultId) => faults.delete(faultId),
    clear: () => faults.clear(),
    take(kinds, subject, accepts = () => true) {
      for (const fault of faults.values()) {
        if (!kinds.includes(fault.kind) || !isAlive(fault) || !matches(fault, subject) || !accepts(fault)) continue
        if (fault.probability < 1 && random() >= fault.probability) continue
        use(fault)
        return fault
      }
      return undefined
    },
    applying(kind, subject) {
      if (faults.size === 0) return []
      return [...faults.values()].filter((fault) => fault.kind === kind && isAlive(fault) && matches(fault, subject))
    },
    use,
  }
}

function matches(fault: Fault, subject: Subject): boolean {
  if (fault.platform !== '*' && fault.platform !== subject.platform) return false
  if (fault.door !== '*' && fault.door !== subject.door) return false
  if (fault.token !== undefined && fault.token !== subject.token) return false
  const { account } = fault
  return account === undefined || subject.accounts.some((each) => isWithin(each, account))
}

/** Whether an account is the one named, or lies under it: a Google destination `1234567890/777` lies under `1234567890`. */
export function isWithin(account: string, named: string): boolean {
  return account === named || account.startsWith(`${named}/`)
}
