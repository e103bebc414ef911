import type { DeliveryId, PlatformId } from '@relay/core/ids'
import { RequestError } from '@relay/core/request-errors'
import type { Admission, Admitted, Enqueuer } from '@relay/queue/enqueue'
import type { Verdict } from './admit.ts'

const RETRY_AFTER_SECONDS = 2

/** Whatever goes wrong with Redis is the same to a producer: nothing is promised, send it all again. */
export async function fromStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    if (cause instanceof RequestError) throw cause
    const message = 'The events could not be stored: send the whole request again, what did get in is recognised'
    throw new RequestError('STORE_UNAVAILABLE', message, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
  }
}

/**
 * Enqueues, skips or buries each delivery, all platforms at once, and says of each what Redis confirmed. Of two with the same id in one request the first
 * counts. Rejects when any write is not confirmed.
 */
export async function storeVerdicts(enqueuer: Enqueuer, verdicts: readonly Verdict[]): Promise<ReadonlyMap<Verdict, Admitted>> {
  const first = new Map<DeliveryId, Verdict>()
  const byPlatform = new Map<PlatformId, Verdict[]>()
  for (const verdict of verdicts) {
    const { id, platform } = verdict.admission.delivery
    if (first.has(id)) continue
    first.set(id, verdict)
    const group = byPlatform.get(platform)
    if (group === undefined) byPlatform.set(platform, [verdict])
    else group.push(verdict)
  }
  const admitted = new Map<Verdict, Admitted>()
  await Promise.all(
    [...byPlatform].map(async ([platform, group]) => {
      const answers = await enqueuer.enqueue(
        platform,
        group.map(({ admission }) => admission),
      )
      for (const [index, verdict] of group.entries()) admitted.set(verdict, answers[index]!)
    }),
  )
  for (const verdict of verdicts) {
    const original = first.get(verdict.admission.delivery.id)!
    if (original !== verdict) admitted.set(verdict, repeatOf(original.admission, admitted.get(original)!))
  }
  return admitted
}

const repeatOf = (original: Admission, answer: Admitted): Admitted =>
  answer === 'in-dead-letters' || (answer === 'new' && original.kind === 'dead') ? 'in-dead-letters' : 'duplicate'
