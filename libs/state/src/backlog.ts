import { PLATFORM_IDS, type PlatformId, type TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

/**
 * Has this tenant as many deliveries waiting, held or active as it may? The count is kept beside the books: up in the step that enqueues, down after
 * settling; what a crash makes of it in between is put right when the platform's queue runs empty (settled.lua).
 */
export async function isOverQuota(redis: Redis, tenant: TenantId, maxDeliveries: number): Promise<boolean> {
  const counts = await Promise.all(PLATFORM_IDS.map((platform) => redis.hget(keys.backlog(platform), tenant)))
  return counts.reduce((total, text) => total + Number(text ?? 0), 0) >= maxDeliveries
}

/** How many deliveries of this tenant wait, are held or are on their way at one platform. */
export const tenantBacklog = async (redis: Redis, platform: PlatformId, tenant: TenantId): Promise<number> =>
  Math.max(0, Number((await redis.hget(keys.backlog(platform), tenant)) ?? 0))
