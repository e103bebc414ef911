import type { PlatformId } from '@relay/core/ids'
import { PLATFORM_IDS } from '@relay/core/ids'
import { expect } from 'vitest'
import type { Shop } from './shop.ts'
import type { System } from './system.ts'

// What really arrived, by the simulator's ledger, which the product has no hand in.

/** Ids of the events that the platform counted for this shop's account, in order of arrival; one that was counted twice stands there twice. */
export async function countedIds(system: Pick<System, 'simulator'>, shop: Shop, platform: PlatformId): Promise<string[]> {
  const entries = await system.simulator.entries()
  return entries
    .filter((entry) => entry.platform === platform && entry.account === shop.accounts[platform] && entry.counted === 'counted')
    .map((entry) => entry.event_id ?? '')
}

/** On each of the platforms exactly these events were counted for this shop, each once, and nothing was counted twice anywhere. */
export async function expectArrived(
  system: Pick<System, 'simulator'>,
  shop: Shop,
  ids: readonly string[],
  platforms: readonly PlatformId[] = PLATFORM_IDS,
): Promise<void> {
  for (const platform of platforms) {
    const counted = await countedIds(system, shop, platform)
    expect(counted.toSorted(), `counted by ${platform}`).toEqual([...ids].toSorted())
  }
  expect(await system.simulator.doubled()).toEqual([])
}

/** accepted + imported = delivered + waiting + held + active + dead + skipped + removed, on every platform. */
export async function expectBooks(system: Pick<System, 'books'>, expected: Readonly<Record<string, number>> = {}): Promise<void> {
  for (const [platform, books] of Object.entries(await system.books())) {
    const { accepted, imported, delivered, waiting, held, active, dead, skipped, removed } = books
    expect(delivered + waiting + held + active + dead + skipped + removed, `books of ${platform}`).toBe(accepted + imported)
    expect(books, `books of ${platform}`).toMatchObject({ unaccounted: 0, ...expected })
  }
}
