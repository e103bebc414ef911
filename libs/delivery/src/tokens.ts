import { randomUUID } from 'node:crypto'
import type { Clock, EpochMs } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import { DeliveryError } from '@relay/core/errors'
import type { ConnectionId } from '@relay/core/ids'
import type { Metrics } from '@relay/observe/metrics'
import type { Account, Http, Platform, RefreshResult } from '@relay/platforms/contract'
import { resealCredentials } from '@relay/state/connections'
import { keys } from '@relay/state/keys'
import { withLease } from '@relay/state/lease'
import type { KeyRing } from '@relay/vault/key-ring'
import { open, seal } from '@relay/vault/seal'
import type { Redis } from 'ioredis'
import type { Accounts } from './accounts.ts'

/*
 * Access tokens that run out, refreshed once per fleet:
 *
 * 1. memory, then Redis (sealed): a token that lives at least another minute is used.
 * 2. else one process takes the lease and asks the token server; the others look into Redis again until it is there.
 * 3. it is kept 59 minutes at most, a minute less than it lives.
 * 4. an API that refuses it has it forgotten, so that the next question refreshes; a dead grant is CREDENTIALS_EXPIRED, an ill token server a wait.
 */

const MOST_MS = 59 * 60_000
const EARLY_MS = 60_000
const LEASE_MS = 35_000
const LOOK_EVERY_MS = 100

export interface Tokens {
  /** The account with a fresh access token, or as it is where its tokens do not expire. Throws DeliveryError `ACCESS_TOKEN_EXPIRED` or `CREDENTIALS_EXPIRED`. */
  equip(account: Account, connection: Connection): Promise<Account>
  /** The platform refused this token: nobody uses it again. */
  forget(account: Account): Promise<void>
}

export interface TokenContext {
  readonly platform: Platform
  readonly redis: Redis
  readonly keyRing: KeyRing
  readonly http: Http
  readonly accounts: Accounts
  readonly clock: Clock
  readonly metrics: Metrics
}

export function createTokens(context: TokenContext): Tokens {
  const desk: Desk = { ...context, known: new Map() }
  return {
    async equip(account, connection) {
      const { platform, clock } = context
      if (platform.refresh === undefined || !platform.refresh.appliesTo(account.credentials)) return account
      const cached = desk.known.get(connection.id)
      const accessToken = cached !== undefined && cached.until > clock() ? cached.token : await obtain(desk, connection)
      return { ...account, accessToken }
    },
    async forget(account) {
      const cached = desk.known.get(account.connectionId)
      if (cached?.token === account.accessToken) desk.known.delete(account.connectionId)
      await context.redis.del(keys.accessToken(context.platform.id, account.connectionId))
    },
  }
}

interface Desk extends TokenContext {
  readonly known: Map<ConnectionId, { readonly token: string; readonly until: EpochMs }>
}

async function obtain(desk: Desk, connection: Connection): Promise<string> {
  const { redis, platform, clock } = desk
  const giveUpAt = clock() + LEASE_MS
  for (;;) {
    const token = await readStored(desk, connection)
    if (token !== undefined) return token
    const lease = { owner: randomUUID(), leaseMs: LEASE_MS }
    const turn = await withLease(redis, platform.id, `refresh:${connection.id}`, lease, async () => {
      // another process may have refreshed between our look and our lease
      return (await readStored(desk, connection)) ?? refresh(desk, connection)
    })
    if (turn.kind === 'done') return turn.value
    if (clock() > giveUpAt) {
      throw new DeliveryError({ code: 'ACCESS_TOKEN_EXPIRED', message: 'Another worker is refreshing the access token and takes long' })
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function readStored({ redis, platform, keyRing, clock, known }: Desk, connection: Connection): Promise<string | undefined> {
  const key = keys.accessToken(platform.id, connection.id)
  const [sealed, ttlMs] = await Promise.all([redis.get(key), redis.pttl(key)])
  if (sealed === null || ttlMs <= 0) return undefined
  try {
    const token = open(keyRing, sealed, associated(connection)).toString('utf8')
    known.set(connection.id, { token, until: clock() + ttlMs })
    return token
  } catch {
    return undefined // sealed for former credentials or with a former key: refresh
  }
}

/** By the credentials as they are now: a platform that replaces refresh tokens has killed the one that another process has read before. */
async function refresh(desk: Desk, connection: Connection): Promise<string> {
  const { platform, redis, keyRing, http, metrics, accounts } = desk
  const account = await accounts.reopen(connection)
  const result = await platform.refresh!.run(account, http)
  metrics.tokenRefresh.inc({ platform: platform.id, outcome: result.kind })
  if (result.kind !== 'refreshed') throw new DeliveryError(result.error)
  if (result.rotatedRefreshToken !== undefined) {
    const credentials = { ...(account.credentials as object), refresh_token: result.rotatedRefreshToken }
    await resealCredentials(redis, keyRing, connection, credentials)
  }
  await keep(desk, result, connection)
  return result.accessToken
}

async function keep(
  { redis, platform, keyRing, clock, known }: Desk,
  result: Extract<RefreshResult, { kind: 'refreshed' }>,
  connection: Connection,
): Promise<void> {
  const lifeMs = Math.max(1_000, Math.min(MOST_MS, result.expiresInMs - EARLY_MS))
  const sealed = seal(keyRing, result.accessToken, associated(connection))
  await redis.set(keys.accessToken(platform.id, connection.id), sealed, 'PX', lifeMs)
  known.set(connection.id, { token: result.accessToken, until: clock() + lifeMs })
}

/** Bound to the credentials in force: a token of former ones does not open. */
const associated = (connection: Connection): readonly string[] => [
  connection.tenantId,
  connection.id,
  `token:${connection.credentialsSavedAt}`,
]
