/** Something that a platform does not say, or that its sources say differently, and what the adapter does so that it cannot go wrong. */
export interface Unconfirmed {
  readonly question: string
  /** The safe default. */
  readonly handling: string
  /** Setting of the connection, or of the process, that changes it. */
  readonly setting?: string
  /** Where the sources stand; URL, or public repository and file. */
  readonly page: string
}
