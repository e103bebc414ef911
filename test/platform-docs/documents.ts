import type { PlatformId } from '@relay/core/ids'
import type { PlatformDocument } from './document.ts'
import { googleDocument } from './google.ts'
import { metaDocument } from './meta.ts'
import { snapchatDocument } from './snapchat.ts'
import { tiktokDocument } from './tiktok.ts'

/** Every platform, one line each. */
export const DOCUMENTS: Readonly<Record<PlatformId, PlatformDocument>> = {
  meta: metaDocument,
  google: googleDocument,
  tiktok: tiktokDocument,
  snapchat: snapchatDocument,
}

export const readmeOf = (platform: PlatformId): URL => new URL(`../../libs/platforms/src/${platform}/README.md`, import.meta.url)
