import { connect } from 'node:net'

/** An answer of the Redis protocol, version 2. An error of Redis is data here: `{ error: 'LOADING …' }`. */
export type Reply = string | number | null | readonly Reply[] | { readonly error: string }

interface Parsed {
  readonly reply: Reply
  /** Where the next reply begins. */
  readonly end: number
}

/** Reads one reply from `offset`; undefined while it is not there in full. Throws on what is not the protocol. */
export function parseReply(bytes: Buffer, offset = 0): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', offset)
  if (lineEnd < 0) return undefined
  const line = bytes.toString('utf8', offset + 1, lineEnd)
  const next = lineEnd + 2
  switch (bytes.toString('latin1', offset, offset + 1)) {
    case '+':
      return { reply: line, end: next }
    case '-':
      return { reply: { error: line }, end: next }
    case ':':
      return { reply: Number(line), end: next }
    case '$':
      return parseBulk(bytes, next, Number(line))
    case '*':
      return parseArray(bytes, next, Number(line))
    default:
      throw new Error('not an answer of a Redis server')
  }
}

function parseBulk(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { reply: null, end: start }
  const end = start + length
  return bytes.length < end + 2 ? undefined : { reply: bytes.toString('utf8', start, end), end: end + 2 }
}

function parseArray(bytes: Buffer, start: number, count: number): Parsed | undefined {
  if (count < 0) return { reply: null, end: start }
  const replies: Reply[] = []
  let end = start
  for (let index = 0; index < count; index++) {
    const parsed = parseReply(bytes, end)
    if (parsed === undefined) return undefined
    replies.push(parsed.reply)
    end = parsed.end
  }
  return { reply: replies, end }
}

/** A command as an array of bulk strings. */
export function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

/** One command to a server on 127.0.0.1 over a connection of its own. Rejects where nobody listens, or no full answer came in time. */
export function ask(port: number, words: readonly string[], timeoutMs = 2_000): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let received = Buffer.alloc(0)
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      socket.destroy()
      finish()
    }
    const fail = (error: Error): void => settle(() => reject(error))
    // Not the socket's own timeout, which is one of idleness.
    const timer = setTimeout(() => fail(new Error(`no answer on port ${port} within ${timeoutMs} ms`)), timeoutMs)
    socket.on('error', fail)
    socket.on('close', () => fail(new Error(`port ${port} closed the connection`)))
    socket.on('connect', () => socket.write(encodeCommand(words)))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      try {
        const parsed = parseReply(received)
        if (parsed !== undefined) settle(() => resolve(parsed.reply))
      } catch (error) {
        fail(error as Error)
      }
    })
  })
}
