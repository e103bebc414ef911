import { styleText } from 'node:util'
import Table from 'cli-table3'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
  readonly align?: 'right'
  /** Colour of a value, on a terminal. */
  readonly style?: (row: Row) => Style | undefined
}

interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Answers go to standard output, for people or for machines; whatever else is said goes to standard error. */
export interface Printer {
  readonly isJson: boolean
  /** One object: JSON for machines, `lines` for people. */
  object(value: unknown, lines: () => string): void
  /** A list: one JSON object per line, or a table; `empty` is said where there is nothing in it. */
  list<Row>(
    rows: readonly Row[],
    options: { readonly json: (row: Row) => unknown; readonly columns: readonly Column<Row>[]; readonly empty: string },
  ): void
  /** For people only, on standard output. */
  say(text: string): void
  /** On standard error, with or without `--json`. */
  warn(text: string): void
  /** Colour, where the output of answers is a terminal that wants it. */
  style(style: Style, text: string): string
}

export function createPrinter(options: { readonly json: boolean; readonly out?: Output; readonly err?: Output }): Printer {
  const { json: isJson, out = process.stdout, err = process.stderr } = options
  const style = (style: Style, text: string): string =>
    out.isTTY === true ? styleText(style, text, { stream: out as unknown as NodeJS.WritableStream }) : text
  return {
    isJson,
    style,
    object(value, lines) {
      out.write(isJson ? `${JSON.stringify(value)}\n` : `${lines()}\n`)
    },
    list(rows, { json, columns, empty }) {
      if (isJson) for (const row of rows) out.write(`${JSON.stringify(json(row))}\n`)
      else out.write(rows.length === 0 ? `${empty}\n` : `${renderTable(rows, columns, style)}\n`)
    },
    say(text) {
      if (!isJson) out.write(`${text}\n`)
    },
    warn(text) {
      err.write(`${text}\n`)
    },
  }
}

/** Bare columns, two blanks apart: readable, and cut apart with awk. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paint: (style: Style, text: string) => string = (_style, text) => text,
): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const table = new Table({
    head: columns.map((column) => paint('bold', column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: { ...none, left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) {
    table.push(
      columns.map((column) => {
        const text = oneLine(String(column.value(row)))
        const style = column.style?.(row)
        return style === undefined ? text : paint(style, text)
      }),
    )
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** `label  value` lines, the labels as wide as the widest. */
export function renderPairs(pairs: readonly (readonly [label: string, value: string | number])[]): string {
  const width = Math.max(0, ...pairs.map(([label]) => label.length))
  return pairs.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}

/** Text of a platform stands in tables too: no line end and no control character of it may reach the terminal. */
export const oneLine = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ')

export const shorten = (text: string, maxChars: number): string => (text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text)
