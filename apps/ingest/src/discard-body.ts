import { Readable } from 'node:stream'

/** More than this, and longer than this, a refused body is not waited for. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_MS = 5_000

/**
 * Reads a refused body to its end and keeps nothing of it: most clients send all of it before they look for an answer, and would see a broken connection
 * instead. False where it had no end within 64 MiB and 5 s: then the connection must be closed.
 */
export async function discardBody(request: Request): Promise<boolean> {
  if (request.body === null || request.bodyUsed || request.body.locked) return true
  return discardRest(Readable.fromWeb(request.body))
}

/** The same for a body of which a part was read. */
export async function discardRest(source: Readable): Promise<boolean> {
  source.unpipe()
  if (source.readableEnded || source.destroyed) return source.readableEnded
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), MAX_MS)
    let bytes = 0
    const end = (isWhole: boolean): void => {
      clearTimeout(timer)
      source.destroy()
      resolve(isWhole)
    }
    source.on('end', () => end(true))
    source.on('error', () => end(false))
    source.on('close', () => end(source.readableEnded))
    source.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_BYTES) end(false)
    })
    source.resume()
  })
}
