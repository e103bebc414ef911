/** Can this process do its work now? `checks` says which of its needs are met. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, boolean>>
}

const CHECK_MAX_MS = 2_000

/** Asks all at once. One that throws, or has not answered after 2 s, is not met; nothing of its error is shown, since the port may be open to many. */
export async function checkReadiness(
  checks: Readonly<Record<string, () => boolean | Promise<boolean>>>,
  limitMs: number = CHECK_MAX_MS,
): Promise<Readiness> {
  const entries = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await isMet(check, limitMs)] as const))
  return { ready: entries.every(([, met]) => met), checks: Object.fromEntries(entries) }
}

async function isMet(check: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), limitMs)
  try {
    return await Promise.race([check(), promise])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
