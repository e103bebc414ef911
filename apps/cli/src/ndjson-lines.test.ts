import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter, type NdjsonLine } from './ndjson-lines.ts'

const MAX = 64

function split(pieces: readonly Buffer[], maxBytes = MAX): NdjsonLine[] {
  const splitter = createLineSplitter(maxBytes)
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
}

const said = (lines: readonly NdjsonLine[]): string[] => lines.map((line) => (line.kind === 'text' ? line.text : `!${line.kind}`))

describe('lines of a stream', () => {
  it.each([
    ['the last line needs no end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['blank lines are none', '\n  \n\t\r\n{"a":1}\n\n', ['{"a":1}']],
    ['a byte order mark is no part of a line', '\uFEFF{"a":1}\n', ['{"a":1}']],
    ['a byte order mark alone is nothing', '\uFEFF', []],
    ['nothing is nothing', '', []],
    ['other line ends of Unicode are text', '"\u2028\u0085"\n', ['"\u2028\u0085"']],
  ])('%s', (_name, text, expected) => {
    expect(said(split([Buffer.from(text)]))).toEqual(expected)
  })

  it('leaves the carriage return of CRLF to JSON, for which it is a blank', () => {
    expect(said(split([Buffer.from('{"a":1}\r\n[2]\r\n')])).map((text) => JSON.parse(text) as unknown)).toEqual([{ a: 1 }, [2]])
  })

  it('tells a line that is no UTF-8 apart, at its place', () => {
    const bytes = Buffer.concat([Buffer.from('1\n"'), Buffer.from([0xff, 0xc3]), Buffer.from('"\n2\n')])
    expect(said(split([bytes]))).toEqual(['1', '!not-utf8', '2'])
  })

  it('lets go of a line that grows too long, and goes on with the next', () => {
    const long = 'x'.repeat(MAX + 1)
    expect(said(split([Buffer.from(`1\n${long}\n2\n${long}`)]))).toEqual(['1', '!too-long', '2', '!too-long'])
    expect(said(split([Buffer.from(`${'x'.repeat(MAX)}\n`)]))).toEqual(['x'.repeat(MAX)])
  })

  it('gives each line as soon as its end is there', () => {
    const splitter = createLineSplitter(MAX)
    expect(said(splitter.push(Buffer.from('1\n2')))).toEqual(['1'])
    expect(said(splitter.push(Buffer.from('3\n')))).toEqual(['23'])
    expect(splitter.end()).toEqual([])
  })

  it('cuts the same lines wherever the bytes are torn apart', () => {
    const line = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.constant(''), fc.constant('é€😀\r'))
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(20)), (lines, sizes) => {
        const bytes = Buffer.from(lines.join('\n'))
        const pieces: Buffer[] = []
        let at = 0
        for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)))
        pieces.push(bytes.subarray(at))
        expect(split(pieces, 1_000)).toEqual(split([bytes], 1_000))
      }),
    )
  })
})
