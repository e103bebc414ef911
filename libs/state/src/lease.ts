import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

const release = loadScript(new URL('.', import.meta.url), 'release-lease')

/**
 * Runs `work` while holding a lease of the fleet, or answers `taken` at once where another process holds it. The lease ends by itself
 * after `leaseMs`, so `work` must be done by then.
 */
export async function withLease<T>(
  redis: Redis,
  platform: PlatformId,
  name: string,
  options: { readonly owner: string; readonly leaseMs: number },
  work: () => Promise<T>,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'taken' }> {
  const key = keys.lease(platform, name)
  if ((await redis.set(key, options.owner, 'PX', options.leaseMs, 'NX')) === null) return { kind: 'taken' }
  try {
    return { kind: 'done', value: await work() }
  } finally {
    await release.run(redis, [key], [options.owner])
  }
}
