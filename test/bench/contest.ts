export interface Round {
  /** What is timed. */
  run(): Promise<void> | void
  /** Looks whether all was done, and puts away what the round needed. */
  end?(): Promise<void>
}

/** Prepares one round. */
type Side = () => Promise<Round>

export interface Contest {
  readonly name: string
  /** What is compared with what, in words. */
  readonly work: string
  readonly baseline: string
  /** Handled by one round of either side. */
  readonly events: number
  readonly sides: { readonly work: Side; readonly baseline: Side }
}

export interface Result {
  readonly name: string
  readonly work: string
  readonly baseline: string
  readonly events: number
  readonly rounds: number
  /** Medians, events a second. */
  readonly workPerSecond: number
  readonly baselinePerSecond: number
  /** Of the rounds' own ratios, work to baseline: the machine's mood is in both. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number }
}

/** One round that is not counted, then `rounds` of them; in each both sides, and the other one first each time. */
export async function hold(contest: Contest, rounds: number): Promise<Result> {
  const { name, work, baseline, events, sides } = contest
  const workSpeeds: number[] = []
  const baselineSpeeds: number[] = []
  await time(sides.baseline, events)
  await time(sides.work, events)
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) baselineSpeeds.push(await time(sides.baseline, events))
    workSpeeds.push(await time(sides.work, events))
    if (round % 2 === 1) baselineSpeeds.push(await time(sides.baseline, events))
  }
  const ratios = workSpeeds.map((speed, round) => speed / baselineSpeeds[round]!)
  return {
    name,
    work,
    baseline,
    events,
    rounds,
    workPerSecond: Math.round(median(workSpeeds)),
    baselinePerSecond: Math.round(median(baselineSpeeds)),
    ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
  }
}

async function time(side: Side, events: number): Promise<number> {
  const round = await side()
  const startedAt = performance.now()
  await round.run()
  const seconds = (performance.now() - startedAt) / 1_000
  await round.end?.()
  return events / seconds
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
