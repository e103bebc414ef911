import { SingleBar } from 'cli-progress'
import type { RunSum } from './replay-run.ts'

export interface ProgressView {
  show(sum: RunSum): void
  end(): void
}

/** Progress lines for machines: one a second at most, so that a long run leaves a readable log. */
const LINE_EVERY_MS = 1_000

const settledOf = (sum: RunSum): number =>
  sum.delivered + sum.died_again + sum.cancelled + Object.values(sum.skipped).reduce((total, count) => total + count, 0)

/** On standard error: a bar on a terminal, else one JSON line a second. */
export function createProgressView(
  selected: number,
  { stream, isTerminal, clock }: { readonly stream: NodeJS.WritableStream; readonly isTerminal: boolean; readonly clock: () => number },
): ProgressView {
  if (!isTerminal) {
    let shownAt = -Infinity
    return {
      show(sum) {
        if (clock() - shownAt < LINE_EVERY_MS) return
        shownAt = clock()
        stream.write(`${JSON.stringify(sum)}\n`)
      },
      end: () => {},
    }
  }
  const bar = new SingleBar({
    format: 'replay {bar} {value}/{total}  {delivered} delivered, {died} died again',
    stream,
    hideCursor: true,
    fps: 5,
  })
  bar.start(selected, 0, { delivered: 0, died: 0 })
  return {
    show: (sum) => bar.update(settledOf(sum), { delivered: sum.delivered, died: sum.died_again }),
    end: () => bar.stop(),
  }
}
