import { type Config, type ConfigFault, parseConfig } from './env.ts'

/** How long past RELAY_SHUTDOWN_TIMEOUT a drain may take to say goodbye: its parts end by that time, and whoever is not gone then is stuck. */
export const DRAIN_GRACE_MS = 3_000

/** The environment of this process, a `.env` file in the working folder included: what is set wins over the file. */
export function readProcessConfig(): { ok: true; config: Config } | { ok: false; faults: ConfigFault[] } {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return parseConfig(process.env)
}

/** For a process's main: the configuration, or every fault listed on standard error and exit 2. */
export function configOrExit(required: readonly (keyof Config)[] = []): Config {
  const result = readProcessConfig()
  const faults = result.ok
    ? required
        .filter((name) => result.config[name] === undefined)
        .map((name) => ({ name, message: 'is missing and this process needs it' }))
    : result.faults
  if (result.ok && faults.length === 0) return result.config
  return exitWithFaults(faults)
}

/** Lists faults of the configuration on standard error and ends the process with 2. */
export function exitWithFaults(faults: readonly ConfigFault[]): never {
  process.stderr.write(`The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n`)
  for (const fault of faults) process.stderr.write(`  ${fault.name}: ${fault.message}\n`)
  process.stderr.write('Every setting is listed in .env.example.\n')
  process.exit(2)
}

/** The environment to hand to a child process: this one's, with changes on top. */
export const childEnvironment = (changes: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  ...changes,
})
