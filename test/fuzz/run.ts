import { createDice } from './dice.ts'
import { isPrototypeClean, type Target, TARGETS } from './targets.ts'

/*
 * `npm run fuzz`: generated inputs for every parser and adapter, a million each unless told otherwise (`npm run fuzz -- 20000`; a second argument picks
 * targets by name, a third the seed). Ends with 1 where one of them threw or answered what it must not.
 */

const SHOWN = 3

interface Finding {
  readonly target: string
  readonly seed: number
  readonly error: unknown
}

/** Each input has a seed of its own, so that one can be run again alone. */
function fire(target: Target, count: number, seed: number): Finding[] {
  const found: Finding[] = []
  for (let index = 0; index < count; index++) {
    try {
      target.run(createDice(seed + index))
    } catch (error) {
      found.push({ target: target.name, seed: seed + index, error })
    }
  }
  return found
}

const [count = '1000000', name = '', seed = '1'] = process.argv.slice(2)
let findings = 0
for (const target of TARGETS.filter((each) => each.name.includes(name))) {
  const startedAt = performance.now()
  const found = fire(target, Number(count), Number(seed))
  findings += found.length
  process.stdout.write(
    `${target.name.padEnd(28)} ${count} inputs, ${((performance.now() - startedAt) / 1_000).toFixed(1)} s, ${found.length} findings\n`,
  )
  for (const { seed, error } of found.slice(0, SHOWN)) {
    process.stdout.write(`  seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 1_500) : String(error)}\n`)
  }
}
if (!isPrototypeClean()) {
  findings += 1
  process.stdout.write('an input has reached a prototype that all objects share\n')
}
process.exitCode = findings === 0 ? 0 : 1
