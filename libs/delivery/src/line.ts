import type { Clock, EpochMs } from '@relay/core/clock'
import type { Gate } from './gates.ts'
import { outcomeOf, type Row, type RowResult } from './row.ts'

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
  /** Gives back what has not been sent, and takes nothing more. */
  close(): void
}

export function createLine(options: LineOptions): Line {
  const waiting: Waiting[] = []
  let inFlight = 0
  let running = false
  let closed = false
  let wake: (() => void) | undefined

  /** Sleeps until something changes or the time is up. */
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(0, ms))
      function done(): void {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      wake = done
    })

  function giveAll(result: RowResult): void {
    for (const { resolve } of waiting.splice(0)) resolve(result)
  }

  function dropExpired(): void {
    const now = options.clock()
    for (let index = waiting.length - 1; index >= 0; index -= 1) {
      const { row, resolve } = waiting[index]!
      if (row.delivery.deadlineAt > now) continue
      waiting.splice(index, 1)
      resolve(outcomeOf({ kind: 'reject', error: tooOld }))
    }
  }

  function launch(rows: readonly Waiting[], probeId: string | undefined): void {
    inFlight += 1
    void options.send(rows.map(({ row }) => row), probeId).then((results) => {
      inFlight -= 1
      rows.forEach(({ resolve }, index) => resolve(results[index]!))
      wake?.()
      settleIdle()
    })
  }

  function settleIdle(): void {
    if (waiting.length === 0 && inFlight === 0 && !running) options.onIdle()
  }

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0 && !closed) {
      const lingerLeftMs = waiting[0]!.since + options.lingerMs - options.clock()
      if (waiting.length < options.maxEvents && lingerLeftMs > 0) await pause(lingerLeftMs)
      else if (inFlight >= options.maxInFlight) await pause(60_000)
      else await step()
    }
    if (closed) giveAll({ kind: 'back', until: undefined, code: undefined })
    running = false
    settleIdle()
  }

  async function step(): Promise<void> {
    dropExpired()
    if (waiting.length === 0) return
    const gate = await options.ask(Math.min(waiting.length, options.maxEvents))
    if (closed) return
    switch (gate.kind) {
      case 'pass':
        return launch(waiting.splice(0, gate.granted), gate.probeId)
      case 'wait':
        return pause(gate.ms)
      case 'back':
        return giveAll({ kind: 'back', until: gate.until, code: gate.code })
      case 'outcome':
        return giveAll(outcomeOf(gate.outcome))
    }
  }

  return {
    join(row) {
      return new Promise((resolve) => {
        if (closed) return resolve({ kind: 'back', until: undefined, code: undefined })
        waiting.push({ row, since: options.clock(), resolve })
        if (!running) void run()
        else if (waiting.length >= options.maxEvents || waiting.length === 1) wake?.()
      })
    },
    close() {
      closed = true
      wake?.()
      if (!running) giveAll({ kind: 'back', until: undefined, code: undefined })
    },
  }
}

const tooOld = {
  code: 'EVENT_TOO_OLD',
  message: 'The platform no longer takes an event of this age; it was not sent',
} as const
