import { markDelivered } from '@relay/state/delivered-marks'
import type { Worker } from 'bullmq'
import { startFlightRecovery } from './flight-recovery.ts'
import { assemble, type Parts, type PoolOptions } from './pool-parts.ts'

/*
 * One platform's pool in one process: a stock BullMQ worker whose processor puts each job into the line of its connection and waits for the
 * row's own result. So every delivery stays an ordinary job, and partial success needs no special case.
 */

export interface Pool {
  /** Fetches from now on. */
  start(): Promise<void>
  /** Stops fetching, gives back what was not sent, waits `withinMs` for what is in flight, and leaves the rest to recovery. */
  close(withinMs: number): Promise<void>
  readonly isRunning: boolean
}

export function createPool(options: PoolOptions): Pool {
  const parts = assemble(options)
  const { lines, logger, platform } = parts
  const marking = startMarking(parts)
  const following = followLimits(parts)
  const recovery = startFlightRecovery({ ...parts, platform: platform.id })
  return {
    async start() {
      for (const each of parts.workers) {
        await each.waitUntilReady()
        void each.run().catch((error: unknown) => logger.error({ platform: platform.id, err: error }, 'worker stopped'))
      }
    },
    async close(withinMs) {
      lines.close()
      if (!(await closesWithin(parts.workers, withinMs))) {
        logger.warn({ platform: platform.id }, 'shutdown took too long: what is in flight is left to recovery')
        await Promise.all(parts.workers.map((each) => each.close(true)))
      }
      clearInterval(marking)
      clearInterval(following)
      recovery.stop()
      await parts.ended.flush()
      await Promise.all([parts.queue.close(), parts.verdicts.close()])
    },
    get isRunning() {
      return parts.workers.every((worker) => worker.isRunning())
    },
  }
}

const MARK_EVERY_MS = 500
/** What BullMQ says where the lock of a job ran out before it was settled. */
const LOST_LOCK = /^Missing lock for job (\S+)\. /

/** Marks what is delivered and may never be settled: at once where Redis has refused to settle it, else when it takes suspiciously long. */
function startMarking({ worker, unsettled, redis, platform, logger }: Parts): NodeJS.Timeout {
  const mark = (): void => {
    const suspicious = unsettled.takeSuspicious()
    if (suspicious.length === 0) return
    markDelivered(redis, platform.id, suspicious).catch((error: unknown) =>
      logger.warn({ err: error }, 'delivered marks could not be written'),
    )
  }
  worker.on('error', ({ message }) => {
    const jobId = LOST_LOCK.exec(message)?.[1]
    if (jobId === undefined) return
    unsettled.refused(jobId)
    mark()
  })
  return setInterval(mark, MARK_EVERY_MS).unref()
}

async function closesWithin(workers: readonly Worker[], withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), withinMs)
  const closed = await Promise.race([Promise.all(workers.map((worker) => worker.close())).then(() => true), late.promise])
  clearTimeout(timer)
  return closed
}

const FOLLOW_EVERY_MS = 1_000

/** A limit that an operator changes is noticed within a second, also by a pool whose rows all wait for the old one. */
const followLimits = ({ limits, logger, platform }: Parts): NodeJS.Timeout =>
  setInterval(() => {
    limits().catch((error: unknown) => logger.debug({ platform: platform.id, err: error }, 'limits could not be read'))
  }, FOLLOW_EVERY_MS).unref()
