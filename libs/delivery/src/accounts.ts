import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { DeliveryError } from '@relay/core/errors'
import type { Account, Platform } from '@relay/platforms/contract'
import { openCredentials } from '@relay/state/connections'
import type { KeyRing } from '@relay/vault/key-ring'
import type { Redis } from 'ioredis'
import type { Endpoints } from './endpoints.ts'

/** Opened credentials live this long in memory, in ms, and nowhere else. */
const OPENED_MS = 60_000

export interface Accounts {
  /** The connection with its credentials opened, from memory where they are. Throws DeliveryError `CREDENTIALS_UNREADABLE`. */
  open(connection: Connection): Promise<Account>
  /** The same, as they are in Redis now: a refresh token may have been replaced since. */
  reopen(connection: Connection): Promise<Account>
}

export function createAccounts(context: {
  platform: Platform
  redis: Redis
  keyRing: KeyRing
  endpoints: Endpoints
  clock: Clock
}): Accounts {
  const opened = new Map<string, { account: Account; savedAt: EpochMs; until: EpochMs }>()

  async function read(connection: Connection): Promise<unknown> {
    try {
      const credentials = await openCredentials(context.redis, context.keyRing, connection)
      return context.platform.credentials.parse(credentials)
    } catch (cause) {
      if (isRedisFault(cause)) throw cause
      throw new DeliveryError({
        code: 'CREDENTIALS_UNREADABLE',
        message: 'The vault cannot open the credentials of this connection; the operator has to look at the master key',
      })
    }
  }

  async function reopen(connection: Connection): Promise<Account> {
    const account: Account = {
      connectionId: connection.id,
      settings: connection.settings,
      credentials: await read(connection),
      credentialsSavedAt: connection.credentialsSavedAt,
      ...context.endpoints,
    }
    opened.set(connection.id, { account, savedAt: connection.credentialsSavedAt, until: context.clock() + OPENED_MS })
    return account
  }

  return {
    reopen,
    async open(connection) {
      const now = context.clock()
      for (const [id, entry] of opened) if (entry.until <= now) opened.delete(id)
      const known = opened.get(connection.id)
      if (known === undefined || known.savedAt !== connection.credentialsSavedAt) return reopen(connection)
      return { ...known.account, settings: connection.settings }
    },
  }
}

/** A fault of Redis or of the way to it, as against one of ours: it is never an attempt. */
export const isRedisFault = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(ReplyError|MaxRetriesPerRequestError|AbortError)$/.test(error.name) ||
    /Connection is closed|ECONNREFUSED|ECONNRESET|Command timed out|Redis dropped|EPIPE|Stream isn't writeable|LOADING|READONLY|OOM|MASTERDOWN|TRYAGAIN|CLUSTERDOWN/.test(
      error.message,
    ))
