import type { ConversionEvent, PreparedEvent } from '@relay/core/event'
import type { JsonObject } from '@relay/core/json'

/** Positions in Meta's `extinfo`, in which producers give the device. */
const EXTINFO = { platform: 0, packageName: 1, version: 2, locale: 6 } as const

const IOS_AGENT = /iPhone|iPad|iPod|CFNetwork|Darwin|\biOS\b/
const ANDROID_AGENT = /Android|Dalvik|okhttp/i
const LOCALE = /^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$/i

const extinfo = (event: ConversionEvent | PreparedEvent, position: keyof typeof EXTINFO): string | undefined => {
  const text = event.app_data?.extinfo?.[EXTINFO[position]]?.trim()
  return text === '' ? undefined : text
}

/** `i2` or `a2` in extinfo says it; else the user agent; else the id's own spelling, since iOS shows it in upper case and Android in lower case. */
export function isIos(event: ConversionEvent): boolean {
  const platform = extinfo(event, 'platform')
  if (platform !== undefined) return platform.toLowerCase().startsWith('i')
  const agent = event.user_data.client_user_agent ?? ''
  if (IOS_AGENT.test(agent)) return true
  return !ANDROID_AGENT.test(agent) && /[A-F]/.test(event.user_data.mobile_ad_id ?? '')
}

/** `user` fields of app events that come from `app_data`. */
export function appUserFields(event: ConversionEvent): JsonObject {
  const locale = extinfo(event, 'locale')
  const mayTrack = event.app_data?.advertiser_tracking_enabled
  return {
    ...(locale !== undefined && LOCALE.test(locale) ? { locale: locale.replaceAll('_', '-') } : {}),
    ...(mayTrack !== undefined && isIos(event) ? { att_status: mayTrack ? 'AUTHORIZED' : 'DENIED' } : {}),
  }
}

/** The `app` object of an app event; undefined without an app id, which TikTok requires. */
export function appObject(event: PreparedEvent): JsonObject | undefined {
  const appId = event.app_data?.app_id ?? extinfo(event, 'packageName')
  if (appId === undefined) return undefined
  const version = extinfo(event, 'version')
  return { app_id: appId, ...(version === undefined ? {} : { app_version: version }) }
}
