import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { mapPlatforms, PLATFORM_IDS, type PlatformId, type TenantId } from '@relay/core/ids'
import { readLetters, selectLetters } from '@relay/queue/dead-letters'
import type { Letter } from '@relay/queue/letter'
import type { Command } from 'commander'
import { CliError, EXIT } from '../exit.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { RELAY_FOLDER } from '../relay-folder.ts'
import { cure, type Replayed } from './cure.ts'
import { CAST, TENANTS } from './cast.ts'
import { type DemoEvent, makeEvents } from './events.ts'
import { findLateVerdicts, type LateVerdicts } from './late-verdicts.ts'
import { expectedOf, play } from './plot.ts'
import { reckon, type Reckoning } from './reckoning.ts'
import { type Counts, createScreen, type Screen } from './screen.ts'
import { DEMO_SETTINGS, settingLines } from './settings.ts'
import { createSimulatorControl, type SimulatorControl } from './simulator-control.ts'
import { setStage, type Stage } from './stage.ts'
import { demoJson, demoTable } from './table.ts'

/*
 * The demo: the whole product on one machine against the simulator, with everything going wrong that can, and a reckoning at the end.
 *
 * 1. Redis, simulator, ingest and two workers start; tenants, keys and connections are made as an operator makes them.
 * 2. The shops post their events while the plot unfolds (plot.ts).
 * 3. When nothing is on its way any more, causes are cured and dead letters replayed with the ordinary commands (cure.ts).
 * 4. What the shops sent is held against the simulator's ledger, delivery by delivery, and against the product's books (reckoning.ts).
 */

const EVENTS = { acme: 4_000, globex: 1_500 } as const
const QUIET_WITHIN_MS = 90_000

interface DemoOptions {
  readonly json?: true
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('The whole product against the simulator with everything going wrong, and a table whose sums are checked. About a minute')
    .option('--json', 'print as the last line one JSON object')
    .addHelpText('after', DEMO_HELP)
    .action(demo)
}

async function demo(options: DemoOptions): Promise<void> {
  const out = options.json === true ? process.stderr : process.stdout
  const startedAt = performance.now()
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await mkdir(RELAY_FOLDER, { recursive: true })
  const dataDir = await mkdtemp(join(RELAY_FOLDER, 'demo-'))
  let fleet: Fleet | undefined
  let isStoryOver = false
  try {
    out.write(
      `Settings of this demo, by the ordinary environment; no default is changed:\n${settingLines()
        .map((line) => `  ${line}\n`)
        .join('')}\n`,
    )
    fleet = await startFleet({
      env: DEMO_SETTINGS,
      dataDir,
      serverDir: join(RELAY_FOLDER, 'redis'),
      workers: 2,
      simulator: true,
      onLog: (source, line) => {
        if (source === 'redis' || source === 'relay') out.write(`${source.padEnd(9)} | ${line}\n`)
      },
    })
    const story = tell(fleet, out, startedAt)
    const result = await Promise.race([story, fleet.failed, interrupted.then(() => undefined)])
    if (result === undefined) throw new CliError(EXIT.failed, 'INTERRUPTED', 'The demo was interrupted')
    isStoryOver = true
    out.write(`${demoTable(result.reckoning, result.letters)}\n`)
    if (options.json === true)
      process.stdout.write(`${JSON.stringify(demoJson(result.reckoning, result.eventsReceived, result.seconds))}\n`)
    if (result.reckoning.faults.length > 0) {
      throw new CliError(
        EXIT.failed,
        'DEMO_FAILED',
        `The sums are wrong:\n${result.reckoning.faults.map((fault) => `  ${fault}`).join('\n')}`,
      )
    }
    out.write(`\nNothing lost, nothing doubled, and the books add up against the simulator's ledger. ${result.seconds} s.\n`)
  } finally {
    await fleet?.stop()
    await rm(dataDir, { recursive: true, force: true })
    // Broken off in the middle, its shops and its waits would hold the process for another minute. The exit code is set by then.
    if (!isStoryOver) setImmediate(() => process.exit())
  }
}

interface Result {
  readonly reckoning: Reckoning
  /** What is dead at the end. */
  readonly letters: readonly Letter[]
  readonly eventsReceived: number
  readonly seconds: number
}

async function tell(fleet: Fleet, out: NodeJS.WriteStream, startedAt: number): Promise<Result> {
  await using stage = await setStage(fleet)
  out.write(`Two tenants, ${CAST.length} connections, each checked by a real call. A wrong token was refused: ${stage.refusal}\n\n`)
  const simulator = createSimulatorControl(fleet.simulatorUrl!)
  const events = new Map(TENANTS.map((tenant) => [tenant, makeEvents(tenant, EVENTS[tenant as keyof typeof EVENTS], Date.now())] as const))
  const screen = createScreen(out, expectedCounts(events))
  const watching = watch(simulator, screen)
  try {
    await play({ fleet, stage, simulator, screen, events })
    screen.chapter('▸ All events are posted; what is held or retried arrives')
    await stage.untilQuiet(QUIET_WITHIN_MS)
    const late = await findLateVerdicts(stage, events)
    screen.chapter(`▸ All verdicts are in: ${late.letters} events that Google had taken lie among the dead letters`)
    const replayed = await cure({ fleet, stage, simulator, screen })
    await stage.untilQuiet(QUIET_WITHIN_MS)
    const letters = await deadLetters(stage)
    const reckoning = await judge({ stage, simulator, events, letters, replayed, late })
    const eventsReceived = stage.shops.reduce((sum, { counts }) => sum + counts.received, 0)
    return { reckoning, letters, eventsReceived, seconds: Math.round((performance.now() - startedAt) / 1_000) }
  } finally {
    await watching.stop()
    screen.close()
  }
}

/** Deliveries that must be counted by each platform at the end. */
function expectedCounts(events: ReadonlyMap<TenantId, readonly DemoEvent[]>): Counts {
  const countOf = (tenant: TenantId, platform: PlatformId): number =>
    (events.get(tenant) ?? []).filter(({ fate }) => fate(platform) === 'arrives').length
  return mapPlatforms((platform) =>
    CAST.filter((part) => part.platform === platform).reduce((sum, { tenant }) => sum + countOf(tenant, platform), 0),
  )
}

function watch(simulator: SimulatorControl, screen: Screen): { stop(): Promise<void> } {
  const ending = new AbortController()
  const watching = (async () => {
    while (!ending.signal.aborted) {
      const summary = await simulator.summary().catch(() => undefined)
      if (summary !== undefined) screen.progress(mapPlatforms((platform) => summary[platform].counted))
      await delay(250, undefined, { signal: ending.signal }).catch(() => {})
    }
  })()
  return {
    async stop() {
      ending.abort()
      await watching
    },
  }
}

async function deadLetters({ redis }: Stage): Promise<Letter[]> {
  const all = await Promise.all(
    PLATFORM_IDS.map(async (platform) => readLetters(redis, platform, await selectLetters(redis, platform, {}))),
  )
  return all.flat()
}

interface Findings {
  readonly stage: Stage
  readonly simulator: SimulatorControl
  readonly events: ReadonlyMap<TenantId, readonly DemoEvent[]>
  readonly letters: readonly Letter[]
  readonly replayed: Replayed
  readonly late: LateVerdicts
}

async function judge({ stage, simulator, events, letters, replayed, late }: Findings): Promise<Reckoning> {
  const dead = mapPlatforms(() => new Set<string>())
  for (const letter of letters) {
    const part = [...stage.connections].find(([id]) => id === letter.connection_id)?.[1]
    if (letter.platform !== 'inbox') dead[letter.platform].add(`${part?.account ?? letter.connection_id} ${letter.event_id}`)
  }
  const evidence = {
    cast: CAST,
    events: [...events.values()].flat(),
    entries: await simulator.entries(),
    ledger: await simulator.summary(),
    doubled: await simulator.doubled(),
    books: await stage.books(),
    dead,
    replayed,
    repeats: Object.fromEntries([...events].map(([tenant, own]) => [tenant, expectedOf(own.length).repeated])),
  }
  const reckoning = withShopFaults(reckon(evidence), stage, events)
  return { ...reckoning, faults: [...reckoning.faults, ...late.faults] }
}

/** The ingest's own answers must add up too: new, repeated and refused events are known from the plot. */
function withShopFaults(reckoning: Reckoning, stage: Stage, events: ReadonlyMap<TenantId, readonly DemoEvent[]>): Reckoning {
  const faults = stage.shops.flatMap(({ tenant, counts }) => {
    const count = events.get(tenant)?.length ?? 0
    const { repeated, malformed } = expectedOf(count)
    const found: string[] = []
    // A batch repeated after a 503 may be known in part already: then new ones of it stand under duplicates.
    if (counts.accepted + counts.duplicates !== count + repeated)
      found.push(`${tenant}: ${counts.accepted} new and ${counts.duplicates} repeated events for ${count + repeated} valid ones`)
    if (counts.refused !== malformed) found.push(`${tenant}: ${counts.refused} events were refused, ${malformed} were malformed`)
    return found
  })
  return { ...reckoning, faults: [...reckoning.faults, ...faults] }
}

const DEMO_HELP = `
Starts Redis (an installed one, or fetched into .relay/ without installing anything), the simulator of the four platforms, the ingest and two workers
on free ports; makes two tenants with twelve connections; posts 5,500 events while platforms fail in every way, a worker is killed and Redis is killed
and restarted; replays the dead letters. Exit 0 only if nothing is lost, nothing is doubled and the books add up against the simulator's ledger.

Examples:
  relay demo
  relay demo --json | tail -n 1`
