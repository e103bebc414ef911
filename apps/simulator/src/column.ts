type Cells = Float64Array | Uint32Array | Uint8Array

/** A growing list of numbers that costs its bytes and no more: a million entries of a ledger stay a few megabytes a column. */
export interface Column {
  readonly length: number
  push(value: number): void
  at(index: number): number
  clear(): void
}

const FIRST_ROOM = 1024

/** `make` gives the typed array, for example `(size) => new Uint32Array(size)`. Room doubles when it is used up. */
export function createColumn(make: (size: number) => Cells): Column {
  let cells = make(FIRST_ROOM)
  let length = 0
  return {
    get length() {
      return length
    },
    push(value) {
      if (length === cells.length) {
        const wider = make(cells.length * 2)
        wider.set(cells)
        cells = wider
      }
      cells[length] = value
      length += 1
    },
    at: (index) => cells[index] ?? 0,
    clear() {
      cells = make(FIRST_ROOM)
      length = 0
    },
  }
}

export const float64 = (size: number): Float64Array => new Float64Array(size)
export const uint32 = (size: number): Uint32Array => new Uint32Array(size)
export const uint8 = (size: number): Uint8Array => new Uint8Array(size)
