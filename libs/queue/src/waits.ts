import type { EpochMs } from '@relay/core/clock'
import { type ErrorCode, POLICY } from '@relay/core/errors'

/*
 * Why a delivery was held, kept as the progress of its job: it is written in the same step as the hold, costs no command, and shows in every BullMQ tool.
 * It goes with the job; a letter takes it along.
 */

/** Holds of one cause that followed each other. */
export interface Wait {
  readonly code: ErrorCode
  /** When the first of them began. */
  readonly from: EpochMs
  /** When the last of them ends. */
  readonly until: EpochMs
  readonly times: number
}

/** Changes of cause that are remembered; the oldest go first. */
const WAITS_KEPT = 10

/** Pure. Another hold: a new wait, or the last one longer where the cause is the same. */
export function addWait(waits: readonly Wait[], hold: { readonly code: ErrorCode; readonly at: EpochMs; readonly until: EpochMs }): Wait[] {
  const last = waits.at(-1)
  if (last?.code === hold.code) return [...waits.slice(0, -1), { ...last, until: hold.until, times: last.times + 1 }]
  return [...waits.slice(1 - WAITS_KEPT), { code: hold.code, from: hold.at, until: hold.until, times: 1 }]
}

/** The shape in which they are kept: [[code, from, until, times], …]. */
export const writeWaits = (waits: readonly Wait[]): string =>
  JSON.stringify({ waits: waits.map(({ code, from, until, times }) => [code, from, until, times]) })

/** From a job's progress, or its text; whatever cannot be read is none. */
export function readWaits(progress: unknown): Wait[] {
  const value = typeof progress === 'string' ? parsed(progress) : progress
  if (typeof value !== 'object' || value === null || !('waits' in value) || !Array.isArray(value.waits)) return []
  return value.waits.flatMap((entry: unknown): Wait[] => {
    if (!Array.isArray(entry)) return []
    const [code, from, until, times] = entry as unknown[]
    const isWait = isCode(code) && typeof from === 'number' && typeof until === 'number' && typeof times === 'number'
    return isWait ? [{ code, from, until, times }] : []
  })
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(POLICY, code)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
