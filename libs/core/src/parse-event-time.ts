import type { EpochMs } from './clock.ts'
import { type ParseReport, refuse } from './parse-report.ts'

/** Clocks of producers may run ahead of ours by this much. */
export const MAX_FUTURE_MS = 10 * 60_000

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)?$/
const UNIX_SECONDS = /^\d{1,16}(?:\.\d{1,9})?$/

/** Unix seconds, rounded down. Takes ISO 8601 with a zone, and unix seconds as a number or as digits. */
export function parseEventTime(report: ParseReport, value: unknown, receivedAt: EpochMs): number | undefined {
  const path = 'event_time'
  const timeMs = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? readInstantMs(value.trim()) : NaN
  if (timeMs === undefined) return refuse(report, path, 'has no time zone: end it with Z or an offset such as +02:00')
  if (Number.isNaN(timeMs)) return refuse(report, path, 'must be ISO 8601 with a zone, such as 2026-11-24T10:00:00Z, or unix seconds')
  if (timeMs < 0) return refuse(report, path, 'is before 1970: send unix seconds or ISO 8601')
  if (timeMs > receivedAt + MAX_FUTURE_MS) {
    const milliseconds = timeMs / 1_000 <= receivedAt + MAX_FUTURE_MS && timeMs / 1_000 > receivedAt / 2
    const hint = milliseconds ? 'it looks like milliseconds, send seconds' : "check the sender's clock"
    return refuse(report, path, `is more than 10 minutes in the future: ${hint}`)
  }
  return Math.floor(timeMs / 1_000)
}

/** NaN where it is no instant, undefined where only the zone is missing. */
function readInstantMs(text: string): number | undefined {
  if (UNIX_SECONDS.test(text)) return Number(text) * 1_000
  const match = DATE_TIME.exec(text)
  if (match === null) return NaN
  const [, year, month, day, hour, minute, second = '0', fraction = '', zulu, sign, offsetHours, offsetMinutes = '0'] = match
  const ms = Math.floor(Number(`0.${fraction === '' ? '0' : fraction}`) * 1_000)
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (new Date(date).getUTCDate() !== Number(day) || Number(month) > 12 || Number(month) < 1) return NaN
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return NaN
  if (zulu === undefined && sign === undefined) return undefined
  const offset = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60_000 : 60_000)
  if (Math.abs(offset) > 24 * 3_600_000 || Number(offsetMinutes) > 59) return NaN
  return date + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + ms - offset
}
