/** Everything random of a run comes from one seed, so that a finding can be had again. */
export interface Dice {
  /** A whole number from 0 to `below` - 1. */
  number(below: number): number
  /** True once in so many times. */
  once(inTimes: number): boolean
  of<T>(list: readonly T[]): T
}

/** Mulberry32: 32 bits of state, fast, good enough to pick inputs. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    number: (below) => Math.floor(next() * below),
    once: (inTimes) => next() * inTimes < 1,
    of: (list) => list[Math.floor(next() * list.length)]!,
  }
}
