import type { Clock } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { LetterState } from '@relay/queue/letter'
import type { Candidate, ReplayPlan, SkipCounts } from './replay-plan.ts'

/*
 * The life of a run:
 *
 * 1. Letters are moved in chunks, only so many under way at once: live traffic comes first.
 * 2. Those under way are looked at every 300 ms until each is delivered or dead again. What dies again is not selected again.
 * 3. It ends `done`; or `cancelled`, where no more was moved after an abort; or `stopped`, where no worker was left to deliver what is under way
 *    (such letters stay queued and are delivered when there is one).
 */

/** Moved in one transaction at most. */
const CHUNK = 100
/** Moved and not settled, at most. */
const UNDER_WAY_MAX = 1_000
const POLL_MS = 300
const WORKER_CHECK_MS = 5_000
/** Workers may be restarting: this long without any is the end of a run. */
const WORKERLESS_MAX_MS = 60_000

/** `delivered + died_again + skipped + cancelled = selected` at the end, or something is wrong. */
export interface RunSum {
  readonly run_id: string
  readonly state: 'running' | 'done' | 'cancelled' | 'stopped'
  readonly selected: number
  readonly delivered: number
  readonly died_again: number
  readonly skipped: SkipCounts
  readonly cancelled: number
}

export interface RunTools {
  requeue(platform: PlatformId, ids: readonly string[]): Promise<readonly ('queued' | 'not_dead')[]>
  states(platform: PlatformId, ids: readonly string[]): Promise<readonly (LetterState | undefined)[]>
  /** Is there a live worker for each of these platforms? */
  hasWorkers(platforms: ReadonlySet<PlatformId>): Promise<boolean>
  pause(ms: number): Promise<void>
  readonly clock: Clock
  onProgress(sum: RunSum): void
}

interface Progress {
  delivered: number
  diedAgain: number
  notDead: number
  cancelled: number
}

/** Moves what is planned and watches it. Rejects only for what the tools throw; then what was moved stays queued, and nothing is lost. */
export async function runReplay(plan: ReplayPlan, runId: string, tools: RunTools, signal: AbortSignal): Promise<RunSum> {
  const progress: Progress = { delivered: 0, diedAgain: 0, notDead: 0, cancelled: 0 }
  const underWay = new Map<PlatformId, Set<string>>()
  const chunks = chunksOf(plan.move)
  const isManned = createManning(tools)
  let state: RunSum['state'] = 'running'
  while (chunks.length > 0 || countOf(underWay) > 0) {
    if (signal.aborted) progress.cancelled += chunks.splice(0).reduce((count, chunk) => count + chunk.length, 0)
    while (chunks.length > 0 && countOf(underWay) + CHUNK <= UNDER_WAY_MAX && !signal.aborted)
      await move(chunks.shift() ?? [], underWay, progress, tools)
    await settle(underWay, progress, tools)
    tools.onProgress(sumOf(plan, runId, state, progress))
    if (countOf(underWay) === 0) continue
    if (!(await isManned(underWay))) {
      state = 'stopped'
      progress.cancelled += chunks.splice(0).reduce((count, chunk) => count + chunk.length, 0)
      break
    }
    await tools.pause(POLL_MS)
  }
  if (state === 'running') state = progress.cancelled > 0 ? 'cancelled' : 'done'
  return sumOf(plan, runId, state, progress)
}

/** The rule of the last line of a run. */
export const addsUp = (sum: RunSum): boolean =>
  sum.delivered + sum.died_again + sum.cancelled + Object.values(sum.skipped).reduce((total, count) => total + count, 0) === sum.selected

async function move(
  chunk: readonly Candidate[],
  underWay: Map<PlatformId, Set<string>>,
  progress: Progress,
  tools: RunTools,
): Promise<void> {
  const platform = chunk[0]?.platform
  if (platform === undefined) return
  const ids = chunk.map((candidate) => candidate.id)
  const moved = await tools.requeue(platform, ids)
  const own = underWay.get(platform) ?? new Set()
  underWay.set(platform, own)
  for (const [place, id] of ids.entries()) {
    if (moved[place] === 'queued') own.add(id)
    else progress.notDead += 1
  }
}

/** A letter that is gone had died again and was then purged. */
async function settle(underWay: Map<PlatformId, Set<string>>, progress: Progress, tools: RunTools): Promise<void> {
  for (const [platform, own] of underWay) {
    const ids = [...own]
    if (ids.length === 0) continue
    const states = await tools.states(platform, ids)
    for (const [place, id] of ids.entries()) {
      if (states[place] === 'queued') continue
      own.delete(id)
      if (states[place] === 'delivered') progress.delivered += 1
      else progress.diedAgain += 1
    }
  }
}

/** False once what is under way has had no worker for a minute. */
function createManning(tools: RunTools): (underWay: ReadonlyMap<PlatformId, ReadonlySet<string>>) => Promise<boolean> {
  let checkedAt = tools.clock()
  let mannedAt = checkedAt
  return async (underWay) => {
    const now = tools.clock()
    if (now - checkedAt < WORKER_CHECK_MS) return true
    checkedAt = now
    const busy = new Set([...underWay].filter(([, ids]) => ids.size > 0).map(([platform]) => platform))
    if (await tools.hasWorkers(busy)) mannedAt = now
    return now - mannedAt < WORKERLESS_MAX_MS
  }
}

/** A chunk is of one platform. */
function chunksOf(candidates: readonly Candidate[]): Candidate[][] {
  const chunks: Candidate[][] = []
  for (const own of Map.groupBy(candidates, (candidate) => candidate.platform).values()) {
    for (let start = 0; start < own.length; start += CHUNK) chunks.push(own.slice(start, start + CHUNK))
  }
  return chunks
}

const countOf = (underWay: ReadonlyMap<PlatformId, ReadonlySet<string>>): number =>
  [...underWay.values()].reduce((count, ids) => count + ids.size, 0)

function sumOf(plan: ReplayPlan, runId: string, state: RunSum['state'], progress: Progress): RunSum {
  const notDead = (plan.skipped.not_dead ?? 0) + progress.notDead
  return {
    run_id: runId,
    state,
    selected: plan.selected,
    delivered: progress.delivered,
    died_again: progress.diedAgain,
    skipped: notDead > 0 ? { ...plan.skipped, not_dead: notDead } : plan.skipped,
    cancelled: progress.cancelled,
  }
}
