import type { HttpAnswer } from './contract.ts'

export type TransportFault = Extract<HttpAnswer, { readonly kind: 'fault' }>
export type RequestPhase = 'connect' | 'headers' | 'body'

const CLOSED_BY_PEER: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])
const NOT_RESOLVED: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const TLS_CODE = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/

/** The error's own code; Node joins the failures of several addresses of one name in an AggregateError. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return code
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : 'UNKNOWN'
}

function sentence(code: string, host: string): string {
  if (code === 'ECONNREFUSED') return `${host} refused the connection`
  if (NOT_RESOLVED.has(code)) return `The name ${host} could not be resolved (${code})`
  if (TLS_CODE.test(code)) return `No trusted TLS connection to ${host} (${code})`
  if (CLOSED_BY_PEER.has(code)) return `${host} closed the connection before its answer was complete (${code})`
  return `No answer from ${host} (${code})`
}

/** What undici or the socket threw, as a fault. The message is ours: an error's own text may quote a header or an address. */
export const networkFault = (error: unknown, host: string, phase: RequestPhase, limitMs: number): TransportFault => {
  const code = codeOf(error)
  return code === 'UND_ERR_CONNECT_TIMEOUT'
    ? timeoutFault(phase, limitMs)
    : { kind: 'fault', error: { code: 'NETWORK_ERROR', message: sentence(code, host) }, maybeTaken: phase !== 'connect' }
}

/** The deadline of the whole request has passed in this phase. */
export const timeoutFault = (phase: RequestPhase, limitMs: number): TransportFault => ({
  kind: 'fault',
  error: { code: 'TIMEOUT', message: `Request timeout after ${limitMs / 1_000} seconds`, phase, limitMs },
  maybeTaken: phase !== 'connect',
})

/** No connection came free in time; nothing was sent. */
export const poolFault = (host: string, waitMs: number): TransportFault => ({
  kind: 'fault',
  error: { code: 'POOL_EXHAUSTED', message: `No free connection to ${host} within ${waitMs / 1_000} seconds` },
  maybeTaken: false,
})
