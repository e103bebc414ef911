import type { Platform } from '../contract.ts'
import { acceptsUntil, TIKTOK_API } from './api.ts'
import { check } from './check.ts'
import { classify } from './classify.ts'
import { tiktokCredentials, tiktokSettings, type TikTokCredentials } from './credentials.ts'
import { encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'

/** TikTok Events API 2.0. Tokens do not expire, so there is no `refresh`; answers speak for themselves, so there is no `inquire`. */
export const tiktok: Platform<TikTokCredentials> = {
  id: 'tiktok',
  api: TIKTOK_API,
  credentials: tiktokCredentials,
  settings: tiktokSettings,
  accountKey: (settings) => `${settings.event_source ?? 'web'}:${settings.event_source_id ?? ''}`,
  mapEvent,
  identify,
  acceptsUntil,
  encodeEvent,
  encodeRequest,
  classify,
  check,
}
