import { mapPlatforms, type PlatformId } from '@relay/core/ids'
import { CliError, EXIT } from '../exit.ts'
import type { Fleet } from '../fleet.ts'
import { simulatorEnvironment } from '../fleet.ts'
import { DYING_TOKEN } from './cast.ts'
import { runRelay } from './relay-command.ts'
import type { Screen } from './screen.ts'
import type { SimulatorControl } from './simulator-control.ts'
import type { Stage } from './stage.ts'

/** Letters put back into the queue, per platform. */
export type Replayed = Readonly<Record<PlatformId, number>>

interface CureContext {
  readonly fleet: Fleet
  readonly stage: Stage
  readonly simulator: SimulatorControl
  readonly screen: Screen
}

/** Ends every fault, and does with the ordinary commands what an operator does then: connects again, replays what is dead. */
export async function cure({ fleet, stage, simulator, screen }: CureContext): Promise<Replayed> {
  const before = await stage.books()
  await simulator.cancelAll()
  const env = {
    RELAY_REDIS_URL: fleet.redisUrl,
    RELAY_MASTER_KEY_FILE: fleet.masterKeyFile ?? '',
    ...simulatorEnvironment(fleet.simulatorUrl!),
  }
  const dying = [...stage.connections].find(([, part]) => JSON.stringify(part.input.credentials).includes(DYING_TOKEN))!
  screen.chapter(`▸ The causes are cured. $ relay connections enable ${dying[0]}`)
  await run(['connections', 'enable', dying[0], '--json'], env)
  screen.chapter('▸ $ relay dlq replay --all --yes')
  const sum = await run(['dlq', 'replay', '--all', '--yes', '--json'], env)
  screen.chapter(`  ${sum.trim().split('\n').at(-1) ?? ''}`)
  const after = await stage.books()
  return mapPlatforms((platform) => before[platform].dead - after[platform].dead)
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { exitCode, stdout, stderr } = await runRelay(args, env)
  if (exitCode === 0) return stdout
  throw new CliError(EXIT.failed, 'DEMO_FAILED', `relay ${args.join(' ')} ended with ${exitCode ?? 'a signal'}:\n${stdout}${stderr}`)
}
