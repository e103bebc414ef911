import type { FieldWarning, WarningReason } from './event.ts'

export interface ParseFault {
  readonly code: 'INVALID_EVENT' | 'PAYLOAD_TOO_LARGE'
  /** What is wrong and what to do; never the value. */
  readonly message: string
  /** `custom_data.contents[2].id`; empty where the event as a whole is meant. */
  readonly path: string
}

/** What the readers of one event's parts find; they share it, and the first fault stands. */
export interface ParseReport {
  fault: ParseFault | undefined
  readonly warnings: FieldWarning[]
}

export const createParseReport = (): ParseReport => ({ fault: undefined, warnings: [] })

/** Answers undefined, so that a reader may end with `return refuse(…)`. */
export function refuse(report: ParseReport, path: string, message: string): undefined {
  report.fault ??= { code: 'INVALID_EVENT', message: path === '' ? message : `${path} ${message}`, path }
}

export function warn(report: ParseReport, field: string, reason: WarningReason): undefined {
  report.warnings.push({ field, reason })
}

const PLAIN_NAME = /^[a-z_$][\w.:$-]{0,63}$/i
const LONG_NUMBER = /\d{6}/

/** A producer's key as part of a path. Keys may be personal data too (`{"a@b.example": 1}`): one that does not look like a field's name becomes `*`. */
export const pathSegment = (key: string): string => (PLAIN_NAME.test(key) && !LONG_NUMBER.test(key) ? key : '*')
