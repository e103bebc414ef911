import { readFile } from 'node:fs/promises'
import { CliError, EXIT } from './exit.ts'
import { readAll } from './terminal.ts'

/** Text of a file, or of standard input for `-`. */
export async function readTextFile(path: string): Promise<string> {
  if (path === '-') return readAll(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const message = isMissing ? `There is no file ${path}` : `The file ${path} cannot be read`
    throw new CliError(isMissing ? EXIT.notFound : EXIT.failed, 'FILE', message, {
      nextStep: 'Give the path of a file, or - for standard input',
      cause: error,
    })
  }
}

/** JSON of a file. What is in it is never repeated in an error: it may be a secret. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readTextFile(path)
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own error quotes the text.
    const name = path === '-' ? 'Standard input' : `The file ${path}`
    throw new CliError(EXIT.usage, 'USAGE', `${name} is not JSON`, { nextStep: 'It must be {"credentials": {…}, "settings": {…}}' })
  }
}
