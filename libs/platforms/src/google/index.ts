import type { Platform } from '../contract.ts'
import { acceptsUntil, GOOGLE_API } from './api.ts'
import { check } from './check.ts'
import { classifyUpload } from './ads/classify.ts'
import { classifyIngest } from './classify.ts'
import { accountDigits, googleCredentials, googleSettings, type GoogleCredentials } from './credentials.ts'
import { encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'
import { laterVerdict } from './later-verdict.ts'
import { refreshToken } from './refresh.ts'
import { separate } from './separate.ts'

/** Google: the Data Manager API, `events:ingest`; for `settings.api: ads` the Google Ads API's upload of click conversions, which is closed to newcomers. */
export const google: Platform<GoogleCredentials> = {
  id: 'google',
  api: GOOGLE_API,
  credentials: googleCredentials,
  settings: googleSettings,
  accountKey: (settings) => accountDigits(settings.operating_account ?? ''),
  applicationOf: (credentials) => credentials.client_id,
  mapEvent,
  identify,
  acceptsUntil,
  encodeEvent,
  encodeRequest,
  classify: (answer, sent, context) => (context.settings.api === 'ads' ? classifyUpload : classifyIngest)(answer, sent, context),
  separate,
  verdict: laterVerdict,
  check,
  refresh: { appliesTo: () => true, run: refreshToken },
}
