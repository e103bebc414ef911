import { createHash } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { ErrorDetail } from '@relay/core/errors'
import { keys } from '@relay/state/keys'
import { loadScript } from '@relay/state/script'
import type { KeyRing } from '@relay/vault/key-ring'
import { seal } from '@relay/vault/seal'
import type { Redis } from 'ioredis'
import { fingerprintOf } from './letter.ts'

/** What could not be taken in from the inbox: an unreadable job, or one bad event of a readable one. */
export interface InboxRefusal {
  /** Unknown where the job is unreadable. */
  readonly tenantId: string | undefined
  /** The job and, for one event of it, its place: the same refusal is buried once. */
  readonly jobId: string
  readonly index: number | undefined
  readonly eventName: string | undefined
  readonly error: ErrorDetail
  /** As it came; may hold personal data, so it is sealed. */
  readonly body: unknown
}

const buryInboxLetter = loadScript(new URL('.', import.meta.url), 'bury-inbox')

/**
 * Buries refusals of the inbox as letters of box `inbox`, their bodies sealed with the vault's key. Repeating it changes nothing, so the job may be
 * taken again after a crash. Kept as long as other letters.
 */
export async function buryInbox(redis: Redis, keyRing: KeyRing, refusals: readonly InboxRefusal[], now: EpochMs): Promise<void> {
  const pipeline = redis.pipeline()
  for (const refusal of refusals) {
    const id = createHash('sha256')
      .update(`${refusal.jobId}\0${refusal.index ?? ''}`)
      .digest('base64url')
      .slice(0, 22)
    const tenant = refusal.tenantId ?? 'unknown'
    const fields = {
      code: refusal.error.code,
      tenant_id: tenant,
      fingerprint: fingerprintOf('inbox', refusal.error),
      message: refusal.error.message,
      path: refusal.error.path ?? '',
      event_name: refusal.eventName ?? '',
      received_at: String(now),
      died_at: String(now),
      deadline_at: String(now),
      connection_id: 'none',
      sealed_body: seal(keyRing, JSON.stringify(refusal.body) ?? 'null', ['inbox', id]),
    }
    buryInboxLetter.queue(pipeline, [keys.letter('inbox', id), keys.lettersPrefix('inbox')], [id, now, ...Object.entries(fields).flat()])
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
}
