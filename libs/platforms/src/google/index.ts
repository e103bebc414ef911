import type { Platform } from '../contract.ts'
import { acceptsUntil, GOOGLE_API } from './api.ts'
import { check } from './check.ts'
import { classify } from './classify.ts'
import { accountDigits, googleCredentials, googleSettings, type GoogleCredentials } from './credentials.ts'
import { encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'
import { refreshToken } from './refresh.ts'

/** Google's Data Manager API, `events:ingest`. */
export const google: Platform<GoogleCredentials> = {
  id: 'google',
  api: GOOGLE_API,
  credentials: googleCredentials,
  settings: googleSettings,
  accountKey: (settings) => accountDigits(settings.operating_account ?? ''),
  mapEvent,
  identify,
  acceptsUntil,
  encodeEvent,
  encodeRequest,
  classify,
  check,
  refresh: { appliesTo: () => true, run: refreshToken },
}
