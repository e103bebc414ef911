import { Readable, type Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { RequestError } from '@relay/core/request-errors'
import { discardRest } from './discard-body.ts'

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
  const bytes = await collect(source, isGzip ? createGunzip() : undefined, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RequestError('MALFORMED_BODY', 'The body is not UTF-8: send UTF-8')
  }
}

async function collect(source: Readable, gunzip: Transform | undefined, maxBytes: number): Promise<Buffer> {
  if (gunzip !== undefined) {
    source.on('error', (error) => gunzip.destroy(error))
    source.pipe(gunzip)
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let bytes = 0
  const stream = gunzip ?? source
  stream.on('error', (cause) => {
    const message = 'The body is cut off, or not gzip though Content-Encoding says so: send the whole request again'
    reject(new RequestError('MALFORMED_BODY', message, { cause }))
  })
  stream.on('end', () => resolve(Buffer.concat(chunks, bytes)))
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) reject(tooLarge(maxBytes))
    else chunks.push(chunk)
  })
  try {
    return await promise
  } catch (error) {
    chunks.length = 0
    stream.removeAllListeners('data')
    gunzip?.destroy()
    await discardRest(source)
    throw error
  }
}

const tooLarge = (maxBytes: number): RequestError =>
  new RequestError('PAYLOAD_TOO_LARGE', `The body is larger than ${maxBytes} bytes: send fewer events at once`, {
    details: { max_bytes: maxBytes },
  })
