import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CliError, EXIT } from './exit.ts'
import { createLineSplitter, type NdjsonLine } from './ndjson-lines.ts'

interface Stream {
  readonly input: AsyncIterable<Buffer>
  readonly output: Pick<Writable, 'write' | 'once' | 'off'>
  readonly maxLineBytes: number
  /** Made into JSON, on a line of its own. */
  readonly answer: (line: NdjsonLine) => unknown
}

/**
 * Answers each line with one line, in order, before the next is looked at: a line that is typed is answered at once. Takes in no more than the output takes
 * away, so that a stream may be of any length.
 */
export async function answerLines({ input, output, maxLineBytes, answer }: Stream): Promise<void> {
  const splitter = createLineSplitter(maxLineBytes)
  const write = async (lines: readonly NdjsonLine[]): Promise<void> => {
    for (const line of lines) {
      if (!output.write(`${JSON.stringify(answer(line))}\n`)) await once(output as Writable, 'drain')
    }
  }
  for await (const piece of readable(input)) await write(splitter.push(piece))
  await write(splitter.end())
}

async function* readable(input: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  try {
    yield* input
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new CliError(EXIT.failed, 'INPUT', `Standard input cannot be read${reason}`, {
      cause,
      nextStep: 'Pipe one JSON object per line into it',
    })
  }
}
