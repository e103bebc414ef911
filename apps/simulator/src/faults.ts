import { isWithin } from './call.ts'
import type { Door, EpochMs, PlatformId } from './call.ts'
import { parseFault } from './fault-form.ts'
import type { FaultKind, FaultOrder, FaultProblem } from './fault-form.ts'

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
