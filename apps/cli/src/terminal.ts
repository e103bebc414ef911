import { input, password, select } from '@inquirer/prompts'
import type { Questions } from './ask-connection.ts'

/** Can a person be asked? The questions go to standard error, so that standard output stays the answer alone. */
export const hasTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY

const onStderr = { output: process.stderr }

export const terminalQuestions: Questions = {
  secret: (message) => password({ message, mask: '*', toggleMask: false }, onStderr),
  text: (message) => input({ message }, onStderr),
  choose: (message, choices) => select({ message, choices: choices.map((name, value) => ({ name, value })) }, onStderr),
  tell(message) {
    process.stderr.write(`${message}\n`)
  },
}

/** The whole of standard input, or of a file, as text. */
export async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
