import { execFile } from 'node:child_process'

export type ProgramResult =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** Not on the PATH, or not executable for us. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'timeout' }

const OUTPUT_MAX_BYTES = 4 * 1024 * 1024

/**
 * Runs a program to its end and never throws: what it said is in the result. `variables` are added to the inherited environment
 * by way of env(1), which replaces itself with the program.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly variables?: Readonly<Record<string, string>> },
): Promise<ProgramResult> {
  const [file, argv] = withVariables(command, args, options.variables ?? {})
  return new Promise((resolve) => {
    const child = execFile(
      file,
      argv,
      { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_MAX_BYTES },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ kind: 'ended', exitCode: 0, stdout, stderr })
        if (error.code === 'ENOENT' || error.code === 'EACCES') return resolve({ kind: 'absent' })
        if (error.killed === true) return resolve({ kind: 'timeout' })
        resolve({ kind: 'ended', exitCode: typeof error.code === 'number' ? error.code : 1, stdout, stderr })
      },
    )
    child.stdin?.end()
  })
}

/** env(1) in front of the program where variables are to be added; nothing of our own environment is read. */
export function withVariables(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): [file: string, argv: string[]] {
  const entries = Object.entries(variables)
  if (entries.length === 0) return [command, [...args]]
  return ['env', [...entries.map(([name, value]) => `${name}=${value}`), command, ...args]]
}
