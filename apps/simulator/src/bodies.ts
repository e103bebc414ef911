import type { EpochMs, Incoming, PlatformId } from './call.ts'

/** A request as it came, for looking at. Tokens and secrets are `***`; a long body is cut. */
interface KeptBody {
  readonly request_no: number
  readonly at: EpochMs
  readonly method: string
  readonly path: string
  readonly status: number | 'none'
  readonly body_bytes: number
  readonly body: string
}

/** Redacted only when somebody looks, so that a busy simulator pays nothing for it. */
interface Kept {
  readonly incoming: Incoming
  readonly status: number | 'none'
  readonly token: string
}

export interface Bodies {
  keep(platform: PlatformId, incoming: Incoming, status: number | 'none', token: string): void
  /** The newest last, at most 50 a platform. */
  last(platform: PlatformId, count: number): readonly KeptBody[]
  clear(): void
}

const KEPT = 50
const MAX_BODY = 256 * 1024
/** Secrets in a form post or a JSON body, by their name. */
const SECRET_FIELD = /((?:access_token|refresh_token|client_secret|appsecret_proof)(?:=|"\s*:\s*"))[^&"\s]*/g

export function createBodies(): Bodies {
  const shelves = new Map<PlatformId, Kept[]>()
  return {
    keep(platform, incoming, status, token) {
      const shelf = shelves.get(platform) ?? []
      shelf.push({ incoming, status, token })
      if (shelf.length > KEPT) shelf.shift()
      shelves.set(platform, shelf)
    },
    last: (platform, count) => (shelves.get(platform) ?? []).slice(-Math.min(count, KEPT)).map(show),
    clear: () => shelves.clear(),
  }
}

function show({ incoming, status, token }: Kept): KeptBody {
  const { no, at, method, path, text } = incoming
  const body = redact(text.slice(0, MAX_BODY), token)
  return { request_no: no, at, method, path: redact(path, token), status, body_bytes: Buffer.byteLength(text), body }
}

function redact(text: string, token: string): string {
  // A token of a few characters would blacken half of the body; it is still covered by its field's name.
  const plain = token.length >= 6 ? text.replaceAll(token, '***') : text
  return plain.replaceAll(SECRET_FIELD, '$1***')
}
