import type { Logger } from './logger.ts'

export interface RunOptions {
  readonly logger: Logger
  /** Past this a drain is given up, and the process ends with 1: somebody waits for a Redis that is away. What is in hand is left to recovery. */
  readonly drainMaxMs: number
}

/**
 * The life of a deployed process: starts it, and drains it on SIGTERM or SIGINT; more signals change nothing. Ends the process with 0 when drained, and
 * with 1 and a fatal line where it cannot start. Until it has started a signal ends it at once, since nothing is in hand.
 */
export async function runUntilSignal(start: () => Promise<{ close(): Promise<void> }>, { logger, drainMaxMs }: RunOptions): Promise<void> {
  const running = await start().catch((error: unknown) => {
    logger.fatal({ err: error }, 'could not start')
    process.exit(1)
  })
  let isStopping = false
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'draining')
    setTimeout(() => {
      logger.error({ drain_max_ms: drainMaxMs }, 'the drain did not come to its end: what was in hand is left to recovery')
      process.exit(1)
    }, drainMaxMs).unref()
    try {
      await running.close()
    } catch (error) {
      logger.error({ err: error }, 'drain failed')
      process.exit(1)
    }
    logger.info('drained')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
}
