import { type DeliveryRecord } from '@relay/observe/delivery-log'
import { recordsOfEvent } from '@relay/observe/read-delivery-log'
import { nextVerdictLook } from '@relay/queue/verdicts'
import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Command } from 'commander'
import type { Redis } from 'ioredis'
import { CliError, EXIT } from './exit.ts'
import { namedTenant } from './named-tenant.ts'
import { DELIVERY_LOG_FOLDER } from './relay-folder.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'
import { type Found, findDeliveries } from './trace/find-deliveries.ts'
import { storyLines } from './trace/lines.ts'
import { type QueueWaits, readQueueWaits } from './trace/queue-waits.ts'
import { type Story, tellStory } from './trace/story.ts'

interface TraceOptions extends CommonOptions {
  readonly tenant?: string
  readonly event: readonly string[]
}

export function addTraceCommand(program: Command): void {
  program
    .command('trace')
    .description('Everything that is known of an event: each delivery, its attempts and waits, where it is and what happens next')
    .argument('<event id>', "the producer's id, or the content hash that stands for it")
    .option('--tenant <id>', 'of one tenant; default: of all')
    .option('--event <name>', 'look for this name too; may be given again', (name, names: readonly string[]) => [...names, name], [])
    .option('--json', 'one JSON object per delivery')
    .addHelpText('after', TRACE_HELP)
    .action((eventId: string, options: TraceOptions) => withSession(options, (session) => trace(session, eventId, options)))
}

async function trace(session: Session, eventId: string, options: TraceOptions): Promise<void> {
  const { redis, printer } = session
  const tenantId = options.tenant === undefined ? undefined : await namedTenant(redis, options.tenant)
  const found = await findDeliveries(redis, { eventId, tenantId, names: options.event }, await readRecords(session, eventId))
  if (found.length === 0) throw unknownEvent(session, eventId, options)
  const stories = await tellAll(redis, eventId, found)
  if (printer.isJson) for (const story of stories) printer.object(story, () => '')
  else printer.say(stories.map((story) => storyLines(printer, story)).join('\n\n'))
}

/** All of them by the same state of the queues, and each queue is looked at once. */
async function tellAll(redis: Redis, eventId: string, found: readonly Found[]): Promise<Story[]> {
  const platforms = new Set(found.map(({ candidate }) => candidate.platform))
  const queues = new Map<PlatformId, QueueWaits>(
    await Promise.all([...platforms].map(async (platform) => [platform, await readQueueWaits(redis, platform)] as const)),
  )
  const verdicts = await Promise.all(found.map((one) => verdictLook(redis, one)))
  const now = Date.now()
  return found.map((one, index) => {
    return tellStory(eventId, { ...one, queue: queues.get(one.candidate.platform)!, verdictAt: verdicts[index] }, now)
  })
}

/** Of the last request that took it. */
async function verdictLook(redis: Redis, { candidate, rows }: Found): Promise<EpochMs | undefined> {
  const taken = rows.findLast(({ entry, fate }) => entry.kind === 'request' && fate.outcome === 'delivered')
  const looks = await Promise.all((taken?.entry.verdictIds ?? []).map((id) => nextVerdictLook(redis, candidate.platform, id)))
  return looks.find((at) => at !== undefined)
}

/** Of the configured folder, else of the one of `relay up`. */
export const deliveryLogFolder = ({ config }: Session): string => config.RELAY_DELIVERY_LOG_DIR ?? DELIVERY_LOG_FOLDER

async function readRecords(session: Session, eventId: string): Promise<DeliveryRecord[]> {
  const folder = deliveryLogFolder(session)
  try {
    return await recordsOfEvent(folder, eventId)
  } catch (error) {
    session.printer.warn(`The delivery records in ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

function unknownEvent({ config }: Session, eventId: string, { tenant }: TraceOptions): CliError {
  const minutes = Math.round(config.RELAY_TRACE_RETENTION / 60_000)
  return new CliError(
    EXIT.notFound,
    'UNKNOWN_EVENT',
    `Nothing is known of event ${eventId}${tenant === undefined ? '' : ` of tenant ${tenant}`}`,
    {
      nextStep: `Check the id. A delivered event is known for ${minutes} min, and longer where its worker's delivery records are; a name that is no standard one can be given with --event`,
      details: { event_id: eventId },
    },
  )
}

const TRACE_HELP = `
Waiting, held and dead deliveries are told in full. Delivered ones for RELAY_TRACE_RETENTION (1 h) from Redis, later from the delivery
records of this machine (RELAY_DELIVERY_LOG_DIR, else .relay/deliveries of relay up). Exit 3 where nothing is known.

Examples:
  relay trace order-4711
  relay trace order-4711 --tenant acme --json`
