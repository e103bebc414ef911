export interface SlotCounts {
  /** Requests that hold a connection now. */
  readonly open: number
  /** Requests that wait for one. */
  readonly waiting: number
}

export interface ConnectionSlots {
  /** True once a slot is held; false after `waitMs` without one, or at once when the slots are closed. First come, first served. */
  acquire(waitMs: number): Promise<boolean>
  /** Gives a held slot to the longest waiting request. */
  release(): void
  counts(): SlotCounts
  /** Turns away everybody who waits and everybody who comes. */
  close(): void
}

interface Waiter {
  readonly settle: (granted: boolean) => void
  readonly timer: NodeJS.Timeout
}

/**
 * At most `max` requests at a time on one origin, the others waiting in a row for a bounded time. undici's pool queues without a bound and
 * without telling anybody, so the waiting is ours.
 */
export function createConnectionSlots(max: number, onChange: (counts: SlotCounts) => void): ConnectionSlots {
  const waiters = new Set<Waiter>()
  let open = 0
  let closed = false
  const counts = (): SlotCounts => ({ open, waiting: waiters.size })

  const finish = (waiter: Waiter, granted: boolean): void => {
    clearTimeout(waiter.timer)
    waiters.delete(waiter)
    waiter.settle(granted)
  }

  const wait = (waitMs: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiter: Waiter = {
      settle: resolve,
      timer: setTimeout(() => {
        finish(waiter, false)
        onChange(counts())
      }, waitMs),
    }
    waiters.add(waiter)
    onChange(counts())
    return promise
  }

  return {
    counts,

    acquire(waitMs) {
      if (closed) return Promise.resolve(false)
      if (open >= max) return wait(waitMs)
      open += 1
      onChange(counts())
      return Promise.resolve(true)
    },

    release() {
      const [next] = waiters
      if (next === undefined) open -= 1
      else finish(next, true)
      onChange(counts())
    },

    close() {
      closed = true
      for (const waiter of waiters) finish(waiter, false)
      onChange(counts())
    },
  }
}
