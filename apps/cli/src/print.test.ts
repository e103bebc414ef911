import { expect, test } from 'vitest'
import { createPrinter, oneLine, renderPairs, renderTable, shorten } from './print.ts'

const collect = (isTTY = false) => {
  const written: string[] = []
  return { isTTY, hasColors: () => true, getColorDepth: () => 8, writable: true, write: (text: string) => written.push(text), written }
}
const ROWS = [
  { name: 'a', count: 5 },
  { name: 'bcd', count: 1_000 },
]
const COLUMNS = [
  { title: 'NAME', value: (row: (typeof ROWS)[number]) => row.name },
  { title: 'COUNT', value: (row: (typeof ROWS)[number]) => row.count, align: 'right' as const },
]

test('a table is bare columns, numbers to the right', () => {
  expect(renderTable(ROWS, COLUMNS)).toBe(['NAME  COUNT', 'a         5', 'bcd    1000'].join('\n'))
})

test('a list is one JSON object per line for machines, also where it is empty', () => {
  const out = collect()
  const printer = createPrinter({ json: true, out, err: collect() })
  printer.list(ROWS, { json: (row) => row, columns: COLUMNS, empty: 'nothing' })
  printer.list([], { json: (row) => row, columns: COLUMNS, empty: 'nothing' })
  expect(out.written).toEqual(['{"name":"a","count":5}\n', '{"name":"bcd","count":1000}\n'])
})

test('an empty list is said to people', () => {
  const out = collect()
  createPrinter({ json: false, out, err: collect() }).list([], { json: (row) => row, columns: COLUMNS, empty: 'nothing' })
  expect(out.written).toEqual(['nothing\n'])
})

test('no colour reaches a pipe', () => {
  const printer = createPrinter({ json: false, out: collect(false), err: collect() })
  expect(printer.style('red', 'x')).toBe('x')
})

test("a platform's text cannot move the terminal's cursor or break the table", () => {
  const row = { name: 'evil\u001B[2J\nnext', count: 1 }
  expect(renderTable([row], COLUMNS)).not.toContain('\u001B')
  expect(renderTable([row], COLUMNS).split('\n')).toHaveLength(2)
  expect(oneLine('a\tb\r\nc')).toBe('a b c')
})

test('pairs stand in two columns', () => {
  expect(
    renderPairs([
      ['a', 1],
      ['long', 'x'],
    ]),
  ).toBe('a     1\nlong  x')
})

test('long text is cut to its width', () => {
  expect(shorten('abcdef', 4)).toBe('abc…')
  expect(shorten('abcd', 4)).toBe('abcd')
})

test("a column's colour is put on after its text was cleaned, so that it works", () => {
  const columns = [{ title: 'NAME', value: (row: { name: string }) => row.name, style: () => 'red' as const }]
  expect(renderTable([{ name: 'a' }], columns, (style, text) => `<${style}>${text}`)).toBe('<bold>NAME\n<red>a')
})
