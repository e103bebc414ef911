import { Readable, type Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { RequestError } from '@relay/core/request-errors'

export type BodyFormat = 'json' | 'ndjson'

const FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
}

/** What the headers promise, looked at before a byte of the body is. Throws RequestError UNSUPPORTED_MEDIA_TYPE. */
export function readFormat(headers: Headers): { readonly format: BodyFormat; readonly isGzip: boolean } {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  const format = FORMATS[type]
  if (format === undefined) {
    throw new RequestError('UNSUPPORTED_MEDIA_TYPE', 'Send Content-Type: application/json, or application/x-ndjson for one event per line')
  }
  const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new RequestError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as it is, or with Content-Encoding: gzip')
  }
  return { format, isGzip: encoding !== 'identity' }
}

/**
 * The text of the body, at most `maxBytes` of it: what is compressed is measured while it is inflated, and let go of at the cap. Throws RequestError
 * PAYLOAD_TOO_LARGE, or MALFORMED_BODY for what is cut off, no gzip or no UTF-8.
 */
export async function readText(request: Request, isGzip: boolean, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw tooLarge(maxBytes)
  if (request.body === null) return ''
  const source = Readable.fromWeb(request.body)
  const bytes = await collect(isGzip ? inflate(source) : source, source, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RequestError('MALFORMED_BODY', 'The body is not UTF-8: send UTF-8')
  }
}

function inflate(source: Readable): Transform {
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  return source.pipe(gunzip)
}

async function collect(stream: Readable, source: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw new RequestError(
      'MALFORMED_BODY',
      'The body is cut off, or not gzip though Content-Encoding says so: send the whole request again',
      { cause: error },
    )
  } finally {
    source.destroy()
    stream.destroy()
  }
  return Buffer.concat(chunks, bytes)
}

const tooLarge = (maxBytes: number): RequestError =>
  new RequestError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes: send fewer events at once`, {
    details: { max_bytes: maxBytes },
  })
