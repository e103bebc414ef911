import { expect, test } from 'vitest'
import { createDice } from '../fuzz/dice.ts'
import { isPrototypeClean, TARGETS } from '../fuzz/targets.ts'

// The short run of `npm run fuzz`, which makes a million of each.
const INPUTS = 2_000

test.each(TARGETS.map((target) => [target.name, target] as const))('%s takes whatever comes', (_, target) => {
  for (let seed = 1; seed <= INPUTS; seed++) {
    try {
      target.run(createDice(seed))
    } catch (error) {
      throw new Error(`seed ${seed}: npm run fuzz -- 1 "${target.name}" ${seed}`, { cause: error })
    }
  }
  expect(isPrototypeClean()).toBe(true)
})
