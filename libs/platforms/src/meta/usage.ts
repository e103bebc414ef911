import { isJsonObject, type JsonValue } from '@relay/core/json'
import { parseJsonBody } from '../verdict.ts'

/*
 * Meta's usage headers (https://developers.facebook.com/docs/graph-api/overview/rate-limiting, read 2026-11-24): `X-App-Usage` {call_count, total_cputime,
 * total_time in percent}, `X-Business-Use-Case-Usage` {id: [{…, the same}]}, `X-Ad-Account-Usage` {acc_id_util_pct}. They come only after enough calls.
 */

const PERCENTS = ['call_count', 'total_cputime', 'total_time', 'acc_id_util_pct'] as const

const percentsIn = (usage: JsonValue | undefined): number[] =>
  isJsonObject(usage) ? PERCENTS.map((name) => usage[name]).filter((value) => typeof value === 'number') : []

/** The largest share of any quota that is used, in percent; undefined where no header tells. */
export function usedPercent(headers: Readonly<Record<string, string>>): number | undefined {
  const useCases = Object.values(parseJsonBody(headers['x-business-use-case-usage'] ?? '') ?? {}).flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  const usages = [
    parseJsonBody(headers['x-app-usage'] ?? ''),
    parseJsonBody(headers['x-ad-account-usage'] ?? ''),
    ...(useCases as JsonValue[]),
  ]
  const percents = usages.flatMap(percentsIn)
  return percents.length === 0 ? undefined : Math.max(...percents)
}
