/** Why one event was not taken. */
export interface EventFault {
  /** Its position in the list given to `send`. */
  readonly index: number
  readonly event_id: string | null
  readonly code: string
  /** What is wrong and what to do. */
  readonly message: string
  /** The field at fault; empty where it is the event as a whole. */
  readonly path: string
}

/** What the fleet tells of events that are safe with it. */
export interface ProducerNotice {
  readonly code: string
  readonly message: string
  readonly platform?: string
  readonly connection_id?: string
  readonly count: number
  readonly details: Readonly<Record<string, unknown>>
}

/** Always sent = accepted + duplicates + errors. */
export interface SendResult {
  /** Into the inbox: pushed, the rest shows in the fleet's letters. */
  readonly accepted: number
  /** Known already; unknown, and so 0, where events are pushed into the inbox. */
  readonly duplicates: number
  /** By index: those that were not even sent, and those that the fleet refused. */
  readonly errors: readonly EventFault[]
  readonly notices: readonly ProducerNotice[]
  readonly batchIds: readonly string[]
}

export const NOTHING_SENT: SendResult = { accepted: 0, duplicates: 0, errors: [], notices: [], batchIds: [] }

export const addResults = (a: SendResult, b: SendResult): SendResult => ({
  accepted: a.accepted + b.accepted,
  duplicates: a.duplicates + b.duplicates,
  errors: [...a.errors, ...b.errors].toSorted((x, y) => x.index - y.index),
  notices: [...a.notices, ...b.notices],
  batchIds: [...a.batchIds, ...b.batchIds],
})
