import type { AppData, FieldWarning } from '@relay/core/event'
import type { JsonObject, JsonValue } from '@relay/core/json'
import { isExtinfo, trackingFlag } from '../app-fields.ts'

/** Width, height, CPU cores, storage and free storage are integers at Meta (SE, read 2026-11-24). */
const INTEGER_ENTRIES: ReadonlySet<number> = new Set([9, 10, 12, 13, 14])

/** `""` is a gap; a number that can't be read becomes one. */
const integerOf = (text: string): number | '' => (/^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Math.round(Number(text)) : '')

function extinfoOf(extinfo: readonly string[]): JsonValue[] | undefined {
  if (!isExtinfo(extinfo)) return undefined
  return extinfo.map((entry, index) => (INTEGER_ENTRIES.has(index) ? integerOf(entry) : entry))
}

/** `app_data` of an app event; an `extinfo` that is not Meta's 16 entries is left out with INVALID_EXTINFO. */
export function appDataOf(appData: AppData): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const extinfo = appData.extinfo === undefined ? undefined : extinfoOf(appData.extinfo)
  return {
    body: {
      advertiser_tracking_enabled: trackingFlag(appData.advertiser_tracking_enabled),
      application_tracking_enabled: trackingFlag(appData.application_tracking_enabled),
      extinfo,
    },
    warnings: appData.extinfo !== undefined && extinfo === undefined ? [{ field: 'app_data.extinfo', reason: 'INVALID_EXTINFO' }] : [],
  }
}
