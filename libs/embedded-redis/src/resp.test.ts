import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCommand, parseReply } from './resp.ts'
import type { Reply } from './resp.ts'

const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text))

const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.constant(null),
    line.map((error) => ({ error })),
    fc.array(tie('reply'), { maxLength: 4 }),
  ),
}))

/** The protocol as its page describes it (redis.io/docs/latest/develop/reference/protocol-spec, read 2026-11-25). */
function write(value: Reply): string {
  if (value === null) return '$-1\r\n'
  if (typeof value === 'number') return `:${value}\r\n`
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`
  if ('error' in value) return `-${value.error}\r\n`
  return `*${value.length}\r\n${value.map(write).join('')}`
}

describe('the protocol of Redis', () => {
  test('any answer is read as it was written, and not before it is there in full', () => {
    fc.assert(
      fc.property(reply, fc.nat(), (value, cut) => {
        const bytes = Buffer.from(write(value))
        expect(parseReply(bytes)).toEqual({ reply: value, end: bytes.length })
        expect(parseReply(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
    )
  })

  test('a simple string and an empty array', () => {
    expect(parseReply(Buffer.from('+PONG\r\n'))?.reply).toBe('PONG')
    expect(parseReply(Buffer.from('*-1\r\n'))?.reply).toBeNull()
  })

  test('another program on the port is no Redis', () => {
    expect(() => parseReply(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow('not an answer of a Redis server')
  })

  test('the length of a word is in bytes', () => {
    expect(encodeCommand(['SET', 'ключ'])).toBe('*2\r\n$3\r\nSET\r\n$8\r\nключ\r\n')
  })
})
