import { pathSegment } from './parse-report.ts'

export interface JsonMeasure {
  /** Bytes of the value as JSON, never less than the truth. */
  bytesAtMost: number
  /** Somewhere a key is `__proto__`. */
  hasProtoKey: boolean
  fault: { readonly path: string; readonly message: string } | undefined
}

/** A character is at most six bytes of JSON (`\u0001`); a number at most 24. */
const BYTES_PER_CHARACTER = 6
const BYTES_PER_SCALAR = 24

/**
 * One walk over a value of unknown origin, before anything else looks at it: how deep (the value itself is depth 1), how large at most, and
 * whether all of it is JSON in valid Unicode. Stops at the first fault, so that neither depth nor cycles can hurt.
 */
export function measureJson(value: unknown, maxDepth: number): JsonMeasure {
  const measure: JsonMeasure = { bytesAtMost: 0, hasProtoKey: false, fault: undefined }
  walk(measure, value, '', maxDepth)
  return measure
}

function walk(measure: JsonMeasure, value: unknown, path: string, depthLeft: number): void {
  if (typeof value === 'string') {
    measure.bytesAtMost += value.length * BYTES_PER_CHARACTER + 3
    if (!value.isWellFormed()) measure.fault = { path, message: 'is not valid Unicode: it ends or starts in the middle of a character' }
    return
  }
  if (typeof value === 'number') {
    measure.bytesAtMost += BYTES_PER_SCALAR
    if (!Number.isFinite(value)) measure.fault = { path, message: 'is too large for a number' }
    return
  }
  if (value === null || value === undefined || typeof value === 'boolean') {
    measure.bytesAtMost += BYTES_PER_SCALAR
    return
  }
  if (typeof value !== 'object') {
    measure.fault = { path, message: 'is not JSON' }
    return
  }
  if (depthLeft === 0) {
    measure.fault = { path, message: 'is nested too deep: flatten it' }
    return
  }
  measure.bytesAtMost += 3
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && measure.fault === undefined; index++) {
      walk(measure, value[index], `${path}[${index}]`, depthLeft - 1)
    }
    return
  }
  walkObject(measure, value, path, depthLeft)
}

function walkObject(measure: JsonMeasure, value: object, path: string, depthLeft: number): void {
  for (const key of Object.keys(value)) {
    if (measure.fault !== undefined) return
    measure.bytesAtMost += key.length * BYTES_PER_CHARACTER + 4
    if (key === '__proto__') measure.hasProtoKey = true
    const inner = path === '' ? pathSegment(key) : `${path}.${pathSegment(key)}`
    if (key.isWellFormed()) walk(measure, (value as Record<string, unknown>)[key], inner, depthLeft - 1)
    else measure.fault = { path: inner, message: 'is a key that is not valid Unicode' }
  }
}
