import type { Connection, ConnectionStatus } from '@relay/core/connection'
import type { ConnectionId, TenantId } from '@relay/core/ids'
import type { KeyRing } from '@relay/vault/key-ring'
import { open, seal } from '@relay/vault/seal'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

/*
 * Connections in Redis: the record in clear, the credentials sealed beside it, bound to tenant and connection. Every change moves
 * `connections-version`, so that a process that caches them needs one GET to know that nothing changed.
 */

const claimAccount = loadScript(new URL('.', import.meta.url), 'claim-account')

export type SaveResult = { readonly kind: 'saved' } | { readonly kind: 'already-connected'; readonly connectionId: ConnectionId }

/** Stores a new connection. The same account twice in a tenant is refused. Lasting until removed. */
export async function saveConnection(
  redis: Redis,
  keyRing: KeyRing,
  connection: Connection,
  accountKey: string,
  credentials: unknown,
): Promise<SaveResult> {
  const account = `${connection.platform}:${accountKey}`
  const taken = await claimAccount.run(redis, [keys.tenantConnections(connection.tenantId)], [connection.id, account])
  if (typeof taken === 'string') return { kind: 'already-connected', connectionId: taken as ConnectionId }
  const sealed = seal(keyRing, JSON.stringify(credentials), [connection.tenantId, connection.id])
  await redis
    .multi()
    .hset(keys.connection(connection.id), { record: JSON.stringify(connection), sealed })
    .sadd(keys.connections(), connection.id)
    .incr(keys.connectionsVersion())
    .exec()
  return { kind: 'saved' }
}

/** Replaces the credentials of a connection (the account stays the same one). */
export async function replaceCredentials(redis: Redis, keyRing: KeyRing, connection: Connection, credentials: unknown): Promise<void> {
  const sealed = seal(keyRing, JSON.stringify(credentials), [connection.tenantId, connection.id])
  await redis
    .multi()
    .hset(keys.connection(connection.id), { record: JSON.stringify(connection), sealed })
    .incr(keys.connectionsVersion())
    .exec()
}

/** Seals other credentials into the connection and leaves its record alone: a refresh token that the platform replaced by itself. */
export async function resealCredentials(redis: Redis, keyRing: KeyRing, connection: Connection, credentials: unknown): Promise<void> {
  await redis.hset(
    keys.connection(connection.id),
    'sealed',
    seal(keyRing, JSON.stringify(credentials), [connection.tenantId, connection.id]),
  )
}

export async function findConnection(redis: Redis, id: ConnectionId): Promise<Connection | undefined> {
  const text = await redis.hget(keys.connection(id), 'record')
  return text === null ? undefined : (JSON.parse(text) as Connection)
}

/** Opens the sealed credentials; throws VaultError where the key ring cannot. Undefined where there is no such connection. */
export async function openCredentials(redis: Redis, keyRing: KeyRing, connection: Connection): Promise<unknown> {
  const sealed = await redis.hget(keys.connection(connection.id), 'sealed')
  if (sealed === null) return undefined
  return JSON.parse(open(keyRing, sealed, [connection.tenantId, connection.id]).toString('utf8')) as unknown
}

const orderOf = (a: Connection): string => `${a.tenantId}\0${a.platform}\0${a.name}\0${a.id}`

/** Of one tenant, or all; by tenant, platform, name. */
export async function listConnections(redis: Redis, tenant?: TenantId): Promise<Connection[]> {
  const ids = (
    tenant === undefined ? await redis.smembers(keys.connections()) : await redis.hkeys(keys.tenantConnections(tenant))
  ) as ConnectionId[]
  const found = await Promise.all(ids.map((id) => findConnection(redis, id)))
  return found.filter((connection) => connection !== undefined).toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}

/** Sets the status and answers with the former one, so that of two processes only one finds that it changed it. */
export async function setConnectionStatus(redis: Redis, id: ConnectionId, status: ConnectionStatus): Promise<ConnectionStatus | undefined> {
  for (;;) {
    const before = await redis.hget(keys.connection(id), 'record')
    if (before === null) return undefined
    const connection = JSON.parse(before) as Connection
    const swapped = await swapField.run(
      redis,
      [keys.connection(id), keys.connectionsVersion()],
      ['record', before, JSON.stringify({ ...connection, status })],
    )
    if (swapped === 1) return connection.status
  }
}

const swapField = loadScript(new URL('.', import.meta.url), 'swap-field')

/** Removes the record, the sealed credentials and the account's claim. */
export async function removeConnection(redis: Redis, connection: Connection): Promise<void> {
  await redis
    .multi()
    .del(keys.connection(connection.id))
    .srem(keys.connections(), connection.id)
    .hdel(keys.tenantConnections(connection.tenantId), connection.id)
    .incr(keys.connectionsVersion())
    .exec()
}

export const connectionsVersion = async (redis: Redis): Promise<string> => (await redis.get(keys.connectionsVersion())) ?? '0'
