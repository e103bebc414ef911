export type RedisStartCode =
  /** No server on this machine and none to be had: the message ends with the one command to run. */
  | 'NO_SERVER'
  /** The port that was asked for belongs to another program. */
  | 'PORT_TAKEN'
  /** A server of ours holds the data but neither answers nor ends. */
  | 'UNRESPONSIVE'
  /** The server ended while it was starting; the message has the last lines of its log. */
  | 'DID_NOT_START'
  /** The distribution's package could not be downloaded or unpacked. */
  | 'PACKAGE_FAILED'

/** `exitCode` is what a command that needed this Redis ends with: 2 where the surroundings are at fault, 1 otherwise. */
export class RedisStartError extends Error {
  readonly code: RedisStartCode
  readonly exitCode: 1 | 2

  constructor(code: RedisStartCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RedisStartError'
    this.code = code
    this.exitCode = code === 'NO_SERVER' || code === 'PORT_TAKEN' ? 2 : 1
  }
}

export const portTaken = (port: number): RedisStartError =>
  new RedisStartError('PORT_TAKEN', `port ${port} is taken by another program: choose another one`)
