import { type ParseReport, refuse } from './parse-report.ts'

/*
 * Readers of single values. `null` and an empty text count as absent, since producers write them for "not known". What a user would expect to
 * work does: a number as text where a number is due ("19.90"), a whole number where an id is due (order_id: 1234).
 */

export type Reader<T> = (report: ParseReport, value: unknown, path: string) => T | undefined

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/

/** Text as it came; a whole number becomes its digits. */
export const readText: Reader<string> = (report, value, path) => {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') return refuse(report, path, 'must be text: send it as a string')
  if (Number.isSafeInteger(value)) return String(value)
  return refuse(report, path, 'is a number that cannot be kept exactly: send it as a string')
}

export const readNumber: Reader<number> = (report, value, path) => {
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  return refuse(report, path, 'must be a number: send 19.9 or "19.90", without currency sign or thousands separator')
}

/** A whole number, zero or more. */
export const readCount: Reader<number> = (report, value, path) => {
  const number = readNumber(report, value, path)
  if (number === undefined || (Number.isSafeInteger(number) && number >= 0)) return number
  return refuse(report, path, 'must be a whole number, zero or more')
}

/** true and false, also as 1 and 0. */
export const readFlag: Reader<boolean> = (report, value, path) => {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'boolean') return value
  if (value === 1 || value === 0) return value === 1
  return refuse(report, path, 'must be true or false')
}

/** A list of texts; one text alone is a list of one. */
export const readTexts: Reader<readonly string[]> = (report, value, path) => {
  if (value === undefined || value === null || value === '') return undefined
  if (!Array.isArray(value)) {
    const only = readText(report, value, path)
    return only === undefined ? undefined : [only]
  }
  const texts: string[] = []
  for (const [index, entry] of value.entries()) {
    const text = readText(report, entry, `${path}[${index}]`)
    if (text !== undefined) texts.push(text)
  }
  return texts
}
