import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import type { Letter } from '@relay/queue/letter'
import { renderTable } from '../print.ts'
import type { PlatformReckoning, Reckoning } from './reckoning.ts'

interface DemoJson {
  readonly ok: boolean
  readonly events_received: number
  readonly platforms: Readonly<Record<PlatformId, PlatformReckoning>>
  readonly seconds: number
}

/** The last line of `relay demo --json`. All counts but `requests` are deliveries; `dead` is what is dead at the end. */
export const demoJson = ({ platforms, faults }: Reckoning, eventsReceived: number, seconds: number): DemoJson => ({
  ok: faults.length === 0,
  events_received: eventsReceived,
  platforms,
  seconds,
})

/** What became of all deliveries, one line per platform. */
export function demoTable({ platforms }: Reckoning, letters: readonly Letter[]): string {
  const rows = PLATFORM_IDS.map((platform) => ({ platform, ...platforms[platform] }))
  const right = { align: 'right' } as const
  return `\n${renderTable(rows, [
    { title: 'PLATFORM', value: (row) => row.platform },
    { title: 'RECEIVED', value: (row) => row.accepted + row.duplicates, ...right },
    { title: 'DUPLICATES', value: (row) => row.duplicates, ...right },
    { title: 'SKIPPED', value: (row) => row.skipped, ...right },
    { title: 'DELIVERED', value: (row) => row.delivered, ...right },
    { title: 'DEAD', value: (row) => deadByCode(letters, row.platform), ...right },
    { title: 'REPLAYED', value: (row) => row.replayed, ...right },
    { title: 'REQUESTS', value: (row) => row.requests, ...right },
    { title: 'EVENTS/REQUEST', value: (row) => (row.delivered / Math.max(1, row.requests)).toFixed(1), ...right },
    { title: 'LOST', value: (row) => row.lost, ...right },
    { title: 'DOUBLED', value: (row) => row.doubled, ...right },
  ])}`
}

function deadByCode(letters: readonly Letter[], platform: PlatformId): string {
  const counts = new Map<string, number>()
  for (const letter of letters) if (letter.platform === platform) counts.set(letter.code, (counts.get(letter.code) ?? 0) + 1)
  return counts.size === 0 ? '0' : [...counts].map(([code, count]) => `${count} ${code}`).join(', ')
}
