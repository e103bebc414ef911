import type { PlatformId } from '@relay/core/ids'
import { alignBrake } from '@relay/queue/brake'
import { type AuditAction, type AuditEntry, appendFleetAudit } from '@relay/state/audit'
import type { Session } from './session.ts'

/** Writes what an operator did to a platform into the trail of the fleet. */
export async function noteAction(
  { redis, actor }: Session,
  platform: PlatformId,
  action: AuditAction,
  details: AuditEntry['details'] = {},
): Promise<void> {
  await appendFleetAudit(redis, { at: Date.now(), action, actor, details: { platform, ...details } })
}

/** The same after a reason to wait has come or gone: the fleet stops or fetches at once, as the reasons that are left say. */
export async function noteHoldAction(
  session: Session,
  platform: PlatformId,
  action: AuditAction,
  details: AuditEntry['details'] = {},
): Promise<void> {
  await alignBrake(session.redis, platform)
  await noteAction(session, platform, action, details)
}
