import { z } from 'zod'

/** What can stand in an HTTP header: printable ASCII without blanks. A token with a line end in it would fail each request as if the network were down. */
const HEADER_SAFE = /^[\x21-\x7E]+$/

/** One secret field of a platform's credentials; blanks around it, as pasting leaves them, are dropped. `description` is what a prompt asks for. */
export const secret = (description: string) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(8_192, 'is too long')
    .regex(HEADER_SAFE, 'must be printable ASCII without blanks')
    .describe(description)
