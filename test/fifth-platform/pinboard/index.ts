import type { PlatformId } from '@relay/core/ids'
import type { Platform } from '@relay/platforms/contract'
import { check } from './check.ts'
import { classify } from './classify.ts'
import { pinboardCredentials, type PinboardCredentials, pinboardSettings } from './credentials.ts'
import { encodeEvent, encodeRequest } from './encode.ts'
import { mapEvent } from './event-names.ts'
import { identify } from './identify.ts'

const PAGE = 'https://developers.pinboard.example/conversions'
const READ = '2026-11-24'
const DAY_MS = 86_400_000

/** Conversions API v5 of a platform that does not exist. */
export const pinboard: Platform<PinboardCredentials> = {
  // Without the assertion, once it stands in PLATFORM_DEFAULTS.
  id: 'pinboard' as PlatformId,
  api: {
    version: { value: 'v5', page: PAGE, read: READ },
    sunset: null,
    baseUrl: 'https://api.pinboard.example',
    maxEventsPerRequest: { value: 1_000, page: PAGE, read: READ },
    maxBodyBytes: 1_000_000,
    deduplicationWindowMs: 7 * DAY_MS,
  },
  credentials: pinboardCredentials,
  settings: pinboardSettings,
  accountKey: (settings) => settings.pixel_id ?? '',
  mapEvent,
  identify,
  acceptsUntil: (event) => event.event_time * 1_000 + 7 * DAY_MS,
  encodeEvent,
  encodeRequest,
  classify,
  check,
}
