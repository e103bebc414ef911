import type { PlatformId } from '@relay/core/ids'

/** Counts of one platform as the simulator saw them, independent of what the relay believes. */
export interface PlatformLedger {
  readonly requests: number
  readonly counted: number
  readonly repeated: number
}

export interface LedgerEntry {
  readonly platform: PlatformId
  readonly account: string
  readonly event_id: string | null
  readonly counted: string
}

export interface SimulatorControl {
  /** Orders a fault; resolves with its id. */
  order(fault: Readonly<Record<string, unknown>>): Promise<string>
  /** Changes how the simulator plays one platform. */
  set(platform: PlatformId, settings: Readonly<Record<string, unknown>>): Promise<void>
  cancel(faultId: string): Promise<void>
  cancelAll(): Promise<void>
  summary(): Promise<Readonly<Record<PlatformId, PlatformLedger>>>
  entries(): Promise<LedgerEntry[]>
  /** Events that the platform itself counted more than once. */
  doubled(): Promise<readonly { readonly platform: PlatformId }[]>
}

export function createSimulatorControl(url: string): SimulatorControl {
  async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(15_000) })
    if (!response.ok) throw new Error(`the simulator answered ${response.status} to ${path}: ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    async order(fault) {
      return (await call<{ fault_id: string }>('/faults', { method: 'POST', body: JSON.stringify(fault) })).fault_id
    },
    async set(platform, settings) {
      await call(`/settings/${platform}`, { method: 'PUT', body: JSON.stringify(settings) })
    },
    async cancel(faultId) {
      await fetch(`${url}/faults/${faultId}`, { method: 'DELETE' })
    },
    async cancelAll() {
      await call('/faults', { method: 'DELETE' })
    },
    summary: () => call('/ledger/summary'),
    async entries() {
      const response = await fetch(`${url}/ledger`, { signal: AbortSignal.timeout(15_000) })
      const lines = (await response.text()).split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line) as LedgerEntry)
    },
    async doubled() {
      return (await call<{ doubled: { platform: PlatformId }[] }>('/ledger/doubled')).doubled
    },
  }
}
