import { EXIT, endingOf } from './exit.ts'
import { createProgram } from './program.ts'

/** Runs what the command line says and sets the exit code; the process ends by itself when all is closed. */
export async function runCommand(): Promise<void> {
  // `relay dlq list | head` closes the pipe early: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed))
  try {
    await createProgram().parseAsync()
  } catch (error) {
    const ending = endingOf(error)
    if (ending.body !== undefined && process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(ending.body)}\n`)
    if (ending.message !== undefined) process.stderr.write(`relay: ${ending.message}\n`)
    if (ending.nextStep !== undefined) process.stderr.write(`${ending.nextStep}.\n`)
    process.exitCode = ending.exitCode
  }
}
