import type { Clock, EpochMs } from '@relay/core/clock'
import type { ErrorDetail } from '@relay/core/errors'
import type { Gate } from './gates.ts'
import { outcomeOf, type Row, type RowResult, TOO_OLD } from './row.ts'

/*
 * The waiting line of one connection (and one test code) in one worker: rows gather until a request is full or the first of them has lingered,
 * the gates say how many may go, and those travel in one request. Rows that a limit makes wait stay in line; rows of a closed gate go back.
 */

export interface LineOptions {
  readonly maxEvents: number
  readonly lingerMs: number
  /** Requests of this line in flight at once. */
  readonly maxInFlight: number
  readonly clock: Clock
  /** Asks for so many events; may rule on all of them at once. */
  ask(wanted: number): Promise<Gate>
  /** Due times for so many rows that leave the line, in order. Never rejects. */
  promiseSlots(count: number, notBefore: EpochMs): Promise<EpochMs[]>
  /** Sends the rows and gives one result for each, in order. Never rejects. */
  send(rows: readonly Row[], probeId: string | undefined): Promise<RowResult[]>
  /** The line is empty and nothing of it is in flight. */
  onIdle(): void
}

interface Waiting {
  readonly row: Row
  readonly since: EpochMs
  readonly resolve: (result: RowResult) => void
}

export interface Line {
  /** Resolves with this row's own result. */
  join(row: Row): Promise<RowResult>
  /** What it waits for may have changed: it looks again now. */
  wake(): void
  /** Gives back what has not been sent, and takes nothing more. */
  close(): void
}

export function createLine(options: LineOptions): Line {
  const line: LineState = { options, waiting: [], inFlight: 0, isRunning: false, isClosed: false, wake: undefined }
  return {
    join(row) {
      const { promise, resolve } = Promise.withResolvers<RowResult>()
      if (line.isClosed) resolve(UNTOUCHED)
      else take(line, { row, since: options.clock(), resolve })
      return promise
    },
    wake() {
      line.wake?.()
    },
    close() {
      line.isClosed = true
      line.wake?.()
      if (!line.isRunning) giveAll(line, UNTOUCHED)
    },
  }
}

interface LineState {
  readonly options: LineOptions
  readonly waiting: Waiting[]
  inFlight: number
  isRunning: boolean
  isClosed: boolean
  /** Ends the pause that the line is in. */
  wake: (() => void) | undefined
}

/** Back into the queue as it came. */
const UNTOUCHED: RowResult = { kind: 'back', until: undefined, code: undefined }

function take(line: LineState, entry: Waiting): void {
  line.waiting.push(entry)
  if (!line.isRunning) void run(line)
  else if (line.waiting.length >= line.options.maxEvents || line.waiting.length === 1) line.wake?.()
}

/** One at a time per line: lingers, keeps to the number of requests in flight, asks the gates, sends. */
async function run(line: LineState): Promise<void> {
  const { options, waiting } = line
  line.isRunning = true
  while (waiting.length > 0 && !line.isClosed) {
    const lingerLeftMs = waiting[0]!.since + options.lingerMs - options.clock()
    if (waiting.length < options.maxEvents && lingerLeftMs > 0) await pause(line, lingerLeftMs)
    else if (line.inFlight >= options.maxInFlight) await pause(line, UNTIL_WOKEN_MS)
    else await step(line)
  }
  if (line.isClosed) giveAll(line, UNTOUCHED)
  line.isRunning = false
  tellIdle(line)
}

/** A request that ends wakes the line; this is only the longest that it sleeps in between. */
const UNTIL_WOKEN_MS = 60_000

async function step(line: LineState): Promise<void> {
  dropExpired(line)
  const { waiting, options } = line
  if (waiting.length === 0) return
  const gate = await options.ask(Math.min(waiting.length, options.maxEvents))
  if (line.isClosed) return
  switch (gate.kind) {
    case 'pass':
      return launch(line, waiting.splice(0, gate.granted), gate.probeId)
    case 'wait':
      return pause(line, gate.ms)
    case 'pace': {
      await giveSlots(line, waiting.splice(gate.keep), gate.notBefore)
      return waiting.length > 0 ? pause(line, gate.ms) : undefined
    }
    case 'back':
      return giveAll(line, { kind: 'back', until: gate.until, code: gate.code })
    case 'outcome':
      return giveAll(line, outcomeOf(gate.outcome))
  }
}

/** Rows that must not wait in line leave it, each until its own slot. */
async function giveSlots({ options }: LineState, rows: readonly Waiting[], notBefore: EpochMs): Promise<void> {
  if (rows.length === 0) return
  const slots = await options.promiseSlots(rows.length, notBefore)
  for (const [index, { resolve }] of rows.entries()) resolve(outcomeOf({ kind: 'hold', until: slots[index]!, error: WAITS_ITS_TURN }))
}

const WAITS_ITS_TURN: ErrorDetail = { code: 'RATE_LIMITED', message: 'This connection has reached its rate limit', scope: 'connection' }

function launch(line: LineState, rows: readonly Waiting[], probeId: string | undefined): void {
  line.inFlight += 1
  const send = async (): Promise<void> => {
    const results = await line.options.send(
      rows.map(({ row }) => row),
      probeId,
    )
    line.inFlight -= 1
    rows.forEach(({ resolve }, index) => resolve(results[index]!))
    line.wake?.()
    tellIdle(line)
  }
  void send()
}

/** Sleeps until something changes or the time is up. */
function pause(line: LineState, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      line.wake = undefined
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, ms))
    line.wake = done
  })
}

function giveAll(line: LineState, result: RowResult): void {
  for (const { resolve } of line.waiting.splice(0)) resolve(result)
}

function dropExpired({ waiting, options }: LineState): void {
  const now = options.clock()
  for (let index = waiting.length - 1; index >= 0; index -= 1) {
    const { row, resolve } = waiting[index]!
    if (row.delivery.deadlineAt > now) continue
    waiting.splice(index, 1)
    resolve(outcomeOf({ kind: 'reject', error: TOO_OLD }))
  }
}

function tellIdle({ waiting, inFlight, isRunning, options }: LineState): void {
  if (waiting.length === 0 && inFlight === 0 && !isRunning) options.onIdle()
}
