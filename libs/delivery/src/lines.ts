import type { Clock, EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ConnectionId } from '@relay/core/ids'
import type { Logger } from '@relay/observe/logger'
import type { Platform } from '@relay/platforms/contract'
import type { ConnectionDirectory } from '@relay/state/connection-directory'
import { promiseSlots } from '@relay/state/rate-limit'
import type { Redis } from 'ioredis'
import type { BatchSender } from './batch-sender.ts'
import { askGates, type Gate, type GateContext, paceBucket } from './gates.ts'
import { createLine, type Line } from './line.ts'
import type { RatesContext } from './rates.ts'
import type { Row, RowResult } from './row.ts'

/** Requests of one connection in flight at once, so that an account that answers slowly holds up nobody. */
const IN_FLIGHT_PER_LINE = 4

const ASK_AGAIN_MS = 500

export interface LinesContext extends Omit<RatesContext, 'adapter'> {
  readonly platform: Platform
  readonly redis: Redis
  readonly directory: ConnectionDirectory
  readonly clock: Clock
  readonly logger: Logger
  readonly lingerMs: number
  readonly heldConnections: Map<ConnectionId, EpochMs>
  readonly sender: BatchSender
  /** More (or fewer) deliveries are in requests now. */
  onInFlight(change: number): Promise<void>
}

/** All lines of a pool: one per connection and test code, made when a row needs it and gone when it is empty. */
export interface Lines {
  join(row: Row): Promise<RowResult>
  /** Every line looks again now. */
  wake(): void
  close(): void
}

export function createLines(context: LinesContext): Lines {
  const lines = new Map<string, Line>()
  const gates: GateContext = {
    ...context,
    platform: context.platform.id,
    adapter: context.platform,
    heldUntil: (connection) => heldUntil(context, connection),
  }
  let isClosed = false

  async function open(key: string, { connectionId }: Delivery): Promise<Line> {
    const connection = await context.directory.find(connectionId)
    const known = lines.get(key)
    if (known !== undefined) return known
    const line = createLine({
      maxEvents: context.platform.api.maxEventsPerRequest.value,
      lingerMs: connection?.settings.linger_ms ?? context.lingerMs,
      maxInFlight: IN_FLIGHT_PER_LINE,
      clock: context.clock,
      ask: (wanted) => ask(context, gates, connectionId, wanted),
      promiseSlots: (count, notBefore) => promise(context, gates, connectionId, { count, notBefore }),
      async send(rows, probeId) {
        await noteInFlight(context, rows.length)
        const results = await context.sender.send(connectionId, rows, probeId)
        await noteInFlight(context, -rows.length)
        return results
      },
      onIdle: () => lines.delete(key),
    })
    if (isClosed) line.close()
    lines.set(key, line)
    return line
  }

  return {
    async join(row) {
      const { delivery } = row
      const key = `${delivery.connectionId}\0${delivery.event.test_event_code ?? ''}\0${row.alone ? delivery.id : ''}`
      const line = lines.get(key) ?? (await open(key, delivery))
      return line.join(row)
    },
    wake() {
      for (const line of lines.values()) line.wake()
    },
    close() {
      isClosed = true
      for (const line of lines.values()) line.close()
    },
  }
}

function heldUntil({ heldConnections, clock }: LinesContext, connection: ConnectionId): EpochMs | undefined {
  const until = heldConnections.get(connection)
  if (until === undefined || until > clock()) return until
  heldConnections.delete(connection)
  return undefined
}

/** Redis away is no reason to give rows back, since that needs Redis too: they wait in line. */
async function ask(context: LinesContext, gates: GateContext, connectionId: ConnectionId, wanted: number): Promise<Gate> {
  try {
    return await askGates(gates, connectionId, wanted)
  } catch (error) {
    context.logger.warn({ platform: context.platform.id, err: error }, 'the gates could not be asked')
    return { kind: 'wait', ms: ASK_AGAIN_MS }
  }
}

async function promise(
  context: LinesContext,
  gates: GateContext,
  connectionId: ConnectionId,
  rows: { readonly count: number; readonly notBefore: EpochMs },
): Promise<EpochMs[]> {
  try {
    const bucket = await paceBucket(gates, connectionId)
    return await promiseSlots(context.redis, context.platform.id, connectionId, rows, bucket)
  } catch (error) {
    context.logger.warn({ platform: context.platform.id, err: error }, 'slots could not be promised')
    return Array.from({ length: rows.count }, () => rows.notBefore)
  }
}

/** How far ahead is fetched may wait for a Redis that is away; the rows in hand may not. */
async function noteInFlight(context: LinesContext, change: number): Promise<void> {
  await context
    .onInFlight(change)
    .catch((error: unknown) => context.logger.warn({ platform: context.platform.id, err: error }, 'limits could not be read'))
}
