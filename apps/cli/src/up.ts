import { once } from 'node:events'
import type { Config } from '@relay/config/env'
import type { Command } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { type Fleet, type FleetPorts, startFleet } from './fleet.ts'
import { readCount } from './options.ts'
import { renderPairs } from './print.ts'
import { DELIVERY_LOG_FOLDER, readUpRecord, RELAY_FOLDER, removeUpRecord, writeUpRecord } from './relay-folder.ts'
import { readConfig } from './session.ts'

interface UpOptions {
  readonly withSimulator?: true
  readonly workers: number
}

const INGEST_OPS_PORT = 9464

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('Everything on this machine: Redis (unless RELAY_REDIS_URL is set), ingest, workers. Ctrl-C stops all of it')
    .option('--with-simulator', 'also the simulator of the four platforms, and send there instead of to the real ones')
    .option('--workers <n>', 'worker processes', readCount, 1)
    .addHelpText('after', UP_HELP)
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  const config = readConfig()
  const running = await readUpRecord()
  if (running !== undefined) {
    throw new CliError(EXIT.failed, 'ALREADY_UP', `relay up runs in this folder already, as process ${running.pid}`, {
      nextStep: 'Use that one, stop it with Ctrl-C, or start in another folder',
    })
  }
  const interrupted = untilInterrupted()
  const fleet = await startFleet({
    env: { ...masterKeyOf(config), RELAY_DELIVERY_LOG_DIR: config.RELAY_DELIVERY_LOG_DIR ?? DELIVERY_LOG_FOLDER },
    dataDir: RELAY_FOLDER,
    workers: options.workers,
    simulator: options.withSimulator === true,
    ports: portsOf(config),
    ...(config.RELAY_REDIS_URL === undefined ? {} : { redisUrl: config.RELAY_REDIS_URL }),
    onLog: (source, line) => process.stderr.write(`${source.padEnd(9)} | ${line}\n`),
  })
  try {
    await writeUpRecord(recordOf(fleet))
    process.stdout.write(`${welcome(fleet)}\n`)
    await Promise.race([interrupted, fleet.failed])
    process.stderr.write('Stopping: what is in flight is finished first. Ctrl-C again ends everything at once.\n')
    process.once('SIGINT', () => void fleet.kill())
  } finally {
    await fleet.stop()
    await removeUpRecord()
  }
}

const untilInterrupted = (): Promise<unknown> => Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])

const masterKeyOf = (config: Config): Record<string, string> => ({
  ...(config.RELAY_MASTER_KEY_FILE === undefined ? {} : { RELAY_MASTER_KEY_FILE: config.RELAY_MASTER_KEY_FILE }),
  ...(config.RELAY_MASTER_KEY === undefined ? {} : { RELAY_MASTER_KEY: config.RELAY_MASTER_KEY }),
})

function portsOf(config: Config): FleetPorts {
  const ingestOps = config.RELAY_OPS_PORT ?? INGEST_OPS_PORT
  return { http: config.RELAY_HTTP_PORT, ingestOps, workerOps: ingestOps + 1, simulator: config.RELAY_SIMULATOR_PORT }
}

const recordOf = ({ redisUrl, ingestUrl, simulatorUrl }: Fleet) => ({
  pid: process.pid,
  redisUrl,
  ingestUrl,
  ...(simulatorUrl === undefined ? {} : { simulatorUrl }),
})

function welcome(fleet: Fleet): string {
  const places: [string, string][] = [
    ['events', `POST ${fleet.ingestUrl}/v1/events`],
    ['metrics', [fleet.ingestOpsUrl, ...fleet.workers.map((worker) => worker.opsUrl)].map((url) => `${url}/metrics`).join('  ')],
  ]
  if (fleet.simulatorUrl !== undefined) places.push(['simulator', `${fleet.simulatorUrl}  (nothing is sent to the real platforms)`])
  return `\nrelay is up.\n${renderPairs(places)}\n\nNext, in another terminal in this folder:\n  relay tenants add acme\n  relay keys add --tenant acme\n  relay connections add --tenant acme --platform meta\n`
}

const UP_HELP = `
Data, the master key and Redis are in .relay/ of this folder; the other commands find them there. Ports: RELAY_HTTP_PORT (8080),
RELAY_OPS_PORT (9464, workers from 9465 on), RELAY_SIMULATOR_PORT (8090).

Examples:
  relay up
  relay up --with-simulator --workers 2`
