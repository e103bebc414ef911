import { runProgram } from './run-program.ts'

export interface ServerVersion {
  readonly major: number
  readonly text: string
}

/** The commands and settings that the product uses came with 7.0. */
export const OLDEST_MAJOR = 7

/** What `--version` says of a Redis or Valkey server; undefined where the program is missing or does not run. */
export async function readServerVersion(command: string, libraryPath = ''): Promise<ServerVersion | undefined> {
  const variables: Record<string, string> = libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }
  const result = await runProgram(command, ['--version'], { timeoutMs: 10_000, variables })
  return result.kind === 'ended' && result.exitCode === 0 ? parseServerVersion(result.stdout) : undefined
}

/** `Redis server v=7.0.15 sha=…`, `Valkey server v=8.1.1 …` */
export function parseServerVersion(output: string): ServerVersion | undefined {
  const match = /\bv=((\d+)\.\d+\.\d+)/.exec(output)
  return match === null ? undefined : { major: Number(match[2]), text: match[1]! }
}
