import type { Clock } from '@relay/core/clock'
import type { Logger } from '@relay/observe/logger'
import type { PlatformId } from '@relay/core/ids'
import type { Undertaker } from '@relay/queue/settle'
import { endFlight, type Flight, lostFlights } from '@relay/state/flights'
import { withLease } from '@relay/state/lease'
import { listProcesses } from '@relay/state/processes'
import type { Redis } from 'ioredis'

/*
 * Finds requests whose process died with them in flight, and writes that into the past of their deliveries (suspicion.ts judges by it). A process is dead
 * when its heartbeat has stopped, not merely when a lock was lost. One process of the fleet at a time.
 */

const LOOK_EVERY_MS = 5_000
const LEASE_MS = 30_000

export interface FlightRecoveryContext {
  readonly platform: PlatformId
  readonly redis: Redis
  readonly undertaker: Undertaker
  readonly processId: string
  readonly clock: Clock
  readonly logger: Logger
}

export function startFlightRecovery(context: FlightRecoveryContext): { stop(): void } {
  const timer = setInterval(() => {
    recoverFlights(context).catch((error: unknown) =>
      context.logger.warn({ platform: context.platform, err: error }, 'lost flights could not be read'),
    )
  }, LOOK_EVERY_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** One look; how many flights were lost. */
export async function recoverFlights(context: FlightRecoveryContext): Promise<number> {
  const { redis, platform, processId } = context
  const turn = await withLease(redis, platform, 'flights', { owner: processId, leaseMs: LEASE_MS }, async () => {
    const alive = new Set([processId, ...(await listProcesses(redis)).map(({ id }) => id)])
    const lost = await lostFlights(redis, platform, alive)
    for (const flight of lost) await noteDeath(context, flight)
    return lost.length
  })
  return turn.kind === 'done' ? turn.value : 0
}

async function noteDeath({ redis, platform, undertaker, logger }: FlightRecoveryContext, flight: Flight): Promise<void> {
  const died = flight.deliveries.length === 1 ? 'alone' : 'among others'
  const attempt = {
    at: flight.sentAt,
    code: 'INTERNAL',
    message: 'The process died while this was in flight',
    maybe_taken: true,
    died,
  } as const
  await Promise.all(flight.deliveries.map((delivery) => undertaker.noteAttempt(delivery, attempt)))
  await endFlight(redis, platform, flight.id)
  logger.warn({ platform, process_id: flight.processId, deliveries: flight.deliveries.length }, 'a process died with a request in flight')
}
