import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

const oldest = loadScript(new URL('.', import.meta.url), 'oldest-job')

/** Age in seconds of the oldest among the first 1,000 waiting and the first 1,000 held deliveries; 0 where there are none. */
export async function oldestWaitingSeconds(redis: Redis, platform: PlatformId): Promise<number> {
  const part = (name: string): string => keys.queuePart(platform, name)
  const ageMs = (await oldest.run(redis, [part('wait'), part('prioritized'), part('delayed')], [part(''), 1_000])) as number
  return Math.max(0, Math.round(ageMs / 1_000))
}
