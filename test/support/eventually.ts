import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/**
 * Waits until `condition` gives something other than false or undefined, and returns that. A condition that throws (a failed assertion) is not met yet.
 * Rejects after `withinMs` with the last reason.
 */
export async function eventually<T>(condition: () => T | Promise<T>, withinMs: number): Promise<Exclude<Awaited<T>, false | undefined>> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    let reason: unknown
    try {
      const value = await condition()
      if (value !== false && value !== undefined) return value as Exclude<Awaited<T>, false | undefined>
    } catch (error) {
      reason = error
    }
    if (performance.now() >= giveUpAt) throw reason ?? new Error(`the condition was not met within ${withinMs} ms: ${condition.toString()}`)
    await delay(POLL_MS)
  }
}
