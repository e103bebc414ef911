import type { AppData, FieldWarning } from '@relay/core/event'
import type { JsonObject, JsonValue } from '@relay/core/json'

/** Exactly this many: 18 entries once made events vanish without an error (segmentio/action-destinations PR #3720, read 2026-11-24). */
const EXTINFO_LENGTH = 16
/** Width, height, CPU cores, storage and free storage are integers at Meta (SE, read 2026-11-24). */
const INTEGER_ENTRIES: ReadonlySet<number> = new Set([9, 10, 12, 13, 14])

/** `""` is a gap; a number that can't be read becomes one. */
const integerOf = (text: string): number | '' => (/^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Math.round(Number(text)) : '')

function extinfoOf(extinfo: readonly string[]): JsonValue[] | undefined {
  if (extinfo.length !== EXTINFO_LENGTH || (extinfo[0] !== 'a2' && extinfo[0] !== 'i2')) return undefined
  return extinfo.map((entry, index) => (INTEGER_ENTRIES.has(index) ? integerOf(entry) : entry))
}

const flag = (value: boolean | undefined): 0 | 1 | undefined => (value === undefined ? undefined : value ? 1 : 0)

/** `app_data` of an app event; an `extinfo` that is not Meta's 16 entries is left out with INVALID_EXTINFO. */
export function appDataOf(appData: AppData): { readonly body: JsonObject; readonly warnings: readonly FieldWarning[] } {
  const extinfo = appData.extinfo === undefined ? undefined : extinfoOf(appData.extinfo)
  return {
    body: {
      advertiser_tracking_enabled: flag(appData.advertiser_tracking_enabled),
      application_tracking_enabled: flag(appData.application_tracking_enabled),
      extinfo,
    },
    warnings: appData.extinfo !== undefined && extinfo === undefined ? [{ field: 'app_data.extinfo', reason: 'INVALID_EXTINFO' }] : [],
  }
}
