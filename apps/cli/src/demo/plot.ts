import { setTimeout as delay } from 'node:timers/promises'
import type { TenantId } from '@relay/core/ids'
import type { Fleet } from '../fleet.ts'
import { DYING_TOKEN } from './cast.ts'
import { type DemoEvent, MALFORMED } from './events.ts'
import { isRefusedLate, LATE_VERDICT_S } from './late-verdicts.ts'
import type { Screen } from './screen.ts'
import type { Stage } from './stage.ts'
import type { SimulatorControl } from './simulator-control.ts'

/*
 * What goes wrong, and when: by the share of the events that the shops have posted. Every fault is ordered from the simulator or done to a process, never
 * played by the product.
 */

export interface PlotContext {
  readonly fleet: Fleet
  readonly stage: Stage
  readonly simulator: SimulatorControl
  readonly screen: Screen
  readonly events: ReadonlyMap<TenantId, readonly DemoEvent[]>
}

interface Chapter {
  /** Share of the events posted when it begins. */
  readonly at: number
  readonly title: string
  run(context: PlotContext): Promise<void>
}

const BAD_EVERY = 1_000
/** Long enough for five failures in a row and for the breaker to be probed in vain once. */
const OUTAGE_MS = 4_500

const PLOT: readonly Chapter[] = [
  {
    at: 0,
    title: 'One event in a thousand is refused by every platform, whatever its neighbours are like',
    async run({ simulator, events }) {
      for (const event of [...events.values()].flatMap((own) => own.filter((_, index) => index % BAD_EVERY === 100))) {
        await simulator.order({ platform: '*', kind: 'bad_event', event_id: event.id })
      }
    },
  },
  {
    at: 0,
    title: `Google takes one event in a thousand and refuses it afterwards (after half an hour or more; here ${LATE_VERDICT_S} s): the verdict is fetched`,
    async run({ simulator, events }) {
      await simulator.set('google', { verdict_after_s: LATE_VERDICT_S })
      for (const { id } of [...events.values()].flatMap((own) => own.filter((_, index) => isRefusedLate(index)))) {
        await simulator.order({ platform: 'google', kind: 'late_reject', event_id: id, reason: 'CLICK_NOT_FOUND' })
      }
    },
  },
  {
    at: 0.05,
    title: 'Meta does not answer two requests (timeout); TikTok takes two and loses the answers',
    async run({ simulator }) {
      await simulator.order({ platform: 'meta', kind: 'timeout', times: 2 })
      await simulator.order({ platform: 'tiktok', kind: 'lost_answer', times: 2 })
    },
  },
  {
    at: 0.1,
    title: 'Google throttles (429); Snapchat goes into maintenance for 2 s (503); Google answers garbage once',
    async run({ simulator }) {
      await simulator.order({ platform: 'google', kind: 'rate_limited', times: 4, retry_after_s: 1 })
      await simulator.order({ platform: 'google', kind: 'garbage', times: 1, counted: true })
      await simulator.order({ platform: 'snapchat', kind: 'maintenance', times: 2, retry_after_s: 2 })
    },
  },
  {
    at: 0.2,
    title: `TikTok answers 500 for ${OUTAGE_MS / 1_000} s: its breaker opens for all workers`,
    run: async ({ simulator }) =>
      void (await simulator.order({ platform: 'tiktok', kind: 'http_status', status: 500, body: 'upstream is down', for_ms: OUTAGE_MS })),
  },
  {
    at: 0.3,
    title: "globex's Meta token is revoked: that connection is suspended and its work parked, the others go on",
    run: async ({ simulator }) => void (await simulator.order({ platform: 'meta', kind: 'revoked_token', token: DYING_TOKEN })),
  },
  {
    at: 0.45,
    title: 'A worker is killed in the middle of its batches (kill -9)',
    async run({ fleet, simulator }) {
      await simulator.order({ platform: '*', kind: 'latency', ms: 300, for_ms: 600 })
      await delay(200)
      await fleet.workers[0]!.kill()
    },
  },
  {
    at: 0.7,
    title: 'Redis is killed (kill -9) and started again: the ingest answers 503, the shops come back, the workers wait',
    async run({ fleet }) {
      await fleet.restartRedis({ crash: true })
    },
  },
]

const BATCH = 250
const REPEAT_EVERY = 5

/** All shops post all of their events, each in its own time, while the plot unfolds. Resolves when the last one is taken and the plot is over. */
export async function play(context: PlotContext): Promise<void> {
  const total = [...context.events.values()].reduce((sum, own) => sum + own.length, 0)
  let posted = 0
  const underWay = new Map<Chapter, Promise<void>>()
  const unfold = (): void => {
    for (const chapter of PLOT) {
      if (underWay.has(chapter) || posted / total < chapter.at) continue
      context.screen.chapter(`▸ ${chapter.title}`)
      underWay.set(chapter, chapter.run(context))
    }
  }
  unfold()
  await Promise.all(underWay.values())
  await Promise.all(
    context.stage.shops.map(async (shop) => {
      const own = context.events.get(shop.tenant) ?? []
      for (let start = 0; start < own.length; start += BATCH) {
        const batch = own.slice(start, start + BATCH).map(({ body }) => body)
        await shop.post((start / BATCH) % REPEAT_EVERY === 1 ? [...batch, ...MALFORMED] : batch)
        if ((start / BATCH) % REPEAT_EVERY === 3) await shop.post(batch)
        posted += batch.length
        unfold()
      }
    }),
  )
  await Promise.all(underWay.values())
}

/** How many events of a shop are posted twice, and how many bad ones beside them, by the rule above. */
export function expectedOf(count: number): { readonly repeated: number; readonly malformed: number } {
  let [repeated, malformed] = [0, 0]
  for (let start = 0; start < count; start += BATCH) {
    if ((start / BATCH) % REPEAT_EVERY === 3) repeated += Math.min(BATCH, count - start)
    if ((start / BATCH) % REPEAT_EVERY === 1) malformed += MALFORMED.length
  }
  return { repeated, malformed }
}
