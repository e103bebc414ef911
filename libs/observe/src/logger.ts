import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { redactLine } from './redact.ts'

export type { Logger }

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const CAUSES_MAX = 3

/**
 * JSON lines `{level, time (ISO), process, pid, msg, …}`, by default to standard output. Every line is redacted as a whole, also what a child
 * logger is bound to. Give errors as `{ err }`.
 */
export function createLogger(options: {
  /** Which of ours this is: ingest, worker, cli. */
  readonly process: string
  readonly level: LogLevel
  readonly destination?: DestinationStream
}): Logger {
  const settings = {
    level: options.level,
    base: { process: options.process, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
    // Not pino's own redaction, whose paths have a fixed depth and miss what stands inside of texts.
    hooks: { streamWrite: redactLine },
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}

/** The words of an error. Its other properties stay away: those of a Redis error hold the whole command, those of an HTTP error the request. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && depth < CAUSES_MAX && { cause: describeError(error.cause, depth + 1) }),
  }
}
