import { setTimeout as delay } from 'node:timers/promises'
import type { TenantId } from '@relay/core/ids'

/*
 * A shop's back end: posts batches over HTTP, and where it is told to come back (503, 429, or no connection) posts the very same batch again.
 */

interface ShopCounts {
  requests: number
  comeBackLater: number
  received: number
  accepted: number
  duplicates: number
  refused: number
}

export interface Shop {
  readonly tenant: TenantId
  readonly counts: ShopCounts
  /** Posts one batch until it is taken; how many of it were new, duplicates, refused. */
  post(events: readonly unknown[]): Promise<void>
}

const GIVE_UP_MS = 60_000
const DEFAULT_PAUSE_MS = 500

interface Accepted {
  readonly data: {
    readonly events_received: number
    readonly events_accepted: number
    readonly duplicates: number
    readonly errors: readonly unknown[]
  }
}

export function createShop(tenant: TenantId, ingestUrl: string, key: string): Shop {
  const counts: ShopCounts = { requests: 0, comeBackLater: 0, received: 0, accepted: 0, duplicates: 0, refused: 0 }

  async function attempt(body: string): Promise<Accepted | { readonly pauseMs: number }> {
    counts.requests += 1
    const response = await fetch(`${ingestUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined)
    if (response?.status === 202) return (await response.json()) as Accepted
    if (response !== undefined && response.status !== 503 && response.status !== 429) {
      throw new Error(`the ingest answered ${response.status} to ${tenant}: ${await response.text()}`)
    }
    return { pauseMs: Math.min(DEFAULT_PAUSE_MS, Number(response?.headers.get('retry-after') ?? 1) * 1_000) }
  }

  return {
    tenant,
    counts,
    async post(events) {
      const body = JSON.stringify({ events })
      const giveUpAt = performance.now() + GIVE_UP_MS
      for (;;) {
        const answer = await attempt(body)
        if ('data' in answer) {
          counts.received += answer.data.events_received
          counts.accepted += answer.data.events_accepted
          counts.duplicates += answer.data.duplicates
          counts.refused += answer.data.errors.length
          return
        }
        if (performance.now() > giveUpAt) throw new Error(`the ingest did not take a batch of ${tenant} within ${GIVE_UP_MS / 1_000} s`)
        counts.comeBackLater += 1
        await delay(answer.pauseMs)
      }
    },
  }
}
