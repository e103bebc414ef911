export type VaultErrorCode =
  /** Sealed with a master key that is not on the ring. */
  | 'KEY_UNKNOWN'
  /** Changed since it was sealed, sealed with another key of the same id, or sealed for something else. */
  | 'NOT_OPENED'
  /** Not an envelope of a version that this program knows. */
  | 'MALFORMED'

/** Says why an envelope could not be opened, and nothing of what is in it. */
export class VaultError extends Error {
  readonly code: VaultErrorCode

  constructor(code: VaultErrorCode, message: string) {
    super(message)
    this.name = 'VaultError'
    this.code = code
  }
}
