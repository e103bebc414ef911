/** The codes of an HTTP request to the ingest (and of the CLI), apart from those of a delivery, with the status of each. */
export const REQUEST_STATUS = {
  MALFORMED_BODY: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  NO_VALID_EVENT: 422,
  BACKLOG_FULL: 429,
  STORE_UNAVAILABLE: 503,
} as const

export type RequestErrorCode = keyof typeof REQUEST_STATUS

/** A request that is refused as a whole. The message says what to do next; details are JSON. */
export class RequestError extends Error {
  readonly code: RequestErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: RequestErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RequestError'
    this.code = code
    this.details = options.details ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** The body of an answer: `{"error": {"code", "message", "details"}}`. */
  toBody(): { error: { code: RequestErrorCode; message: string; details: Readonly<Record<string, unknown>> } } {
    return { error: { code: this.code, message: this.message, details: this.details } }
  }
}
