import type { Clock, EpochMs } from '@relay/core/clock'
import type { Http, HttpAnswer } from '@relay/platforms/contract'

/** The platforms' pages: one such question a minute per connection is enough. */
const REMEMBERED_MS = 60_000

/**
 * For a platform's inquiries: a GET that was answered within the last minute is not asked again, since a request that is taken apart would ask it for each
 * of its parts. A fault is no answer. Calls that carry events always go out.
 */
export function createInquiryHttp(http: Http, clock: Clock): Http {
  const remembered = new Map<string, { readonly answer: HttpAnswer; readonly until: EpochMs }>()
  return {
    async send(request) {
      if (request.method !== 'GET') return http.send(request)
      const now = clock()
      for (const [key, { until }] of remembered) if (until <= now) remembered.delete(key)
      const key = JSON.stringify([request.url, request.headers])
      const known = remembered.get(key)
      if (known !== undefined) return known.answer
      const answer = await http.send(request)
      if (answer.kind === 'answer') remembered.set(key, { answer, until: now + REMEMBERED_MS })
      return answer
    },
  }
}
