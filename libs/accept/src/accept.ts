import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '@relay/core/clock'
import type { BatchId, ConnectionId, PlatformId, TenantId } from '@relay/core/ids'
import { DEFAULT_EVENT_LIMITS, type EventLimits } from '@relay/core/parse-event'
import { RequestError } from '@relay/core/request-errors'
import type { Logger } from '@relay/observe/logger'
import type { Platform } from '@relay/platforms/contract'
import { PLATFORMS } from '@relay/platforms/registry'
import type { Admitted, Enqueuer } from '@relay/queue/enqueue'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import type { AcceptResult, EventError, Notice } from './accept-result.ts'
import type { Verdict } from './admit.ts'
import { conclude, type Conclusion } from './conclude.ts'
import { type AcceptMetrics, count } from './count.ts'
import { type Candidate, type Incoming, type Intake, type IntakeContext, takeIn } from './intake.ts'
import { fromStore, storeVerdicts } from './store.ts'
import { type BatchRecords, rowsOf, storeTracked } from './track.ts'
import { createUnmappedWarnings } from './unmapped-warnings.ts'

/*
 * One request: parse → clean → fan out → identify and judge → claim and enqueue → tell.
 *
 * 1. Is there room? A tenant past its quota is told 429, a Redis that is nearly full 503, before any work is done.
 * 2. Each event is parsed, fanned out to the tenant's connections and judged by each platform, in memory only. Raw identifiers end here.
 * 3. All that is left goes to Redis, a step per delivery. Not confirmed: 503, and the whole request may be repeated.
 * 4. Only then is anything counted, logged and answered, with what is known of the platforms for which it waits.
 */

export interface AcceptorOptions {
  readonly directory: Pick<ConnectionDirectory, 'ofTenant' | 'tenant'>
  readonly enqueuer: Enqueuer
  /** Absent: all that there are. */
  readonly platforms?: Readonly<Record<PlatformId, Platform>>
  readonly clock: Clock
  readonly limits?: EventLimits
  readonly log: Logger
  readonly metrics: AcceptMetrics
  /** Used share of Redis' memory; undefined where there is no limit. */
  readonly memoryRatio: () => Promise<number | undefined>
  readonly isOverQuota: (tenant: TenantId) => Promise<boolean>
  /** Absent: no batch is tracked, whoever asks for it. */
  readonly batches?: BatchRecords
  /** What is known of the platforms that got these deliveries; may fail, and then nothing is told. Absent: nothing ever is. */
  readonly tellOfPlatforms?: (tenant: TenantId, queued: readonly QueuedFor[]) => Promise<readonly Notice[]>
}

/** New deliveries of one request that wait for one connection. */
export interface QueuedFor {
  readonly platform: PlatformId
  readonly connectionId: ConnectionId
  readonly count: number
}

export interface AcceptRequest {
  readonly tenantId: TenantId
  readonly batchId: BatchId
  readonly events: readonly Incoming[]
  /** Keeps a record of the batch for 24 h. @default false */
  readonly isTracked?: boolean
}

/** Throws RequestError STORE_UNAVAILABLE or BACKLOG_FULL, with `retryAfterSeconds`; then nothing was promised. */
export type Accept = (request: AcceptRequest) => Promise<AcceptResult>

/** Settling and burying must always have room. */
const MAX_MEMORY_RATIO = 0.8
const FULL_RETRY_SECONDS = 30
/** Events judged in one go: other requests get their turn in between. */
const SLICE = 100

export function createAcceptor(options: AcceptorOptions): Accept {
  const { directory, platforms = PLATFORMS, clock, metrics } = options
  const limits = options.limits ?? DEFAULT_EVENT_LIMITS
  const isWarningDue = createUnmappedWarnings(clock)

  async function contextOf({ tenantId, batchId, isTracked = false }: AcceptRequest): Promise<IntakeContext> {
    const [connections, tenant] = await Promise.all([directory.ofTenant(tenantId), directory.tenant(tenantId)])
    return { receivedAt: clock(), batchId, limits, connections, platforms, defaultCountry: tenant?.defaultCountry, isTracked }
  }

  function report({ tenantId, batchId }: AcceptRequest, { data, duplicateIds, fresh }: Conclusion): void {
    const log = options.log.child({ tenant: tenantId, batch: batchId })
    for (const { isUnmapped, connection, admission } of fresh) {
      const { event_name: eventName } = admission.delivery.event
      if (!isUnmapped || !isWarningDue(connection.platform, eventName)) continue
      log.warn(
        { platform: connection.platform, connection: connection.id, event_name: eventName },
        'event name has no counterpart on the platform',
      )
    }
    if (duplicateIds.length > 0) log.info({ duplicates: duplicateIds.length, event_ids: duplicateIds }, 'duplicate events blocked')
    const codes = Object.groupBy(data.errors, ({ code }) => code)
    const rejected = Object.fromEntries(Object.entries(codes).map(([code, list]) => [code, list.length]))
    const { events_received: received, events_accepted: accepted, duplicates } = data
    log.info({ received, accepted, duplicates, rejected, deliveries: fresh.length }, 'events accepted')
  }

  return async (request) => {
    await fromStore(assertRoom(options, request.tenantId))
    const context = await fromStore(contextOf(request))
    const { candidates, errors } = await takeInAll(request.events, context, options.log)
    const admitted = await fromStore(store(options, request, candidates))
    const conclusion = conclude(request.batchId, candidates, errors, admitted)
    count(metrics, conclusion)
    report(request, conclusion)
    return { ...conclusion.data, notices: [...conclusion.data.notices, ...(await noticesOfPlatforms(options, request, conclusion))] }
  }
}

function store(
  { enqueuer, batches }: AcceptorOptions,
  { tenantId, batchId: id, events, isTracked }: AcceptRequest,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<Verdict, Admitted>> {
  const all = candidates.flatMap(({ verdicts }) => verdicts)
  if (isTracked !== true || batches === undefined || all.length === 0) return storeVerdicts(enqueuer, all)
  const batch = { id, tenantId, received: events.length }
  return storeTracked(batches, batch, rowsOf(candidates), () => storeVerdicts(enqueuer, all))
}

/** Accepting never fails because a platform is ill, nor because nobody can say whether it is. */
async function noticesOfPlatforms(
  { tellOfPlatforms, log }: AcceptorOptions,
  { tenantId, batchId }: AcceptRequest,
  { fresh }: Conclusion,
): Promise<readonly Notice[]> {
  const queued = queuedOf(fresh)
  if (tellOfPlatforms === undefined || queued.length === 0) return []
  try {
    return await tellOfPlatforms(tenantId, queued)
  } catch (error) {
    log.debug({ batch: batchId, err: error }, 'the condition of the platforms could not be read')
    return []
  }
}

function queuedOf(fresh: Conclusion['fresh']): QueuedFor[] {
  const counts = new Map<ConnectionId, QueuedFor>()
  for (const { admission, connection } of fresh) {
    if (admission.kind !== 'queue') continue
    const { id: connectionId, platform } = connection
    counts.set(connectionId, { platform, connectionId, count: (counts.get(connectionId)?.count ?? 0) + 1 })
  }
  return [...counts.values()]
}

async function assertRoom({ memoryRatio, isOverQuota }: AcceptorOptions, tenantId: TenantId): Promise<void> {
  const [ratio, isFull] = await Promise.all([memoryRatio(), isOverQuota(tenantId)])
  if (ratio !== undefined && ratio >= MAX_MEMORY_RATIO) {
    throw new RequestError('STORE_UNAVAILABLE', 'Redis is nearly full: send the whole request again later', {
      retryAfterSeconds: FULL_RETRY_SECONDS,
    })
  }
  if (isFull) {
    const message = 'Too many of your events wait for delivery: send the whole request again later'
    throw new RequestError('BACKLOG_FULL', message, { retryAfterSeconds: FULL_RETRY_SECONDS })
  }
}

async function takeInAll(events: readonly Incoming[], context: IntakeContext, log: Logger) {
  const candidates: Candidate[] = []
  const errors: EventError[] = []
  for (const [index, incoming] of events.entries()) {
    if (index > 0 && index % SLICE === 0) await nextTurn()
    const intake = takeInSafely(incoming, index, context, log)
    if (intake.kind === 'refused') errors.push(intake.error)
    else candidates.push(intake)
  }
  return { candidates, errors }
}

/** A fault of ours with one event is that event's fate, not the request's. Its error goes to the log without its words, which may hold what it choked on. */
function takeInSafely(incoming: Incoming, index: number, context: IntakeContext, log: Logger): Intake {
  try {
    return takeIn(incoming, index, context)
  } catch (error) {
    const where = error instanceof Error ? error.stack?.split('\n').slice(1, 4) : undefined
    log.error(
      { batch: context.batchId, index, error_type: error instanceof Error ? error.name : typeof error, where },
      'an event could not be judged',
    )
    const message = 'The event could not be processed, which is a fault of ours; it was not stored'
    return { kind: 'refused', error: { index, event_id: null, code: 'INTERNAL', message, path: '' } }
  }
}
