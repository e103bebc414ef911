import type { PlatformId } from '@relay/core/ids'
import { letterStates, requeueLetters } from '@relay/queue/dead-letters'
import { listProcesses } from '@relay/state/processes'
import { endingOf } from './exit.ts'
import type { RunTools } from './replay-run.ts'
import type { Session } from './session.ts'

/** A Redis that restarts is waited for this long; the letters are safe meanwhile. */
const REDIS_AWAY_MAX_MS = 60_000
const RETRY_MS = 300

/** What a run does in Redis, patient with a server that restarts. */
export function createReplayTools(session: Session, pause: (ms: number) => Promise<void>): Omit<RunTools, 'onProgress'> {
  const { redis } = session
  const queues = session.queues()
  const clock = Date.now
  const requeue = (platform: PlatformId, ids: readonly string[]) => requeueLetters(redis, queues[platform], platform, ids, clock)

  return {
    clock,
    pause,
    states: (platform, ids) => outlast(() => letterStates(redis, platform, ids), pause),
    async requeue(platform, ids) {
      try {
        return await requeue(platform, ids)
      } catch (error) {
        if (!isStoreFault(error)) throw error
        return outlast(() => requeueTheRest(ids), pause)
      }

      /** The answer was lost, perhaps after Redis had done it: what is not dead any more was moved by us. */
      async function requeueTheRest(ids: readonly string[]): Promise<('queued' | 'not_dead')[]> {
        const states = await letterStates(redis, platform, ids)
        const rest = ids.filter((_, place) => states[place] === 'dead' || states[place] === undefined)
        const answers = new Map(
          rest.length === 0 ? [] : (await requeue(platform, rest)).map((answer, place) => [rest[place], answer] as const),
        )
        return ids.map((id) => answers.get(id) ?? 'queued')
      }
    },
    hasWorkers: (platforms) => outlast(async () => (await platformsWithoutWorker(session, platforms)).length === 0, pause),
  }
}

/** Those of the platforms that no live worker drains. */
export async function platformsWithoutWorker({ redis }: Session, platforms: Iterable<PlatformId>): Promise<PlatformId[]> {
  const workers = (await listProcesses(redis)).filter((process) => process.kind === 'worker')
  return [...platforms].filter((platform) => !workers.some((worker) => worker.platforms.includes(platform)))
}

const isStoreFault = (error: unknown): boolean => endingOf(error).body?.error.code === 'STORE_UNAVAILABLE'

async function outlast<T>(work: () => Promise<T>, pause: (ms: number) => Promise<void>): Promise<T> {
  const giveUpAt = Date.now() + REDIS_AWAY_MAX_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isStoreFault(error) || Date.now() > giveUpAt) throw error
      await pause(RETRY_MS)
    }
  }
}
