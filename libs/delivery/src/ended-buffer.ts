import type { Delivery } from '@relay/core/delivery'

const FLUSH_EVERY_MS = 200
const FLUSH_AT = 500

/** A delivery that ended for good, and how. */
export interface Ended {
  readonly delivery: Delivery
  readonly as: 'delivered' | 'dead' | 'skipped'
}

export interface EndedBuffer {
  add(ended: Ended): void
  flush(): Promise<void>
}

/** Gathers deliveries that ended, and notes them together: five writes a second instead of one per delivery. */
export function createEndedBuffer(note: (ended: readonly Ended[]) => Promise<unknown>, onError: (error: unknown) => void): EndedBuffer {
  let gathered: Ended[] = []
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const ended = gathered
    gathered = []
    if (ended.length > 0) await note(ended).catch(onError)
  }

  return {
    add(ended) {
      gathered.push(ended)
      if (gathered.length >= FLUSH_AT) void flush()
      else timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS)
    },
    flush,
  }
}
