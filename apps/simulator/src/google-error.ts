import { json } from './answer.ts'
import type { Answer } from './answer.ts'
import type { GoogleProblem } from './google-validate.ts'

export interface GoogleError {
  readonly code: number
  readonly status: string
  readonly message: string
  readonly reason?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly violations?: readonly GoogleProblem[]
}

const TYPE = 'type.googleapis.com/google.rpc.'

/** `{error: {code, status, message, details: [ErrorInfo?, BadRequest?, RequestInfo]}}`. */
export function googleError({ code, status, message, reason, metadata = {}, violations }: GoogleError, no: number): Answer {
  const service = { service: 'datamanager.googleapis.com', ...metadata }
  const info = reason === undefined ? [] : [{ '@type': `${TYPE}ErrorInfo`, reason, domain: 'googleapis.com', metadata: service }]
  const bad = violations === undefined ? [] : [{ '@type': `${TYPE}BadRequest`, fieldViolations: violations }]
  const request = { '@type': `${TYPE}RequestInfo`, requestId: requestId(no) }
  return json(code, { error: { code, message, status, details: [...info, ...bad, request] } })
}

export function requestId(no: number): string {
  return `sim${String(no).padStart(19, '0')}`
}
