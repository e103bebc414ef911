import type { PlatformId } from '@relay/core/ids'
import { keys, type LetterBox } from '@relay/state/keys'
import { type JobsOptions, Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/** BullMQ's events cannot be turned off; this many are kept. */
const EVENTS_KEPT = 1_000

/**
 * Attempts are counted by our policy (retryDelayMs, the dead letter after the last one); BullMQ's own limit must never be reached,
 * since it would put a job into its failed set, past the dead letters.
 */
const BULLMQ_ATTEMPTS = 1_000

export const JOB_OPTIONS = {
  attempts: BULLMQ_ATTEMPTS,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: false,
  stackTraceLimit: 0,
} as const satisfies JobsOptions

/** The queue of a platform (or the inbox) on a connection that the caller owns and closes. */
export function openQueue(box: LetterBox, connection: Redis): Queue {
  const queue = new Queue(box, { prefix: keys.queuePrefix(box), connection, streams: { events: { maxLen: EVENTS_KEPT } } })
  // Faults of the connection are its owner's to tell; without a listener BullMQ writes them to the console.
  queue.on('error', () => {})
  return queue
}

export type Queues = { readonly [P in PlatformId]: Queue }
