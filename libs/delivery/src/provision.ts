import { randomBytes } from 'node:crypto'
import type { Connection } from '@relay/core/connection'
import type { ErrorCode } from '@relay/core/errors'
import type { ConnectionId, PlatformId, TenantId } from '@relay/core/ids'
import type { ApiReach } from '@relay/platforms/contract'
import type { Queues } from '@relay/queue/queues'
import { findConnection, removeConnection, replaceCredentials, saveConnection, setConnectionStatus } from '@relay/state/connections'
import { keys } from '@relay/state/keys'
import { findTenant } from '@relay/state/tenants'
import {
  auditConnection,
  type AuditTools,
  checkCredentials,
  type CheckRefusal,
  checkSaved,
  type CheckTools,
  type Passed,
} from './check-connection.ts'
import { type ConnectionInput, type InputFault, readDraft } from './connection-draft.ts'
import { replayParked } from './replay-parked.ts'

/*
 * The life of a connection, by whatever door it is asked for (CLI, HTTP):
 *
 * 1. add: the shape is checked, then the credentials by a real call; a refused set is never saved. Saved sealed, status `active`;
 *    every worker sees it within half a second.
 * 2. disable: workers park what waits as CONNECTION_DISABLED. enable: checked again, `active`, and what was parked is replayed.
 * 3. A platform that refuses it in flight puts it in `error` (not here); new credentials that pass set it `active` again.
 * 4. remove: record, sealed credentials and cached token are gone; its dead letters stay until they are purged or expire.
 *
 * Each step is in the tenant's audit trail, attempts and refusals too.
 */

/** A worker goes on by a status it has cached for half of this: the second look for parked letters comes after it. */
const STATUS_SEEN_MS = 1_000

const PARKED_BY_DISABLING: readonly ErrorCode[] = ['CONNECTION_DISABLED']
const PARKED_BY_ERROR: readonly ErrorCode[] = ['CREDENTIALS_EXPIRED', 'PERMISSION_DENIED', 'DESTINATION_INVALID']

export interface ProvisionTools extends CheckTools {
  readonly queues: Queues
}

export type ProvisionRefusal =
  | CheckRefusal
  | { readonly kind: 'unknown-tenant' }
  | { readonly kind: 'malformed'; readonly faults: readonly InputFault[] }
  | { readonly kind: 'already-connected'; readonly connectionId: ConnectionId }

export interface Checked {
  readonly kind: 'checked'
  readonly connection: Connection
  readonly check: 'verified' | 'unverified'
  /** What the check left open, or a remark; null where there is nothing to say. */
  readonly why: string | null
  /** Where the platform has several APIs: which of them this account can use, the connection's own one first. */
  readonly apis?: readonly ApiReach[]
  /** Letters put back into the queue. */
  readonly replayed: number
}

export async function addConnection(
  tools: ProvisionTools,
  tenant: TenantId,
  platformId: PlatformId,
  input: ConnectionInput,
): Promise<Checked | ProvisionRefusal> {
  if ((await findTenant(tools.redis, tenant)) === undefined) return { kind: 'unknown-tenant' }
  const platform = tools.platforms[platformId]
  const read = readDraft(platform, input)
  if (!read.ok) return { kind: 'malformed', faults: read.faults }
  const connection = createConnection(tenant, platformId, read.draft, tools.clock())
  const passed = await checkCredentials(tools, connection, read.draft.credentials)
  if ('kind' in passed) return passed
  const account = platform.accountKey(connection.settings)
  const saved = await saveConnection(tools.redis, tools.keyRing, connection, account, passed.credentials)
  if (saved.kind === 'already-connected') {
    await auditConnection(tools, connection, 'connection.refused', { code: 'ALREADY_CONNECTED', already: saved.connectionId })
    return saved
  }
  await auditConnection(tools, connection, 'connection.created', { check: passed.verdict })
  return checked(connection, passed, 0)
}

/** New credentials for the same account. A connection in `error` becomes active; one that was disabled stays so. */
export async function updateConnection(
  tools: ProvisionTools,
  id: ConnectionId,
  credentials: unknown,
  options: { readonly replay: boolean },
): Promise<Checked | ProvisionRefusal> {
  const former = await findConnection(tools.redis, id)
  if (former === undefined) return { kind: 'unknown-connection' }
  const read = readDraft(tools.platforms[former.platform], { name: former.name, credentials, settings: former.settings })
  if (!read.ok) return { kind: 'malformed', faults: read.faults }
  const status = former.status.state === 'error' ? { state: 'active' as const } : former.status
  const connection: Connection = { ...former, status, credentialsSavedAt: tools.clock() }
  const passed = await checkCredentials(tools, connection, read.draft.credentials)
  if ('kind' in passed) return passed
  await replaceCredentials(tools.redis, tools.keyRing, connection, passed.credentials)
  await tools.redis.del(keys.accessToken(connection.platform, id))
  await auditConnection(tools, connection, 'connection.updated', { check: passed.verdict })
  const isReplayed = options.replay && status.state === 'active'
  return checked(connection, passed, isReplayed ? await replay(tools, connection, PARKED_BY_ERROR) : 0)
}

/** Checks what is saved and leaves its status alone. */
export async function testConnection(tools: ProvisionTools, id: ConnectionId): Promise<Checked | ProvisionRefusal> {
  const result = await checkSaved(tools, id)
  if (result.kind !== 'passed') return result
  await auditConnection(tools, result.connection, 'connection.tested', { check: result.passed.verdict })
  return checked(result.connection, result.passed, 0)
}

/** Replays what was parked while it was disabled; with `replay` also what was parked because the platform refused it. Takes about a second. */
export async function enableConnection(
  tools: ProvisionTools,
  id: ConnectionId,
  options: { readonly replay: boolean },
): Promise<Checked | ProvisionRefusal> {
  const result = await checkSaved(tools, id)
  if (result.kind !== 'passed') return result
  const former = await setConnectionStatus(tools.redis, id, { state: 'active' })
  if (former === undefined) return { kind: 'unknown-connection' }
  const connection: Connection = { ...result.connection, status: { state: 'active' } }
  await auditConnection(tools, connection, 'connection.enabled', { check: result.passed.verdict, before: former.state })
  const codes = options.replay ? [...PARKED_BY_DISABLING, ...PARKED_BY_ERROR] : PARKED_BY_DISABLING
  return checked(connection, result.passed, await replay(tools, connection, codes))
}

/** Undefined where there is no such connection. What waits for it is parked by the workers, not here. */
export async function disableConnection(tools: AuditTools, id: ConnectionId): Promise<Connection | undefined> {
  const status = { state: 'disabled' as const, since: tools.clock() }
  const connection = await findConnection(tools.redis, id)
  if (connection === undefined || (await setConnectionStatus(tools.redis, id, status)) === undefined) return undefined
  await auditConnection(tools, connection, 'connection.disabled')
  return { ...connection, status }
}

/** The connection as it was; undefined where there is none. Its audit trail stays. */
export async function endConnection(tools: AuditTools, id: ConnectionId): Promise<Connection | undefined> {
  const connection = await findConnection(tools.redis, id)
  if (connection === undefined) return undefined
  await removeConnection(tools.redis, connection)
  await tools.redis.del(keys.accessToken(connection.platform, id))
  await auditConnection(tools, connection, 'connection.removed')
  return connection
}

async function replay(tools: ProvisionTools, connection: Connection, codes: readonly ErrorCode[]): Promise<number> {
  const once = (): Promise<number> => replayParked(tools.redis, tools.queues, connection, codes, tools.clock)
  const first = await once()
  await tools.wait(STATUS_SEEN_MS)
  const replayed = first + (await once())
  if (replayed > 0) await auditConnection(tools, connection, 'replay.started', { reason: 'connection active', selected: replayed })
  return replayed
}

const checked = (connection: Connection, passed: Passed, replayed: number): Checked => ({
  kind: 'checked',
  connection,
  check: passed.verdict,
  why: passed.why,
  ...(passed.apis === undefined ? {} : { apis: passed.apis }),
  replayed,
})

const createConnection = (
  tenantId: TenantId,
  platform: PlatformId,
  draft: Pick<Connection, 'name' | 'settings'>,
  now: number,
): Connection => ({
  id: `con_${randomBytes(12).toString('base64url')}` as ConnectionId,
  tenantId,
  platform,
  name: draft.name,
  settings: draft.settings,
  status: { state: 'active' },
  createdAt: now,
  credentialsSavedAt: now,
})
