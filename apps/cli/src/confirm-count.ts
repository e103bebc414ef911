import { CliError, EXIT } from './exit.ts'
import { hasTerminal, terminalQuestions } from './terminal.ts'

/** Asks to type the number of letters, which nobody does by accident. Exit 2 where neither --yes nor a terminal is there, 1 where it was not typed. */
export async function confirmCount({
  verb,
  count,
  isYes,
}: {
  readonly verb: string
  readonly count: number
  readonly isYes: boolean
}): Promise<void> {
  if (isYes) return
  if (!hasTerminal()) {
    throw new CliError(
      EXIT.usage,
      'USAGE',
      `This would ${verb} ${count} letter${count === 1 ? '' : 's'}, and there is no terminal to ask whether that is meant`,
      {
        nextStep: 'Add --yes, or look first with --dry-run',
        details: { count },
      },
    )
  }
  const typed = await terminalQuestions.text(`Type ${count} to ${verb} ${count === 1 ? 'this letter' : 'these letters'}`)
  if (typed.trim() !== String(count)) throw new CliError(EXIT.failed, 'CANCELLED', 'Not confirmed; nothing was changed')
}
