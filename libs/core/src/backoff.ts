/** Random number in [0, 1), passed in so that tests own the dice. */
export type Dice = () => number

/**
 * The wait before the next attempt, in ms: the table's step for the attempts made so far (1 after the first failure), plus up to 10 %,
 * never less. Past the end of the table its last step holds.
 */
export function retryDelayMs(retryDelaysMs: readonly number[], attemptsMade: number, dice: Dice): number {
  const index = Math.min(Math.max(attemptsMade, 1), retryDelaysMs.length) - 1
  const stepMs = retryDelaysMs[index] ?? 0
  return Math.ceil(stepMs * (1 + 0.1 * dice()))
}

/** One attempt more than there are waits between them: three delays make four attempts. */
export const maxAttempts = (retryDelaysMs: readonly number[]): number => retryDelaysMs.length + 1
