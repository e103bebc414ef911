import type { KeyRing } from '@relay/vault/key-ring'
import { loadKeyRing } from '@relay/vault/load-key-ring'
import type { Config } from './env.ts'
import { exitWithFaults } from './process-config.ts'

/**
 * For a process's main: its master keys, or the fault on standard error and exit 2, under the name of the setting that was given.
 * @param need completes the sentence about a missing key: what this process does with it.
 */
export async function keyRingOrExit(config: Config, need: string): Promise<KeyRing> {
  const { RELAY_MASTER_KEY_FILE: file, RELAY_MASTER_KEY: text } = config
  const name = file === undefined && text !== undefined ? 'RELAY_MASTER_KEY' : 'RELAY_MASTER_KEY_FILE'
  const keyRing = await loadKeyRing({ file, text }).catch((error: unknown) =>
    exitWithFaults([{ name, message: error instanceof Error ? error.message : String(error) }]),
  )
  return keyRing ?? exitWithFaults([{ name, message: `is missing: ${need}` }])
}
