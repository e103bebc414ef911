import { RedisStartError } from '@relay/embedded-redis/start-error'
import { KeyRingError } from '@relay/vault/key-ring'
import { CommanderError } from 'commander'

/** What a command ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong arguments or configuration, or a question that no terminal can be asked. */
  usage: 2,
  /** A named thing that does not exist, or an empty selection. */
  notFound: 3,
  /** Refused by a check. */
  refused: 4,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command. The message says what went wrong, `nextStep` what to do about it; both are shown, so neither may hold a secret. */
export class CliError extends Error {
  readonly exitCode: ExitCode
  readonly code: string
  readonly nextStep: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  readonly isAnswered: boolean

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    options: {
      nextStep?: string
      details?: Readonly<Record<string, unknown>>
      cause?: unknown
      /** The command has printed its answer, and this judges it: with `--json` no second object follows. */
      isAnswered?: true
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.exitCode = exitCode
    this.code = code
    this.nextStep = options.nextStep
    this.details = options.details ?? {}
    this.isAnswered = options.isAnswered ?? false
  }
}

export interface Ending {
  readonly exitCode: ExitCode
  /** For standard error; absent where the command has said all there is to say. */
  readonly message?: string
  readonly nextStep?: string | undefined
  /** For standard output with `--json`. */
  readonly body?: {
    readonly error: { readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }
  }
}

/** The one place where whatever was thrown becomes an exit code, a message and a next step. */
export function endingOf(error: unknown): Ending {
  if (error instanceof CommanderError) return commanderEnding(error)
  const known = asCliError(error)
  const { exitCode, code, message, nextStep, details, isAnswered } = known
  return { exitCode, message, nextStep, ...(isAnswered ? {} : { body: { error: { code, message, details } } }) }
}

function commanderEnding(error: CommanderError): Ending {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return { exitCode: EXIT.done }
  // A group without a verb: commander has printed its help.
  if (error.code === 'commander.help') return { exitCode: EXIT.usage }
  const message = error.message.replace(/^error: /, '')
  const nextStep = 'Put --help behind the command to see what it takes'
  return { exitCode: EXIT.usage, message, nextStep, body: { error: { code: 'USAGE', message, details: {} } } }
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  if (error instanceof KeyRingError) {
    return new CliError(EXIT.usage, 'MASTER_KEY', message, { nextStep: 'Check RELAY_MASTER_KEY_FILE or RELAY_MASTER_KEY' })
  }
  if (error instanceof RedisStartError) return new CliError(error.exitCode, error.code, message)
  // Ctrl-C in the middle of a question.
  if (name === 'ExitPromptError') return new CliError(EXIT.failed, 'CANCELLED', 'Cancelled; nothing was changed')
  if (isStoreFault(name, message)) {
    const nextStep = 'Check RELAY_REDIS_URL and that the server runs, then run the command again'
    return new CliError(EXIT.failed, 'STORE_UNAVAILABLE', `Redis did not take a command: ${message}`, { nextStep, cause: error })
  }
  const nextStep = `This is a fault of relay itself. Please report it with these lines:\n${error instanceof Error ? (error.stack ?? '') : ''}`
  return new CliError(EXIT.failed, 'INTERNAL', message, { nextStep, cause: error })
}

const isStoreFault = (name: string, message: string): boolean =>
  name === 'MaxRetriesPerRequestError' ||
  name === 'ReplyError' ||
  /ECONNREFUSED|ECONNRESET|Connection is closed|Command timed out|Stream isn't writeable|enableOfflineQueue/.test(message)
