import type { Platform } from '../contract.ts'
import { api } from './api.ts'
import { check, refresh } from './auth.ts'
import { classify } from './classify.ts'
import { assetId, snapchatCredentials, snapchatSettings, type SnapchatCredentials } from './credentials.ts'
import { acceptsUntil, encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'
import { inquire } from './inquire.ts'

/** Snapchat Conversions API v3, with a static token or OAuth. */
export const snapchat: Platform<SnapchatCredentials> = {
  id: 'snapchat',
  api,
  credentials: snapchatCredentials,
  settings: snapchatSettings,
  accountKey: assetId,
  // Limits are per token; one that is refreshed is told by its client and grant.
  applicationOf: ({ access_token, client_id, refresh_token }) => access_token ?? `${client_id} ${refresh_token}`,
  mapEvent,
  identify,
  acceptsUntil,
  encodeEvent,
  encodeRequest,
  classify,
  inquire,
  check,
  refresh,
}
