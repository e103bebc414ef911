import { randomUUID } from 'node:crypto'
import type { Clock } from '@relay/core/clock'
import type { Connection } from '@relay/core/connection'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import type { CheckReport, Http, Platform } from '@relay/platforms/contract'
import { appendAudit, type AuditAction } from '@relay/state/audit'
import { findConnection, openCredentials, resealCredentials } from '@relay/state/connections'
import { withLease } from '@relay/state/lease'
import type { KeyRing } from '@relay/vault/key-ring'
import { VaultError } from '@relay/vault/vault-error'
import type { Redis } from 'ioredis'
import type { Endpoints } from './endpoints.ts'
import { type Verification, verifyConnection } from './verify-connection.ts'

/** What a line in the audit trail takes. */
export interface AuditTools {
  readonly redis: Redis
  readonly clock: Clock
  /** Who asks, as the audit trail names them. */
  readonly actor: string
}

export interface CheckTools extends AuditTools {
  readonly keyRing: KeyRing
  readonly http: Http
  readonly platforms: { readonly [P in PlatformId]: Platform }
  readonly endpoints: { readonly [P in PlatformId]: Endpoints }
  readonly wait: (ms: number) => Promise<void>
}

export type CheckRefusal =
  | { readonly kind: 'unknown-connection' }
  | { readonly kind: 'refused'; readonly report: Extract<CheckReport, { verdict: 'refused' }> }
  /** The platform did not answer: no verdict, nothing saved. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** The sealed credentials cannot be opened with the master keys given. */
  | { readonly kind: 'unreadable'; readonly message: string }

export type Passed = Extract<Verification, { verdict: 'verified' | 'unverified' }>

/** One line in the trail of the connection's tenant. */
export const auditConnection = (
  tools: AuditTools,
  connection: Connection,
  action: AuditAction,
  details: Readonly<Record<string, string | number>> = {},
): Promise<void> =>
  appendAudit(tools.redis, connection.tenantId, {
    at: tools.clock(),
    action,
    actor: tools.actor,
    details: { connection_id: connection.id, platform: connection.platform, ...details },
  })

/** The real call for credentials that are not saved yet. The attempt and a refusal stand in the audit trail. */
export async function checkCredentials(tools: CheckTools, connection: Connection, credentials: unknown): Promise<Passed | CheckRefusal> {
  return passedOrRefusal(await verify(tools, connection, credentials))
}

type SavedCheck = { readonly kind: 'passed'; readonly connection: Connection; readonly passed: Passed } | CheckRefusal

/** The lease under which workers refresh a connection's token: some platforms end the refresh token that they are shown. */
const REFRESH_LEASE_MS = 35_000
const LOOK_EVERY_MS = 200

/**
 * The same for what is saved. A refresh token that the platform replaced while it was asked is kept at once, whatever the verdict, since the old
 * one is dead from then on.
 */
export async function checkSaved(tools: CheckTools, id: ConnectionId): Promise<SavedCheck> {
  const connection = await findConnection(tools.redis, id)
  if (connection === undefined) return { kind: 'unknown-connection' }
  const { platform } = connection
  if (tools.platforms[platform].refresh === undefined) return checkOpened(tools, connection)
  const lease = { owner: randomUUID(), leaseMs: REFRESH_LEASE_MS }
  const giveUpAt = tools.clock() + REFRESH_LEASE_MS
  for (;;) {
    const checked = await withLease(tools.redis, platform, `refresh:${id}`, lease, () => checkOpened(tools, connection))
    if (checked.kind === 'done') return checked.value
    if (tools.clock() > giveUpAt) return { kind: 'unreachable', message: 'a worker is refreshing its token and takes long' }
    await tools.wait(LOOK_EVERY_MS)
  }
}

async function checkOpened(tools: CheckTools, connection: Connection): Promise<SavedCheck> {
  const opened = await openSaved(tools, connection)
  if ('kind' in opened) return opened
  const verification = await verify(tools, connection, opened.credentials)
  if (verification.credentials !== opened.credentials) {
    await resealCredentials(tools.redis, tools.keyRing, connection, verification.credentials)
  }
  const passed = passedOrRefusal(verification)
  return 'kind' in passed ? passed : { kind: 'passed', connection, passed }
}

async function verify(tools: CheckTools, connection: Connection, credentials: unknown): Promise<Verification> {
  await auditConnection(tools, connection, 'connection.attempted')
  const { id: connectionId, settings, credentialsSavedAt, platform } = connection
  const account = { connectionId, settings, credentials, credentialsSavedAt, ...tools.endpoints[platform] }
  const verification = await verifyConnection(tools.platforms[platform], account, tools.http)
  if (verification.verdict === 'refused') {
    const { error_code: platformCode, field } = verification.report.details
    const details = { code: 'INVALID_CREDENTIALS', platform_code: platformCode ?? '', field }
    await auditConnection(tools, connection, 'connection.refused', details)
  }
  if (verification.verdict === 'unreachable') await auditConnection(tools, connection, 'connection.refused', { code: 'UNREACHABLE' })
  return verification
}

async function openSaved(tools: CheckTools, connection: Connection): Promise<{ readonly credentials: unknown } | CheckRefusal> {
  try {
    const opened = tools.platforms[connection.platform].credentials.safeParse(await openCredentials(tools.redis, tools.keyRing, connection))
    return opened.success
      ? { credentials: opened.data }
      : { kind: 'unreadable', message: 'its credentials are not stored in a form that is known here' }
  } catch (error) {
    if (error instanceof VaultError) return { kind: 'unreadable', message: error.message }
    throw error
  }
}

function passedOrRefusal(verification: Verification): Passed | CheckRefusal {
  if (verification.verdict === 'refused') return { kind: 'refused', report: verification.report }
  if (verification.verdict === 'unreachable') return { kind: 'unreachable', message: verification.message }
  return verification
}
