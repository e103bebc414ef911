import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { PlatformId, TenantId } from '@relay/core/ids'
import { appendAudit } from '@relay/state/audit'
import { listConnections } from '@relay/state/connections'
import { confirmCount } from './confirm-count.ts'
import { type FilterOptions, hasFilter } from './dlq-filters.ts'
import { CliError, EXIT } from './exit.ts'
import { readTextFile } from './json-file.ts'
import { renderPairs, renderTable } from './print.ts'
import { type Candidate, planJson, planReplay, type ReplayPlan } from './replay-plan.ts'
import { createProgressView } from './replay-progress.ts'
import { addsUp, runReplay, type RunSum } from './replay-run.ts'
import { createReplayTools, platformsWithoutWorker } from './replay-tools.ts'
import { candidatesByFilter, candidatesById } from './select-letters.ts'
import type { CommonOptions, Session } from './session.ts'

export interface ReplayOptions extends CommonOptions, FilterOptions {
  readonly idsFrom?: string
  readonly all?: true
  readonly dryRun?: true
  readonly includeAmbiguous?: true
  readonly force?: true
  readonly again?: true
  readonly yes?: true
}

/** Plans, shows the plan, asks, runs and watches. Throws CliError for whatever exit code but 0. */
export async function replay(session: Session, ids: readonly string[], options: ReplayOptions): Promise<void> {
  const plan = await planFor(session, await selectCandidates(session, ids, options), options)
  showPlan(session, plan, options.dryRun === true)
  if (options.dryRun === true) return
  if (plan.move.length > 0) {
    await confirmCount({ verb: 'replay', count: plan.move.length, isYes: options.yes === true })
    await needWorkers(session, plan)
  }
  const sum = await run(session, plan)
  session.printer.object(sum, () => sumLines(sum))
  if (sum.state === 'stopped') {
    throw new CliError(EXIT.failed, 'NO_WORKER', 'No worker has been alive for a minute', {
      nextStep: 'What was moved is queued and will be delivered when a worker runs; start one, then see relay dlq list --state queued',
      isAnswered: true,
    })
  }
  if (sum.state === 'cancelled') {
    throw new CliError(EXIT.failed, 'CANCELLED', `Cancelled: ${sum.cancelled} letters were not moved`, {
      nextStep: 'They are dead letters as before; the same command moves them',
      isAnswered: true,
    })
  }
  if (!addsUp(sum))
    throw new CliError(EXIT.failed, 'SUM_WRONG', 'The sum of this run does not add up', {
      nextStep: 'Look at relay status, and report this',
      isAnswered: true,
    })
}

async function selectCandidates({ redis }: Session, ids: readonly string[], options: ReplayOptions): Promise<Candidate[]> {
  const isNamed = ids.length > 0 || options.idsFrom !== undefined
  if (isNamed && (hasFilter(options) || options.all === true)) {
    throw usage('Ids and filters are given together', 'Give either ids or filters: what is meant by both is not clear')
  }
  if (isNamed) {
    const listed = options.idsFrom === undefined ? '' : await readTextFile(options.idsFrom)
    return candidatesById(redis, [...ids, ...listed.split(/\s+/).filter((id) => id !== '')])
  }
  if (!hasFilter(options) && options.all !== true) {
    throw usage('Nothing says which letters', 'Give filters or ids, or --all for every dead letter')
  }
  return candidatesByFilter(redis, options)
}

const usage = (message: string, nextStep: string): CliError => new CliError(EXIT.usage, 'USAGE', message, { nextStep })

async function planFor({ redis }: Session, candidates: readonly Candidate[], options: ReplayOptions): Promise<ReplayPlan> {
  const sendable = new Set<string>((await listConnections(redis)).filter(({ status }) => status.state === 'active').map(({ id }) => id))
  const rules = { includeAmbiguous: options.includeAmbiguous === true, force: options.force === true, again: options.again === true }
  return planReplay(candidates, (connectionId) => sendable.has(connectionId), rules, Date.now())
}

const HOW_TO_INCLUDE: Readonly<Record<string, string>> = {
  deadline: 'past their deadline: never sent',
  ambiguous: 'perhaps taken already: left out without --include-ambiguous',
  connection_error: 'connection in error, disabled or gone: left out without --force',
  replayed_twice: 'replayed twice before: left out without --again',
  delivered: 'delivered',
  not_dead: 'queued already',
}

/** To people as part of the answer; to machines on standard error, unless it is the answer. */
function showPlan({ printer }: Session, plan: ReplayPlan, isAnswer: boolean): void {
  if (printer.isJson && !isAnswer) return printer.warn(JSON.stringify({ plan: planJson(plan) }))
  printer.object(planJson(plan), () => {
    const groups = renderTable(plan.groups, [
      { title: 'PLATFORM', value: (group) => group.platform },
      { title: 'CODE', value: (group) => group.code },
      { title: 'CONNECTION', value: (group) => group.connection_id },
      { title: 'SELECTED', value: (group) => group.selected, align: 'right' },
      { title: 'TO REPLAY', value: (group) => group.to_replay, align: 'right' },
    ])
    const skipped = Object.entries(plan.skipped).map(([reason, count]) => [reason, `${count} ${HOW_TO_INCLUDE[reason] ?? ''}`] as const)
    return [groups, '', renderPairs([['selected', plan.selected], ['to replay', plan.move.length], ...skipped])].join('\n')
  })
}

async function needWorkers(session: Session, plan: ReplayPlan): Promise<void> {
  const without = await platformsWithoutWorker(session, new Set(plan.move.map((candidate) => candidate.platform)))
  if (without.length === 0) return
  throw new CliError(EXIT.failed, 'NO_WORKER', `No worker is alive for ${without.join(', ')}; nothing was moved`, {
    nextStep: 'Start a worker (relay up, or the worker of your deployment), then run the command again',
    details: { platforms: without },
  })
}

async function run(session: Session, plan: ReplayPlan): Promise<RunSum> {
  const runId = `run_${randomBytes(9).toString('base64url')}`
  await auditRun(session, plan, runId)
  const cancel = cancelOnInterrupt(session)
  const view = createProgressView(plan.selected, { stream: process.stderr, isTerminal: process.stderr.isTTY, clock: Date.now })
  try {
    const tools = createReplayTools(session, (ms) => delay(ms))
    return await runReplay(plan, runId, { ...tools, onProgress: (sum) => view.show(sum) }, cancel.signal)
  } finally {
    view.end()
    cancel.end()
  }
}

/** Ctrl-C: no more is moved, what is under way is waited for. A second one ends the command as usual. */
function cancelOnInterrupt({ printer }: Session): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const onInterrupt = (): void => {
    printer.warn('\nCancelled: waiting for the letters that were moved already. Ctrl-C again to leave them to the queue.')
    controller.abort()
  }
  process.once('SIGINT', onInterrupt)
  return { signal: controller.signal, end: () => process.off('SIGINT', onInterrupt) }
}

/** One line in the trail of each tenant whose letters are moved. */
async function auditRun({ redis, actor }: Session, plan: ReplayPlan, runId: string): Promise<void> {
  for (const [tenant, own] of Map.groupBy(plan.move, (candidate) => candidate.tenantId)) {
    const platforms = [...new Set<PlatformId>(own.map((candidate) => candidate.platform))].join(' ')
    const details = { run_id: runId, selected: own.length, platforms }
    await appendAudit(redis, tenant as TenantId, { at: Date.now(), action: 'replay.started', actor, details })
  }
}

function sumLines(sum: RunSum): string {
  const skipped = Object.entries(sum.skipped).map(([reason, count]) => [`skipped: ${reason}`, count] as const)
  return renderPairs([
    ['run', sum.run_id],
    ['state', sum.state],
    ['selected', sum.selected],
    ['delivered', sum.delivered],
    ['died again', sum.died_again],
    ...skipped,
    ['cancelled', sum.cancelled],
  ])
}
