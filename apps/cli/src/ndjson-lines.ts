import { TextDecoder } from 'node:util'

/** One line of a stream of JSON lines. What cannot be text is still a line: it gets its own answer at its own place. */
export type NdjsonLine =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too-long'; readonly maxBytes: number }
  | { readonly kind: 'not-utf8' }

export interface LineSplitter {
  /** The lines that end in this piece, in order; lines of nothing but blanks are none. */
  push(piece: Buffer): readonly NdjsonLine[]
  /** The last line, where the stream does not end with a line end. */
  end(): readonly NdjsonLine[]
}

const LINE_END = 0x0a
/** A byte order mark counts as a blank, as JavaScript sees it. */
const NOT_BLANK = /\S/

/**
 * Cuts bytes into lines, wherever they are torn apart. Of an unfinished line it holds at most `maxLineBytes` and one piece; what grows beyond is let go of
 * at once and becomes `too-long` when it ends. Lines end with LF or CRLF; a byte order mark before a line is dropped.
 */
export function createLineSplitter(maxLineBytes: number): LineSplitter {
  let held: Buffer[] = []
  let bytes = 0
  // Without a byte order mark at the beginning: the decoder takes it away.
  const decoder = new TextDecoder('utf-8', { fatal: true })

  const hold = (part: Buffer): void => {
    bytes += part.length
    if (bytes > maxLineBytes) held = []
    else if (part.length > 0) held.push(part)
  }

  const finish = (lines: NdjsonLine[]): void => {
    const line = bytes > maxLineBytes ? ({ kind: 'too-long', maxBytes: maxLineBytes } as const) : read(decoder, held)
    held = []
    bytes = 0
    if (line !== undefined) lines.push(line)
  }

  return {
    push(piece) {
      const lines: NdjsonLine[] = []
      let start = 0
      for (let end = piece.indexOf(LINE_END); end !== -1; end = piece.indexOf(LINE_END, start)) {
        hold(piece.subarray(start, end))
        finish(lines)
        start = end + 1
      }
      // A copy: a few bytes of an unfinished line must not keep the whole piece in memory.
      hold(Buffer.from(piece.subarray(start)))
      return lines
    },
    end() {
      const lines: NdjsonLine[] = []
      finish(lines)
      return lines
    },
  }
}

function read(decoder: TextDecoder, parts: readonly Buffer[]): NdjsonLine | undefined {
  const [first] = parts
  if (first === undefined) return undefined
  try {
    const text = decoder.decode(parts.length === 1 ? first : Buffer.concat(parts))
    return NOT_BLANK.test(text) ? { kind: 'text', text } : undefined
  } catch {
    return { kind: 'not-utf8' }
  }
}
