#!/usr/bin/env node
import { createProgram } from './program.ts'
import { EXIT, endingOf } from './exit.ts'

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
