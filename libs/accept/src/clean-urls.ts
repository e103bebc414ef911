import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import { sanitiseUrl } from '@relay/prepare/sanitise-url'

/** The event with what may name a person cut out of its URLs, and without a URL that is none; a warning for each. */
export function cleanUrls(event: ConversionEvent): { readonly event: ConversionEvent; readonly warnings: readonly FieldWarning[] } {
  if (event.event_source_url === undefined && event.referrer_url === undefined) return { event, warnings: [] }
  const { event_source_url: source, referrer_url: referrer, ...rest } = event
  const warnings: FieldWarning[] = []
  const clean = (field: 'event_source_url' | 'referrer_url', url: string | undefined): { [F in typeof field]?: string } => {
    if (url === undefined) return {}
    const result = sanitiseUrl(url)
    if (!result.ok || result.cut) warnings.push({ field, reason: result.ok ? 'PERSONAL_DATA_IN_URL' : result.reason })
    return result.ok ? { [field]: result.url } : {}
  }
  return { event: { ...rest, ...clean('event_source_url', source), ...clean('referrer_url', referrer) }, warnings }
}
