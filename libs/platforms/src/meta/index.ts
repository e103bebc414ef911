import type { Platform } from '../contract.ts'
import { api } from './api.ts'
import { check, inquire } from './auth.ts'
import { classify } from './classify.ts'
import { metaCredentials, metaSettings, type MetaCredentials } from './credentials.ts'
import { acceptsUntil, encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'
import { usedPercent } from './usage.ts'

/** Meta Conversions API, server events. Tokens do not expire on a schedule, so there is no `refresh`. */
export const meta: Platform<MetaCredentials> = {
  id: 'meta',
  api,
  credentials: metaCredentials,
  settings: metaSettings,
  accountKey: (settings) => settings.pixel_id ?? '',
  mapEvent,
  identify,
  acceptsUntil,
  encodeEvent,
  encodeRequest,
  classify,
  usedPercent,
  inquire,
  check,
}
