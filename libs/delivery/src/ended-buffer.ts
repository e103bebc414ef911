import type { Delivery } from '@relay/core/delivery'

const FLUSH_EVERY_MS = 200
const FLUSH_AT = 500

export interface EndedBuffer {
  add(delivery: Delivery): void
  flush(): Promise<void>
}

/** Gathers deliveries that ended, and notes them together: five writes a second instead of one per delivery. */
export function createEndedBuffer(
  note: (deliveries: readonly Delivery[]) => Promise<void>,
  onError: (error: unknown) => void,
): EndedBuffer {
  let gathered: Delivery[] = []
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const deliveries = gathered
    gathered = []
    if (deliveries.length > 0) await note(deliveries).catch(onError)
  }

  return {
    add(delivery) {
      gathered.push(delivery)
      if (gathered.length >= FLUSH_AT) void flush()
      else timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS)
    },
    flush,
  }
}
