import type { PlatformId } from '@relay/core/ids'
import type { Platform } from './contract.ts'
import { google } from './google/index.ts'
import { meta } from './meta/index.ts'
import { snapchat } from './snapchat/index.ts'
import { tiktok } from './tiktok/index.ts'

/** Every platform, one line each. */
export const PLATFORMS: Readonly<Record<PlatformId, Platform>> = {
  meta,
  google,
  tiktok,
  snapchat,
}

export const platformById = (id: PlatformId): Platform => PLATFORMS[id]
