import { parseEvent } from '@relay/core/parse-event'
import type { EventFault } from './send-result.ts'

/** An event as JSON, ready to be sent. */
export interface ReadyEvent {
  readonly index: number
  readonly json: string
}

export type Chunk = readonly ReadyEvent[]

export interface ChunkLimits {
  readonly maxEvents: number
  readonly maxBytes: number
}

/**
 * Judges each event by the rules of the ingest and gathers the good ones into chunks, in order. Pure but for what `toJSON` of the values given does. An event
 * that can't be written as JSON is a fault too.
 */
export function prepareChunks(
  events: readonly unknown[],
  now: number,
  limits: ChunkLimits,
): { readonly chunks: Chunk[]; readonly errors: EventFault[] } {
  const errors: EventFault[] = []
  const chunks: ReadyEvent[][] = []
  let bytes = 0
  for (const [index, event] of events.entries()) {
    const json = toJson(event)
    const parsed = parseEvent(json === undefined ? undefined : JSON.parse(json), { receivedAt: now })
    if (!parsed.ok || json === undefined) {
      const fault = parsed.ok ? { code: 'INVALID_EVENT', message: 'is not JSON', path: '' } : parsed.error
      const { code, message, path } = fault
      errors.push({ index, event_id: ('event_id' in fault ? fault.event_id : undefined) ?? null, code, message, path })
      continue
    }
    const size = Buffer.byteLength(json) + 1
    const last = chunks.at(-1)
    if (last === undefined || last.length >= limits.maxEvents || bytes + size > limits.maxBytes) {
      chunks.push([{ index, json }])
      bytes = size
    } else {
      last.push({ index, json })
      bytes += size
    }
  }
  return { chunks, errors }
}

function toJson(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch {
    return undefined
  }
}
